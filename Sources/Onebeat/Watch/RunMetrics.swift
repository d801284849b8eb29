import Metrics

// Watch: what a node shows of itself. Figures go through swift-metrics, under Prometheus names and units; a job's name
// is never a label, since a store may hold a million of them.

/// The figures a node keeps on runs.
package struct RunMetrics: Sendable {
    private let lateness = Timer(label: "onebeat_run_lateness_seconds")
    private let duration = Timer(label: "onebeat_run_duration_seconds")
    private let refused = Counter(label: "onebeat_settlements_refused_total")
    private let slots = Gauge(label: "onebeat_slots")
    private let busySlots = Gauge(label: "onebeat_slots_busy")
    private let watches = Gauge(label: "onebeat_watches")

    /// Figures in the program's metrics system.
    package init() {}

    /// An attempt was asked to stop and goes on.
    static func countStuck() { Counter(label: "onebeat_attempts_stuck_total").increment() }

    func started(_ run: Run) {
        guard run.attempt == 1, let lateness = run.lateness else { return }
        self.lateness.record(duration: max(lateness, .zero))
    }

    func ended(_ run: Run) {
        guard run.state.isTerminal else {
            return Counter(
                label: "onebeat_attempts_repeated_total", dimensions: [("reason", run.reason?.rawValue ?? "retry")]
            )
            .increment()
        }
        Counter(label: "onebeat_runs_total", dimensions: [("outcome", run.state.rawValue)]).increment(by: run.count)
        if let start = run.startedAt, let end = run.finishedAt { duration.record(duration: end.duration(since: start)) }
    }

    func refused(_ runs: [Run]) { for run in runs { ended(run) } }

    func fenced() { refused.increment() }

    func watches(_ count: Int) { watches.record(count) }

    func slots(free: Int, of total: Int) {
        slots.record(total)
        busySlots.record(total - free)
    }
}

/// The figures a node keeps on its lease and its lead.
struct LeaseMetrics: Sendable {
    private let leader = Gauge(label: "onebeat_leader")
    private let lease = Gauge(label: "onebeat_lease_trusted_seconds")
    private let skew = Gauge(label: "onebeat_clock_skew_seconds")
    private let latency = Timer(label: "onebeat_store_latency_seconds")
    private let deviation = Gauge(label: "onebeat_store_clock_deviation_seconds")
    private let steps = Counter(label: "onebeat_store_clock_steps_total")

    func renewed(in length: Duration, trustedFor rest: Duration, skew: Duration) {
        latency.record(duration: length)
        lease.record(rest.inSeconds)
        self.skew.record(skew.inSeconds)
    }

    func clock(offBy deviation: Duration) { self.deviation.record(deviation.inSeconds) }

    func clockStepped(by count: Int) { steps.increment(by: count) }

    func leads(_ isLeader: Bool) { leader.record(isLeader ? 1 : 0) }
}
