import ArgumentParser

/// The in-process measurements. Each prints one line of JSON; `run` puts them beside the peers.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "onebeat-bench",
        subcommands: [
            Next.self, Lateness.self, Throughput.self, Burst.self, Plan.self, Drain.self, Trigger.self, Flow.self,
        ])
}

/// How the figures are said: a name and a number each, in the order given.
func report(_ figures: KeyValuePairs<String, Double>) {
    let fields = figures.map { "\"\($0)\": \(($1 * 1000).rounded() / 1000)" }
    print("{\(fields.joined(separator: ", "))}")
}

/// The value below which `share` of the sorted values lie.
func percentile(_ sorted: [Double], _ share: Double) -> Double {
    sorted.isEmpty ? .nan : sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
}
