import ArgumentParser
import Onebeat
import Synchronization

/// Flows of closures that do nothing, on several nodes of this process with connections of their own, idle but for that.
/// A chain says how long it takes from the end of one to the start of the next; a fan how long from the first start of
/// those in its middle to the start of the last, which follows all of them.
struct Flow: AsyncParsableCommand {
    @OptionGroup var choice: StoreChoice
    @Option(help: "How many jobs follow one another in a chain.")
    var chain = 100
    @Option(help: "How many jobs lie between the first and the last of a fan; no chain then.")
    var fan = 0
    @Flag(help: "The middle of the fan is one job that runs for each element of a list.")
    var each = false
    @Option(help: "How many flows run, one after the other; the first is not counted.")
    var flows = 11
    @Option var nodes = 2

    func run() async throws {
        let scene = try await Scene(choice)
        defer { scene.remove() }
        let moments = Moments()
        var others: [Scene] = []
        for _ in 1..<max(nodes, 1) { others.append(try await Scene(choice)) }
        let members = ([scene] + others).enumerated().map { $1.onebeat(slots: 16, name: "bench-\($0)") }
        for member in members { try define(on: member, moments) }
        let asking = try await Scene(choice).onebeat(slots: 1)
        let working = members.dropFirst().map { member in Task { try await member.run() } }
        try await scene.run(members[0]) {
            try await Task.sleep(for: .seconds(2))
            var found: [Double] = []
            for number in 0..<flows {
                moments.forget()
                _ = try await asking.trigger("first", requestID: "\(number)")
                let expected = fan > 0 ? fan + 2 : chain
                while moments.count < expected { try await Task.sleep(for: .milliseconds(5)) }
                if number > 0 { found += fan > 0 ? [moments.fan] : moments.gaps }
                try await Task.sleep(for: .milliseconds(200))
            }
            found.sort()
            report([
                "flows": Double(flows - 1), "p50_ms": percentile(found, 0.5), "p99_ms": percentile(found, 0.99),
                "max_ms": found.last ?? .nan,
            ])
        }
        for task in working {
            task.cancel()
            _ = await task.result
        }
    }

    private func define(on onebeat: Scheduler, _ moments: Moments) throws {
        var policies = JobPolicies()
        policies.overlap = .allow
        func add(_ name: String, _ schedule: ScheduleDefinition, each: Each? = nil, list: Int? = nil) throws {
            try onebeat.register(name, schedule, policies: policies, each: each) { run in
                let start = SystemTime().now()
                if let list { try await run.handOn(Array(0..<list)) }
                moments.note(start, SystemTime().now())
            }
        }
        if fan > 0, each {
            try add("first", .manual, list: fan)
            try add("middle", ScheduleDefinition(.after(["first"])), each: Each(in: "first"))
            return try add("last", ScheduleDefinition(.after(["middle"])))
        }
        try add("first", .manual)
        if fan > 0 {
            let names = (0..<fan).map { "middle-\($0)" }
            for name in names { try add(name, ScheduleDefinition(.after(["first"]))) }
            return try add("last", ScheduleDefinition(.after(names)))
        }
        var last = "first"
        for number in 1..<chain {
            try add("link-\(number)", ScheduleDefinition(.after([last])))
            last = "link-\(number)"
        }
    }
}

/// When closures began and ended.
private final class Moments: Sendable {
    private let kept = Mutex<[(start: Timestamp, end: Timestamp)]>([])

    func note(_ start: Timestamp, _ end: Timestamp) { kept.withLock { $0.append((start, end)) } }
    func forget() { kept.withLock { $0 = [] } }
    var count: Int { kept.withLock { $0.count } }
    private var inOrder: [(start: Timestamp, end: Timestamp)] { kept.withLock { $0.sorted { $0.start < $1.start } } }

    /// From the end of each to the start of the next, in milliseconds.
    var gaps: [Double] {
        let all = inOrder
        return zip(all, all.dropFirst()).map { $1.start.duration(since: $0.end).inSeconds * 1000 }
    }

    /// From the first start after the root's to the start of the last, in milliseconds.
    var fan: Double {
        let all = inOrder
        guard all.count > 2, let last = all.last else { return .nan }
        return last.start.duration(since: all[1].start).inSeconds * 1000
    }
}
