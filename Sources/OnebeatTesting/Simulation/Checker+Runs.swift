import Onebeat

extension Checker {
    mutating func claimed(_ claim: Claim, by node: NodeID) throws(Violation) {
        let run = claim.run
        var model = runs[run.id] ?? RunModel()
        let policies = claim.definition.policies
        let job = jobs[run.job] ?? Job()
        try require(
            leases[node.boot] != nil && !dead.contains(node.boot), .lawfulTakeover,
            "\(node) claimed \(run.key) without a lease")
        try require(run.boot == node.boot, .noGhost, "\(run.key) was claimed for another node than \(node)")
        try require(
            now >= max(run.scheduledAt, run.dueAt, model.notBefore), .notEarly,
            "\(run.key) was claimed before \(max(run.scheduledAt, run.dueAt, model.notBefore))")
        try require(model.terminal == nil, .oneOutcome, "\(run.key) was claimed after it had ended")
        try require(model.holder == nil, .oneHolder, "\(run.key) was claimed while another attempt held it")
        try require(
            claim.attempt == model.attempts + 1, .fences,
            "\(run.key) had attempt \(claim.attempt) after \(model.attempts)")
        try require(claim.fence > lastFence, .fences, "fence \(claim.fence) came after \(lastFence)")
        try require(
            run.kind == .backfill || job.open.count < policies.effectiveLimit, .oneHolder,
            "\(run.key) was claimed beside \(job.open.count) others of its job")
        try require(
            run.isFollower || !job.isRemoved && job.generation == run.version.generation, .versions,
            "\(run.key) was claimed after its job was removed")
        if run.kind == .scheduled, claim.attempt == 1 {
            try require(!job.isPaused, .versions, "\(run.key) was claimed while its job was paused")
        }
        try checkNeeds(of: claim)
        try checkBackfill(of: claim)
        if claim.attempt == 1, let deadline = run.deadlineAt {
            try require(now <= deadline, .bounded, "\(run.key) was claimed after its deadline, \(deadline)")
        }
        if policies.delivery == .atMostOnce {
            try require(
                !model.hasUnknownEnd, .atMostOnce, "\(run.key) was claimed again after an end that is not known")
        }
        try require(
            policies.delivery == .atMostOnce || model.attempts < 1 + policies.retry.limit + 100, .bounded,
            "\(run.key) is tried without end")
        model.attempts += 1
        model.holder = (claim.fence, node.boot)
        model.fence = claim.fence
        lastFence = claim.fence
        runs[run.id] = model
        if run.kind != .backfill { jobs[run.job]?.open.insert(run.id) }
        count("claim")
    }

    mutating func refused(_ run: Run) throws(Violation) {
        let model = runs[run.id] ?? RunModel()
        try require(model.terminal == nil, .oneOutcome, "\(run.key) was refused after it had ended")
        try require(model.holder == nil, .oneHolder, "\(run.key) was refused while an attempt held it")
        let job = jobs[run.job] ?? Job()
        let limit = version(run.version)?.definition.policies.effectiveLimit ?? 1
        switch run.reason {
        case .overlap:
            try require(job.open.count >= limit, .bounded, "\(run.key) was skipped though its job had room")
        case .paused: try require(job.isPaused, .bounded, "\(run.key) was skipped though its job was not paused")
        case .tooLate:
            try require(
                run.deadlineAt.map { $0 < now } ?? false, .bounded, "\(run.key) was missed though it was not too late")
            try checkMissed(run)
        case .upstream where run.state == .missed: try checkMissed(run)
        case .removed:
            try require(
                job.isRemoved || job.generation != run.version.generation, .bounded,
                "\(run.key) was cancelled though its job is there")
        case .requested, .replaced: break
        case .coalesced, .catchUpLimit, .missedSkip, .workerLost, .handedBack, .upstream, .upstreamSkipped, .observed,
            .unknown,
            nil:
            try require(false, .bounded, "\(run.key) was refused for no reason that a claim has")
        }
        runs[run.id, default: RunModel()].terminal = run.state
        count("refused \(run.reason?.rawValue ?? "")")
    }

