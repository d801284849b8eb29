import Onebeat

/// A job's policies in sentences.
struct PolicyWords {
    var policies: JobPolicies

    var pairs: [(String, String)] {
        [
            ("Overlap", overlap), ("Missed", missed), ("Retry", retry), ("Time-out", timeout),
            ("Lost attempt", delivery), ("Queue", "\(policies.queue), priority \(policies.priority)"),
        ]
    }

    private var overlap: String {
        let limit = policies.effectiveLimit
        let reached = limit == 1 ? "While a run is active" : "While \(limit) runs are active"
        return switch policies.overlap {
        case .skip: "\(reached), a new one is skipped."
        case .queue: "\(reached), one more waits; further ones are skipped."
        case .queueAll: "\(reached), new ones wait for their turn."
        case .cancel: "\(reached), a new one cancels the oldest and starts after it."
        case .allow: limit == .max ? "Runs start side by side." : "Runs start side by side, \(limit) at most."
        }
    }

    private var missed: String {
        let deadline = policies.deadline.text
        return switch policies.missed {
        case .latest: "Of instants that no node could plan, the newest still runs, up to \(deadline) late."
        case .all: "Instants that no node could plan still run, up to \(deadline) late, the newest \(policies.catchUp)."
        case .skip: "Instants that no node could plan are recorded and not run. A run may start up to \(deadline) late."
        }
    }

    private var retry: String {
        let retry = policies.retry
        if retry.limit == 0 { return "A failed run is not tried again." }
        return "A failed run is tried again up to \(Words.count(retry.limit, "time", "times")): after "
            + "\(retry.backoff.text), then twice as long each time, \(retry.max.text) at most."
    }

    private var timeout: String {
        policies.timeout.map { "An attempt is stopped after \($0.text)." } ?? "An attempt may take as long as it needs."
    }

    private var delivery: String {
        switch policies.delivery {
        case .atLeastOnce: "Is tried again under the same run key and a higher fence (at least once)."
        case .atMostOnce: "Is reported lost and never started again (at most once)."
        }
    }
}
