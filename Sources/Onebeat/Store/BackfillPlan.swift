/// Which due instants of a backfill come next.
package enum BackfillPlan {
    /// Instants that are looked at in one step, so that no step holds the store for long.
    package static let bound = 500
    /// How far back a schedule is searched for at one time where the newest comes first.
    private static let windows: [Duration] = [
        .seconds(3600), .seconds(86_400), .seconds(30 * 86_400), .seconds(3660 * 86_400),
    ]

    /// What stands against a backfill, in words; `nil` when it may begin.
    package static func problem(_ backfill: Backfill, _ record: JobRecord) -> String? {
        if backfill.to <= backfill.from {
            return "nothing lies between \(backfill.from.words) and \(backfill.to.words)"
        }
        if let trouble = record.definition.trouble { return "job \"\(backfill.job)\": \(trouble)" }
        switch record.definition.schedule.rhythm {
        case .cron, .every, .at, .repeat, .solar: return nil
        case .delay: return "\(backfill.job) has a delay: when it was due depends on when its runs ended"
        case .after(let jobs):
            return
                "\(backfill.job) follows \(jobs.joined(separator: ", ")): run a backfill of what its flow begins with"
        case .event(let name): return "\(backfill.job) starts on the event \(name): no clock knows when it was due"
        case .manual:
            switch record.definition.work {
            case .signal: return "\(backfill.job) runs elsewhere, and was never due here"
            case .alert: return "\(backfill.job) tells when there is something to tell: it never was due"
            case .shell, .command, .http, .celery, .handler, .unknown:
                return "\(backfill.job) is run by hand: it never was due"
            }
        }
    }

    /// The next instants after what was reached, in the backfill's order.
    package static func next(of backfill: Backfill, _ schedule: Schedule, limit: Int = bound) -> [Timestamp] {
        // An edit may have made one of it, and when that was due hangs on when its runs ended.
        if schedule.isDelay { return [] }
        let end = backfill.to - .microseconds(1)
        switch backfill.order {
        case .oldest:
            let start = backfill.reached ?? backfill.from - .microseconds(1)
            return schedule.occurrences(after: start, through: end, limit: limit)
        case .newest:
            let end = backfill.reached.map { $0 - .microseconds(1) } ?? end
            return newest(schedule, from: backfill.from, through: end, limit: limit)
        }
    }

    /// A schedule is searched forwards only: windows before the end are searched, each longer than the one before, until one
    /// has enough.
    private static func newest(
        _ schedule: Schedule, from start: Timestamp, through end: Timestamp, limit: Int
    ) -> [Timestamp] {
        var found: [Timestamp] = []
        var upper = end
        var index = 0
        while upper >= start, found.count < limit {
            let lower = max(start - .microseconds(1), upper - windows[min(index, windows.count - 1)])
            var window: [Timestamp] = []
            var moment = lower
            while let next = schedule.next(after: moment), next <= upper {
                window.append(next)
                moment = next
                // Of a window that is too full the end is wanted.
                if window.count > 2 * limit { window.removeFirst(limit) }
            }
            found += window.reversed().prefix(limit - found.count)
            upper = lower
            if window.count < limit / 2 { index += 1 }
        }
        return found
    }

    /// What a backfill does now.
    /// - Parameters:
    ///   - instants: the next ones, in its order.
    ///   - states: of their newest runs.
    ///   - open: of how many of its flows, or runs, something has not ended.
    package static func step(
        _ backfill: Backfill, _ record: JobRecord, _ instants: [Timestamp], _ states: [Timestamp: RunState], open: Int,
        followers: [Follower]
    ) -> BackfillStep {
        var step = BackfillStep(backfill, by: record)
        step.followers = followers
        let room = max(backfill.limit - open, 0)
        for instant in instants where step.instants.count < room {
            if backfill.repeats.include(states[instant]) { step.instants.append(instant) } else { step.passed += 1 }
            step.reached = instant
        }
        step.isLast = instants.isEmpty && open == 0
        return step
    }
}
