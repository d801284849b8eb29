import ArgumentParser
import Onebeat

/// From a trigger, its call included, to the start of its closure, one at a time on an idle node. The trigger comes from a
/// store value of its own, as from another process, so that nothing in this one wakes the worker. The first five are not
/// counted, here and with the peers: they open connections.
struct Trigger: AsyncParsableCommand {
    @OptionGroup var choice: StoreChoice
    @Option var count = 300
    private static let first = 5

    func run() async throws {
        let scene = try await Scene(choice)
        defer { scene.remove() }
        let other = try await Scene(choice)
        let starts = Starts()
        let onebeat = scene.onebeat(slots: 16)
        var policies = JobPolicies()
        // A trigger that came before the run before it was settled would be skipped.
        policies.overlap = .allow
        try onebeat.register("empty", ScheduleDefinition(.manual), policies: policies) { starts.note($0) }
        try await scene.run(onebeat) {
            try await Task.sleep(for: .seconds(2))
            let asking = other.onebeat(slots: 1)
            var (calls, late): ([Double], [Double]) = ([], [])
            for number in 0..<Self.first + count {
                let begin = SystemTime().now()
                _ = try await asking.trigger("empty", requestID: "\(number)")
                calls.append(SystemTime().now().duration(since: begin).inSeconds * 1000)
                while starts.count <= number { try await Task.sleep(for: .milliseconds(1)) }
                late.append(starts.moments[number].duration(since: begin).inSeconds * 1000)
                try await Task.sleep(for: .milliseconds(.random(in: 5...25)))
            }
            calls.removeFirst(Self.first)
            late.removeFirst(Self.first)
            late.sort()
            report([
                "triggers": Double(late.count), "p50_ms": percentile(late, 0.5), "p99_ms": percentile(late, 0.99),
                "max_ms": late.last ?? .nan, "call_p50_ms": percentile(calls.sorted(), 0.5),
            ])
        }
    }
}
