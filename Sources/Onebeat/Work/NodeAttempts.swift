import Logging

/// The attempts of a living node: each one a Swift task of its own.
actor NodeAttempts: AttemptRunning {
    private let runner: AttemptRunner
    private let outbox: Outbox
    private let recorder: OutputRecorder
    private let membership: Membership
    private let demand: Demand
    private let logger: Logger
    private var signals: [RunID: (fence: Fence, stop: StopSignal, grace: Duration?, isRemote: Bool)] = [:]
    private(set) var remoteCount = 0
    /// Whether all were asked to stop since the node leaves; what was claimed in that moment is handed back at once.
    private var isLeaving = false
    /// Rung when an attempt has ended, for whoever waits for the last one.
    private let ended = Bell()

    init(
        runner: AttemptRunner, outbox: Outbox, recorder: OutputRecorder, membership: Membership,
        demand: Demand, logger: Logger
    ) {
        self.runner = runner
        self.outbox = outbox
        self.recorder = recorder
        self.membership = membership
        self.demand = demand
        self.logger = logger
    }

    var count: Int { signals.count - remoteCount }

    func start(_ claims: [Claim]) {
        // The lease may have been lost on the way here, and `stopAll` may have come first.
        let boot = membership.claimedID?.boot
        for claim in claims where signals[claim.run.id]?.fence != claim.fence {
            guard claim.run.boot == boot, !isLeaving else {
                outbox.put(AttemptReport(claim, .notStarted))
                continue
            }
            let stop = StopSignal()
            // After a lost lease the run may be here again while its attempt before is still being ended.
            if signals[claim.run.id]?.isRemote == true { remoteCount -= 1 }
            let work = claim.definition.work
            signals[claim.run.id] = (claim.fence, stop, work.grace, work.isRemote)
            if work.isRemote { remoteCount += 1 }
            let output = recorder.output(of: claim)
            Task {
                let outcome = await runner.run(claim, stop: stop, output: output)
                let lastLine = await output.finish()
                end(
                    claim, outcome?.saying(lastLine, of: claim.definition), value: await output.value,
                    remark: await output.words)
            }
        }
    }

    func unknown(_ claims: [Claim]) -> [Claim] {
        claims.filter { signals[$0.run.id]?.fence != $0.fence }
    }

    func stop(_ runs: [RunID], because cause: StopCause) {
        for run in runs { signals[run]?.stop.stop(because: cause) }
    }

    func stopAll(because cause: StopCause) {
        isLeaving = isLeaving || cause == .shutdown
        for (_, signal) in signals { signal.stop.stop(because: cause) }
    }

    /// Hands back what somebody else's workers do: it goes on without this node, and is watched on by another.
    func stopRemote() {
        isLeaving = true
        for (_, signal) in signals where signal.isRemote { signal.stop.stop(because: .shutdown) }
    }

    /// The longest that one which runs may go on after it was asked to stop; `nil` where one decides that itself.
    var grace: Duration? {
        var longest = Duration.zero
        for (_, signal) in signals {
            guard let grace = signal.grace else { return nil }
            longest = max(longest, grace)
        }
        return longest
    }

    /// Returns when no attempt runs, or when the Swift task is cancelled. Only one may wait at a time.
    func drained() async {
        while !signals.isEmpty, !Task.isCancelled { await ended.wait() }
    }

    private func end(_ claim: Claim, _ outcome: Outcome?, value: RunValue?, remark: String?) {
        if let outcome {
            let report = AttemptReport(claim, outcome, value: value, remark: remark)
            tell(of: report)
            outbox.put(report)
        }
        // After a lost lease the run may be back here under a higher fence already; that attempt is not this one's to end.
        let isRemote = claim.definition.work.isRemote
        if signals[claim.run.id]?.fence == claim.fence {
            signals[claim.run.id] = nil
            if isRemote { remoteCount -= 1 }
        }
        if isRemote { demand.remote.slotIsFree() } else { demand.slotIsFree() }
        ended.ring()
    }

    /// At once, and not when it is settled: the store may be what the attempt failed for.
    private func tell(of report: AttemptReport) {
        guard let words = report.words, report.outcome != .succeeded else { return }
        logger.warning(
            "attempt \(report.outcome == .timedOut ? "timed out" : "failed")",
            metadata: [
                "job": "\(report.claim.run.job)", "run": "\(report.claim.run.key)",
                "attempt": "\(report.claim.attempt)", "error": "\(words)",
            ])
    }
}

extension Outcome {
    /// What a process said last stands behind the words on its failure, so that nobody has to look for it.
    fileprivate func saying(_ lastLine: String?, of job: JobDefinition) -> Outcome {
        if job.hasSecretOutput, let words = job.work.secretWords, case .failed = self { return .failed(Failure(words)) }
        guard let lastLine, case .failed(var failure) = self, failure.exitCode != nil else { return self }
        switch job.work {
        case .shell, .command: failure.message += "; last line: \(lastLine)"
        case .http, .celery, .handler, .alert, .signal, .unknown: break
        }
        return .failed(failure)
    }
}

extension Work {
    /// What is said of a failure whose own words are output, where that is secret.
    fileprivate var secretWords: String? {
        switch self {
        case .celery, .handler: "it failed, and what it said is secret"
        case .shell, .command, .http, .alert, .signal, .unknown: nil
        }
    }

    /// How long the broker of a task may take to be told that it is to end.
    private static let revokingGrace = Duration.seconds(5)

    /// How long it may go on after it was asked to stop; a closure goes on for as long as it likes.
    fileprivate var grace: Duration? {
        switch self {
        case .shell(_, let settings), .command(_, let settings): settings.grace
        case .http, .alert, .signal, .unknown: .zero
        case .celery: Self.revokingGrace
        case .handler: nil
        }
    }
}
