import Onebeat

/// A job's policies in sentences.
struct PolicyWords {
    var policies: JobPolicies
    /// Whether it runs for each element of a list.
    var hasElements = false

    var pairs: [(Sentence, HTML?)] {
        [
            ("Overlap", say(overlap)), ("Missed", say(missed)), ("Retry", say(retry)), ("Time-out", say(timeout)),
            ("Lost attempt", say(delivery)),
            ("Queue", say("\(policies.queue), priority \(policies.priority)")),
        ]
    }

    private var overlap: Sentence {
        let limit = policies.effectiveLimit
        if hasElements {
            return limit == .max
                ? "Elements run side by side." : "Of its elements \(limit) run at a time; the others wait."
        }
        if policies.overlapScope == .flow {
            return "While a run is active, or anything of an earlier flow is open, a new one is skipped."
        }
        if limit == 1 {
            return switch policies.overlap {
            case .skip: "While a run is active, a new one is skipped."
            case .queue: "While a run is active, one more waits; further ones are skipped."
            case .queueAll: "While a run is active, new ones wait for their turn."
            case .cancel: "While a run is active, a new one cancels the oldest and starts after it."
            case .allow: "Runs start one after the other."
            }
        }
        return switch policies.overlap {
        case .skip: "While \(limit) runs are active, a new one is skipped."
        case .queue: "While \(limit) runs are active, one more waits; further ones are skipped."
        case .queueAll: "While \(limit) runs are active, new ones wait for their turn."
        case .cancel: "While \(limit) runs are active, a new one cancels the oldest and starts after it."
        case .allow: limit == .max ? "Runs start side by side." : "Runs start side by side, \(limit) at most."
        }
    }

    private var missed: Sentence {
        let deadline = policies.deadline.text
        return switch policies.missed {
        case .latest: "Of instants that no node could plan, the newest still runs, up to \(deadline) late."
        case .all: "Instants that no node could plan still run, up to \(deadline) late, the newest \(policies.catchUp)."
        case .skip: "Instants that no node could plan are recorded and not run. A run may start up to \(deadline) late."
        }
    }

    private var retry: Sentence {
        let retry = policies.retry
        if retry.limit == 0 { return "A failed run is not tried again." }
        if retry.limit == 1 { return "A failed run is tried again once, after \(retry.backoff.text)." }
        return
            "A failed run is tried again up to \(retry.limit) times: after \(retry.backoff.text), then twice as long each time, \(retry.max.text) at most."
    }

    private var timeout: Sentence {
        policies.timeout.map { "An attempt is stopped after \($0.text)." } ?? "An attempt may take as long as it needs."
    }

    private var delivery: Sentence {
        switch policies.delivery {
        case .atLeastOnce: "Is tried again under the same run key and a higher fence (at least once)."
        case .atMostOnce: "Is reported lost and never started again (at most once)."
        }
    }
}