    mutating func settled(_ report: AttemptReport, _ result: SettleResult) throws(Violation) {
        if result == .later { return count("report for later") }
        let claim = report.claim
        let key = "\(claim.run.key), fence \(claim.fence)"
        var model = runs[claim.run.id] ?? RunModel()
        guard case .settled(let run) = result else {
            try require(model.holder?.fence != claim.fence, .oneOutcome, "the valid attempt of \(key) was refused")
            return count("stale report")
        }
        guard model.holder?.fence == claim.fence else {
            try require(
                model.settled[claim.fence] == report.outcome.word, .oneOutcome, "a stale report of \(key) was accepted")
            return count("repeated report")
        }
        // What its node never began is handed back as that, or by a node that cannot know any more.
        let isUnbegun = !begun.contains(claim.fence) && [.notStarted, .interrupted].contains(report.outcome)
        // What it ended without a word, when it could not trust its lease, it may hand back while nobody has taken it.
        let isUnseen = ends[claim.fence].map { $0.outcome == nil } ?? false
        try require(
            isUnbegun || isUnseen && report.outcome == .interrupted || ends[claim.fence]?.outcome == report.outcome,
            .oneOutcome,
            "\(key) was reported as \(report.outcome.word), which is not how it ended")
        try require(
            Self.mayFollow(report.outcome).contains(run.state), .oneOutcome,
            "\(key) ended as \(report.outcome.word) and is recorded as \(run.state.rawValue)")
        if report.outcome == .interrupted { model.hasUnknownEnd = true }
        if run.state == .succeeded { succeeded(run) }
        model.settled[claim.fence] = report.outcome.word
        close(&model, as: run)
        count("settled \(report.outcome.word)")
    }

    mutating func reaped(_ result: ReapResult) throws(Violation) {
        for node in result.dead {
            try require(
                leases[node.boot].map { $0 <= now } ?? false, .lawfulTakeover,
                "\(node) was declared dead before its lease was over")
            dead.insert(node.boot)
        }
        for run in result.runs {
            var model = runs[run.id] ?? RunModel()
            guard let holder = model.holder else {
                throw Violation(invariant: .oneOutcome, words: "\(run.key) was lost though nobody held it", at: now)
            }
            try require(
                leases[holder.boot].map { $0 <= now } ?? false, .lawfulTakeover,
                "\(run.key) was taken from \(holder.boot) before its lease was over")
            let delivery = version(run.version)?.definition.policies.delivery
            try require(
                delivery != .atMostOnce || run.state == .lost || run.state == .cancelled, .atMostOnce,
                "\(run.key) was lost and is \(run.state.rawValue)")
            try require(
                run.state != .scheduled || run.crashes < Settlement.mostCrashes, .bounded,
                "\(run.key) lost \(run.crashes) workers and is tried again")
            model.hasUnknownEnd = true
            model.settled[holder.fence] = Outcome.lost.word
            close(&model, as: run)
            count("taken over")
        }
    }

    mutating func started(_ claim: Claim) throws(Violation) {
        let run = claim.run
        try require(
            runs[run.id]?.holder?.fence == claim.fence, .noGhost, "\(run.key), fence \(claim.fence), runs unclaimed")
        try require(
            leases[run.boot ?? ""].map { $0 > now } ?? false, .selfStop, "\(run.key) began without a lease")
        let isBeside = run.kind == .backfill
        let active = (isBeside ? jobs[run.job]?.beside : jobs[run.job]?.active) ?? []
        try require(!active.contains(claim.fence), .noGhost, "fence \(claim.fence) of \(run.key) began twice")
        try require(
            isBeside || active.count < claim.definition.policies.effectiveLimit, .noOverlap,
            "\(run.key) runs beside \(active.count) others of its job")
        begun.insert(claim.fence)
        if isBeside {
            jobs[run.job]?.beside.insert(claim.fence)
        } else {
            jobs[run.job]?.active.insert(claim.fence)
        }
        count("start")
    }

    mutating func ended(_ claim: Claim, _ outcome: Outcome?) throws(Violation) {
        let run = claim.run
        let wasRunning =
            jobs[run.job]?.active.remove(claim.fence) != nil || jobs[run.job]?.beside.remove(claim.fence) != nil
        try require(wasRunning, .noGhost, "\(run.key) ended though it did not run")
        try require(
            leases[run.boot ?? ""].map { $0 >= now } ?? false, .selfStop, "\(run.key) ran on after its lease was over")
        ends[claim.fence] = End(outcome: outcome, at: now)
    }

    private mutating func close(_ model: inout RunModel, as run: Run) {
        model.holder = nil
        if run.state.isTerminal { model.terminal = run.state } else { model.notBefore = run.dueAt }
        runs[run.id] = model
        jobs[run.job]?.open.remove(run.id)
    }

    private static func mayFollow(_ outcome: Outcome) -> Set<RunState> {
        switch outcome {
        case .succeeded: [.succeeded]
        case .failed: [.failed, .scheduled, .cancelled]
        case .timedOut: [.timedOut, .scheduled, .cancelled]
        case .cancelled: [.cancelled]
        case .interrupted: [.scheduled, .lost, .cancelled]
        case .lost, .lostAlone: [.scheduled, .lost, .dead, .cancelled]
        case .notStarted: [.scheduled, .cancelled]
        }
    }
}
