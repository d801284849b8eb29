import Onebeat

/// A backfill as the checker has seen it go on.
struct BackfillModel: Sendable {
    var backfill: Backfill
    var state = Backfill.State.active
    /// The instants that runs were made for.
    var made: Set<Timestamp> = []
    /// The last that was decided on.
    var reached: Timestamp?
    /// What goes with each of its runs, by instant.
    var followers: [Timestamp: [String]] = [:]
    /// When it last moved on.
    var movedAt: Timestamp

    /// The instants that a step decided on, without the ends that are not named: after, through.
    func period(through reached: Timestamp?) -> (after: Timestamp, through: Timestamp) {
        let justBefore = Duration.microseconds(-1)
        switch backfill.order {
        case .oldest: return (self.reached ?? backfill.from + justBefore, reached ?? backfill.to + justBefore)
        case .newest:
            return ((reached ?? backfill.from) + justBefore, (self.reached ?? backfill.to) + justBefore)
        }
    }
}

extension Checker {
    mutating func added(_ backfill: Backfill) throws(Violation) {
        let other = backfills.values.first { other in
            other.backfill.job == backfill.job && other.state.isOpen && other.backfill.from < backfill.to
                && backfill.from < other.backfill.to
        }
        try require(
            other == nil, .backfills, "backfills \(backfill.id) and \(other?.backfill.id ?? 0) cover one instant")
        backfills[backfill.id] = BackfillModel(backfill: backfill, movedAt: now)
        count("backfill")
    }

    mutating func backfilled(_ step: BackfillStep, _ open: [Run]) throws(Violation) {
        let id = step.backfill.id
        guard var model = backfills[id] else {
            throw Violation(invariant: .backfills, words: "backfill \(id) goes on, and nobody began it", at: now)
        }
        try require(model.state == .active, .backfills, "backfill \(id) took a step, and is \(model.state.rawValue)")
        let job = jobs[model.backfill.job]
        try require(
            job.map { !$0.isRemoved && $0.versions.last?.id == step.record.versionID } ?? false, .backfills,
            "backfill \(id) took a step by version \(step.record.versionID.version), which is not in force")
        try checkInstants(of: step, model)
        for instant in step.instants {
            try require(
                model.made.insert(instant).inserted, .backfills, "backfill \(id) makes \(instant) a second time")
            model.followers[instant] = step.followers.map(\.version.job).sorted()
        }
        let flows = Set(open.map { $0.flow ?? $0.id })
        try require(
            flows.count <= model.backfill.limit, .backfills,
            "backfill \(id) has \(flows.count) open at one time, and may have \(model.backfill.limit)")
        if step.isLast {
            try require(open.isEmpty, .backfills, "backfill \(id) is done, and \(open.count) of its runs are open")
            model.state = .done
            count("backfill done")
        }
        if let reached = step.reached { model.reached = reached }
        model.movedAt = now
        backfills[id] = model
    }

    /// What a step decides on is what was due there by the definition in force: no more, no less.
    private func checkInstants(of step: BackfillStep, _ model: BackfillModel) throws(Violation) {
        guard step.reached != nil || step.isLast else { return }
        let period = model.period(through: step.reached)
        let due = DueOracle.instants(
            of: step.record.definition.schedule, after: period.after, through: period.through)
        let id = model.backfill.id
        guard let due else {
            return try require(step.instants.isEmpty, .backfills, "backfill \(id) makes runs by no clock")
        }
        try require(
            Set(step.instants).isSubset(of: due), .backfills, "backfill \(id) makes instants that were not due")
        try require(
            step.instants.count + step.passed == due.count, .backfills,
            "backfill \(id) made \(step.instants.count) and passed over \(step.passed) of \(due.count)")
    }

    func checkBackfill(of claim: Claim) throws(Violation) {
        guard claim.run.kind == .backfill, claim.attempt == 1 else { return }
        let model = backfills.values.first { claim.run.requestID.isOf($0.backfill.id) }
        try require(
            model.map { $0.state != .cancelled } ?? false, .backfills,
            "\(claim.run.key) began, and its backfill is \(model?.state.rawValue ?? "not there")")
    }

    /// No run of a backfill is started while one that is due could be.
    func preferred(_ claims: [Claim], to due: [Run]) throws(Violation) {
        guard let claim = claims.first else { return }
        let delayed = due.first { run in claim.run.startedAt.map { run.dueAt <= $0 } ?? false }
        try require(
            delayed == nil, .backfills, "\(claim.run.key) was claimed ahead of \(delayed?.key ?? ""), which was due")
    }

    /// The rows of each backfill are those that its steps made, each with its flow; and it goes on.
    func checkBackfills(_ rows: FinalRows, quiet: Duration) throws(Violation) {
        for row in rows.backfills ?? [] {
            guard let model = backfills[row.id] else {
                throw Violation(invariant: .backfills, words: "nobody began backfill \(row.id)", at: now)
            }
            try require(
                row.made == model.made.count && row.reached == model.reached && row.state == model.state, .backfills,
                "backfill \(row.id) is \(row.state.rawValue) and counts \(row.made) runs through"
                    + " \(row.reached.map { "\($0)" } ?? "none"), and has made \(model.made.count)")
        }
        let flows = Dictionary(grouping: rows.runs.filter { $0.isFollower && $0.element == nil }, by: \.flow)
        for model in backfills.values.sorted(by: { $0.backfill.id < $1.backfill.id }) {
            let id = model.backfill.id
            let own = rows.runs.filter { $0.kind == .backfill && $0.requestID.isOf(id) }
            let first = own.filter { !$0.isFollower && $0.element == nil }
            try require(
                first.map(\.scheduledAt).sorted() == model.made.sorted(), .backfills,
                "backfill \(id) made \(model.made.count) runs, and has rows of \(first.count)")
            for run in first {
                let names = (flows[run.id] ?? []).filter { $0.kind == .backfill }.map(\.job).sorted()
                try require(
                    names == model.followers[run.scheduledAt] ?? [], .backfills,
                    "\(run.key) has the followers \(names), not \(model.followers[run.scheduledAt] ?? [])")
            }
            try require(
                model.state != .cancelled || own.allSatisfy { $0.state != .scheduled || $0.attempt > 0 }, .backfills,
                "backfill \(id) was cancelled, and runs of it are still to come")
            let isOpen = own.contains { !$0.state.isTerminal }
            try require(
                model.state != .active || isOpen || model.movedAt > now - quiet, .backfills,
                "backfill \(id) stands still")
        }
    }
}
