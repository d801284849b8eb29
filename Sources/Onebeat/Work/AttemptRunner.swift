/// Runs one attempt beside its time-out and the wish to stop it.
struct AttemptRunner: Sendable {
    let executor: any Executor
    let time: any TimeSource
    /// Reads what the runs that a run follows handed on.
    var input: @Sendable (RunID) async throws(StoreError) -> [String: RunValue] = { _ in [:] }
    /// Which of these jobs never said that what they hand on is secret.
    var shown: @Sendable ([String]) async throws(StoreError) -> Set<String> = { _ in [] }
    /// Told of an attempt that was asked to stop and goes on.
    var stuck: @Sendable (StuckAttempt) async -> Void = { _ in }

    private enum Ending {
        case ended(Outcome)
        case stop(StopCause)
        case nothing
    }

    /// - Returns: the outcome, or `nil` when the lease was lost and there is nothing to report.
    func run(_ claim: Claim, stop: StopSignal, output: any OutputSink) async -> Outcome? {
        // Whatever the executor would make of it, it would not be what the job's owner wrote.
        if let trouble = claim.definition.trouble { return .failed(Failure(trouble)) }
        return await withTaskGroup(of: Ending.self) { group in
            group.addTask { .ended(await work(claim, output)) }
            group.addTask { await stop.cause().map { .stop($0) } ?? .nothing }
            if let timeout = claim.definition.policies.timeout {
                let end = time.uptime() + timeout
                group.addTask {
                    do {
                        try await time.sleep(until: end)
                        return .stop(.timeout)
                    } catch {
                        return .nothing
                    }
                }
            }
            var cause: StopCause?
            var watch: Task<Void, Never>?
            defer { watch?.cancel() }
            for await ending in group {
                switch ending {
                case .nothing: continue
                case .stop(let why):
                    if cause == nil { await executor.willStop(claim, because: why) }
                    if cause == nil { watch = self.watch(claim, since: why) }
                    cause = cause ?? why
                    group.cancelAll()
                case .ended(let outcome):
                    group.cancelAll()
                    return self.outcome(outcome, stoppedBy: cause)
                }
            }
            return .lost
        }
    }

    /// Looks whether a closure ends that was asked to. A process need not be watched: its guardian ends it.
    private func watch(_ claim: Claim, since cause: StopCause) -> Task<Void, Never>? {
        guard case .handler = claim.definition.work else { return nil }
        let end = time.uptime() + StuckAttempt.patience
        return Task {
            do {
                try await time.sleep(until: end)
            } catch {
                return
            }
            await stuck(StuckAttempt(claim: claim, cause: cause))
        }
    }

    private func work(_ claim: Claim, _ output: any OutputSink) async -> Outcome {
        // A run that is done once more may follow others, and be the first of its flow.
        let isOfEvent = if case .event = claim.definition.schedule.rhythm { true } else { false }
        let mayHaveInput =
            isOfEvent || claim.run.isFollower || claim.run.flow != nil && claim.run.kind == .manual
        if let each = claim.definition.each, claim.run.element == nil {
            return .failed(Failure(each.loneWords(for: claim.run.job)))
        }
        guard mayHaveInput else { return await executor.execute(claim, output: output) }
        var claim = claim
        do {
            claim.input = if let known = claim.known { known } else { try await input(claim.run.id) }
            if claim.definition.work.showsInput, !claim.input.isEmpty {
                claim.shownInputs = try await shown(claim.input.keys.sorted())
            }
        } catch {
            switch error {
            case .unavailable, .unknownOutcome, .fenced: return .notStarted
            // What will not be another time must not be handed back: it would be claimed again at once.
            case .refused, .notFound, .outdated, .changed: return .failed(Failure("\(error)"))
            }
        }
        if let each = claim.definition.each, let element = claim.run.element {
            do {
                claim.input[Each.parent] = try each.input(of: element, from: claim.input[each.job])
                if claim.shownInputs.contains(each.job) { claim.shownInputs.insert(Each.parent) }
            } catch {
                return .failed(Failure("\(error)"))
            }
        }
        // The store may have taken so long that the lease was lost meanwhile, and the work is somebody else's.
        if Task.isCancelled { return .cancelled }
        return await executor.execute(claim, output: output)
    }

    /// Only what says that it was stopped ended by the stop. Work that had ended by then, had: its outcome stands. What ended
    /// well stands even where the lease was lost: the store's fence decides whether it counts.
    private func outcome(_ outcome: Outcome, stoppedBy cause: StopCause?) -> Outcome? {
        switch (outcome, cause) {
        case (_, nil), (.succeeded, _), (.notStarted, _): outcome
        case (_, .leaseLost): nil
        case (.failed, _), (.timedOut, _): outcome
        case (.cancelled, .timeout), (.interrupted, .timeout), (.lost, .timeout), (.lostAlone, .timeout): .timedOut
        case (.cancelled, .cancelled), (.interrupted, .cancelled), (.lost, .cancelled), (.lostAlone, .cancelled):
            .cancelled
        case (.cancelled, .shutdown), (.interrupted, .shutdown), (.lost, .shutdown), (.lostAlone, .shutdown):
            .interrupted
        }
    }
}

/// Asks one attempt to stop. The first cause counts.
struct StopSignal: Sendable {
    private let stream: AsyncStream<StopCause>
    private let continuation: AsyncStream<StopCause>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(of: StopCause.self, bufferingPolicy: .bufferingOldest(1))
    }

    func stop(because cause: StopCause) { continuation.yield(cause) }

    /// The cause, when there is one; `nil` when the surrounding Swift task is cancelled first.
    func cause() async -> StopCause? {
        for await cause in stream { return cause }
        return nil
    }
}

extension Work {
    /// Whether words on its end show what it was given: the address that was called.
    fileprivate var showsInput: Bool {
        switch self {
        case .http(let call): call.alias == nil && call.url.contains("{{")
        case .shell, .command, .celery, .handler, .alert, .signal, .unknown: false
        }
    }
}
