import Logging
import Onebeat
import OnebeatRedis
import Synchronization

/// Sends tasks to the workers of a Celery application and watches what becomes of them.
///
/// An attempt here is a watch: it takes no slot, and it ends without the task where its node leaves. The next one, on
/// whichever node, finds in the broker that the task was sent, and watches on.
package final class CeleryExecutor: Executor {
    /// The pauses between two tries to send.
    private static let pauses = (first: Duration.milliseconds(200), last: Duration.seconds(2))
    /// How long a task that was told to end has to say that it did.
    private static let revokingPatience = Duration.seconds(2)
    /// For how long it is tried to take a task back while Redis does not answer.
    private static let longestRevoking = Duration.seconds(3600)
    /// In how long a worker should have taken a message.
    private static let taking = Duration.seconds(30)
    /// How often the guard of a watched task is looked after.
    private static let care = Duration.seconds(1800)

    private let broker: CeleryBroker
    private let results: ResultWatch
    private let settings: CelerySettings
    private let time: any TimeSource
    private let logger: Logger
    private let expand: @Sendable (String, Claim) throws -> JSONValue
    private let lease = Mutex<(boot: String, trustedUntil: Duration)?>(nil)
    private let causes = Mutex<[Fence: StopCause]>([:])

    /// - Parameters:
    ///   - broker: a client of `settings.broker`, and `results` of `settings.results`.
    ///   - expand: what a text with `${` or `{{` in it stands for in an attempt: variables, and what other jobs handed on.
    package init(
        _ settings: CelerySettings, broker: RedisClient, results: RedisClient, time: any TimeSource = SystemTime(),
        logger: Logger, expand: @escaping @Sendable (String, Claim) throws -> JSONValue
    ) {
        self.settings = settings
        self.broker = CeleryBroker(broker, settings, time: time)
        self.results = ResultWatch(results, settings, time: time, logger: logger)
        self.time = time
        self.logger = logger
        self.expand = expand
    }

    package var abilities: Abilities { .only(["celery"]) }

    /// Told at each renewal of the node's lease: nothing is sent that would arrive after it.
    package func renewed(_ node: NodeID, trustedUntil: Duration) {
        lease.withLock { $0 = (node.boot, trustedUntil) }
    }

    package func willStop(_ claim: Claim, because cause: StopCause) async {
        causes.withLock { $0[claim.fence] = cause }
    }

    package func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        defer { causes.withLock { $0[claim.fence] = nil } }
        guard case .celery(let call) = claim.definition.work else {
            return .failed(Failure("work of kind \(claim.definition.work.kind) is no task of Celery"))
        }
        var task = SentTask(
            claim: claim, call: call, id: TaskID.of(claim.run),
            stamp: CeleryMessage.Stamp(fence: claim.fence, sentAt: time.now()), output: output)
        if claim.run.isCancelRequested { return await end(&task) }
        do {
            // What would be sent and never watched to its end is better not sent; what was sent is watched for as long as may be.
            let isFirst = claim.run.attempt == claim.run.failures + 1
            if isFirst, call.outcome != .dispatch, let words = await results.refusal() {
                return .failed(Failure("its result could not be read: \(words)"))
            }
            switch try await send(&task) {
            case .sent: break
            case .ended(let outcome): return outcome
            }
        } catch {
            return .failed(Failure("\(error)"))
        }
        if call.outcome == .dispatch { return .succeeded }
        return await watch(task)
    }

    // MARK: To the broker

    /// A task and what is known of its sending.
    private struct SentTask: Sendable {
        let claim: Claim
        let call: CeleryCall
        let id: String
        /// Who sent it and when; as long as nobody has, who would.
        var stamp: CeleryMessage.Stamp
        let output: any OutputSink

        func note(_ words: String) async {
            await output.write(Array("[celery: \(words)]\n".utf8), to: .note)
        }
    }

    private enum Sent {
        case sent
        case ended(Outcome)
    }

    private func message(of task: SentTask) throws -> CeleryMessage {
        try CeleryMessage(
            task.call, of: task.claim.run, id: task.id, stamp: task.stamp, settings: settings,
            expand: { try expand($0, task.claim) })
    }

    /// Tries until it is sent, or the run may not start any more.
    private func send(_ task: inout SentTask) async throws -> Sent {
        let (run, policies) = (task.claim.run, task.claim.definition.policies)
        let isFirst = run.attempt == run.failures + 1
        let message = try message(of: task)
        var pause = Self.pauses.first
        var mayBeSent = false
        var toldOf: String?
        while !Task.isCancelled {
            do throws(RedisError) {
                let answer = try await broker.send(
                    message, id: task.id, stamp: task.stamp, mayPush: isFirst || policies.delivery == .atLeastOnce,
                    trustedUntil: trustedUntil(of: run))
                switch answer {
                case .sent:
                    await task.note("sent as \(task.id) to \(task.call.queue ?? settings.queue)")
                    return .sent
                case .sentBefore(let stamp):
                    task.stamp = stamp
                    let age = max(time.now().duration(since: stamp.sentAt), .zero)
                    let words =
                        stamp.fence == task.claim.fence
                        ? "sent" : "sent \(Int(clamping: age.components.seconds)) s before"
                    await task.note("\(words) as \(task.id) to \(task.call.queue ?? settings.queue)")
                    return .sent
                case .unknown:
                    await task.note("an earlier attempt may have sent it, and Redis knows nothing of that any more")
                    return .ended(.lost)
                case .stale: return .ended(.lost)
                case .late: break
                }
            } catch {
                switch error {
                case .refused(let words): return .ended(.failed(Failure(words)))
                case .unknownOutcome: mayBeSent = true
                case .unavailable: break
                }
                if toldOf == nil {
                    await task.note("not sent yet: \(error)")
                    logger.warning(
                        "a task of Celery cannot be sent; it is tried again",
                        metadata: ["run": "\(run.key)", "error": "\(error)"])
                }
                toldOf = error.description
                if !mayBeSent, run.attempt == 1, let deadline = run.deadlineAt, time.now() > deadline {
                    return .ended(.failed(Failure("it could not be sent by its deadline: \(error)")))
                }
            }
            try? await time.sleep(until: time.uptime() + pause)
            pause = min(pause * 2, Self.pauses.last)
        }
        switch causes.withLock({ $0[task.claim.fence] }) {
        case .timeout, .cancelled: return .ended(mayBeSent || !isFirst ? await withdraw(task) : .cancelled)
        case .shutdown, .leaseLost, nil: return .ended(mayBeSent || !isFirst ? .cancelled : .notStarted)
        }
    }

    /// Until when the node that claimed the run may send: the past where its lease is over.
    private func trustedUntil(of run: Run) -> Duration? {
        lease.withLock { lease in lease.map { $0.boot == run.boot ? $0.trustedUntil : .zero } }
    }

    // MARK: To its end

    /// Ends a task whose run was to end, and whose node died before it had seen to that.
    private func end(_ task: inout SentTask) async -> Outcome {
        if let message = try? message(of: task) {
            let answer = try? await broker.send(
                message, id: task.id, stamp: task.stamp, mayPush: false, trustedUntil: nil)
            // Its message is the same only as it was sent.
            if case .sentBefore(let stamp)? = answer { task.stamp = stamp }
        }
        await task.note("its node did not come to end it")
        return await withdraw(task)
    }

    private enum Ending {
        case ended(Outcome)
        case timeOver
        case stopped
    }

    private func watch(_ task: SentTask) async -> Outcome {
        let limit = task.claim.definition.timeout ?? CeleryCall.longestWatch
        // Counted from when it was sent, whoever watched it before.
        let end = time.uptime() + max(limit - time.now().duration(since: task.stamp.sentAt), .zero)
        let ending = await withTaskGroup(of: Ending.self) { group in
            group.addTask { await self.follow(task) }
            group.addTask {
                try? await self.time.sleep(until: end)
                return Task.isCancelled ? .stopped : .timeOver
            }
            group.addTask { await self.careForGuard(of: task) }
            group.addTask { await self.lookForTaker(of: task) }
            let first = await group.next() ?? .stopped
            group.cancelAll()
            return first
        }
        switch ending {
        case .ended(let outcome): return outcome
        case .timeOver:
            let outcome = await withdraw(task)
            return outcome == .cancelled ? .timedOut : outcome
        case .stopped:
            switch causes.withLock({ $0[task.claim.fence] }) {
            case .timeout, .cancelled: return await withdraw(task)
            case .shutdown, .leaseLost, nil: return .cancelled
            }
        }
    }

    /// - Parameter isEnding: whether only its end is of interest any more.
    private func follow(_ task: SentTask, isEnding: Bool = false) async -> Ending {
        var last: TaskState?
        for await state in await results.states(of: task.id) where state != last && (state.isTerminal || !isEnding) {
            last = state
            if let outcome = await tell(state, of: task) { return .ended(outcome) }
        }
        return .stopped
    }

    /// Keeps what a state says.
    /// - Returns: the outcome, where it is an end.
    private func tell(_ state: TaskState, of task: SentTask) async -> Outcome? {
        // Notes are kept of secret output too, and what a task says of itself is output.
        let isSecret = task.claim.definition.hasSecretOutput
        switch state {
        case .started(let worker):
            await task.note("started\(worker.isEmpty ? "" : " by \(worker)")")
            return nil
        case .retrying(let why):
            await task.note(isSecret ? "its worker tries it again" : "its worker tries it again: \(why)")
            return nil
        case .other(let words):
            await task.note(isSecret ? "it said something of its own" : words)
            return nil
        case .succeeded(let result):
            await task.output.write(Array("\(result)\n".utf8), to: .stdout)
            do throws(RunValueError) {
                await task.output.handOn(try RunValue(json: Array(result.utf8)))
            } catch {
                await task.note("its result is not handed on to others: \(error)")
            }
            return .succeeded
        case .failed(let why, let traceback):
            if !traceback.isEmpty { await task.output.write(Array("\(traceback)\n".utf8), to: .stderr) }
            if why.hasPrefix("NotRegistered") {
                return .failed(Failure("the worker does not know the task \"\(task.call.task)\" (NotRegistered)"))
            }
            return .failed(Failure(why.isEmpty ? "it failed" : why))
        case .revoked(let why):
            if why.contains("expired") { return .failed(Failure("it expired before a worker began it (\(why))")) }
            await task.note("revoked: \(why)")
            return .cancelled
        case .unreadable(let why):
            return .failed(Failure("how it ended is not known: \(why)"))
        }
    }

    /// So that it is not sent again however long it takes; and what was forgotten is said.
    private func careForGuard(of task: SentTask) async -> Ending {
        while !Task.isCancelled {
            try? await time.sleep(until: time.uptime() + Self.care)
            if Task.isCancelled { break }
            if let forgotten = try? await broker.keep([task.id]), !forgotten.isEmpty {
                await task.note("Redis knows nothing of it any more; was it flushed? A worker may still have it")
                return await waiting()
            }
        }
        return .stopped
    }

    /// Says it where no worker takes the message: whoever looks at the run must not take it for one at work.
    private func lookForTaker(of task: SentTask) async -> Ending {
        guard let message = try? message(of: task) else { return await waiting() }
        let start = time.uptime()
        var isTold = false
        while !Task.isCancelled {
            let pause = isTold ? Self.care : Self.taking
            try? await time.sleep(until: time.uptime() + pause)
            if Task.isCancelled { break }
            // A worker may take it just now, and Redis may be away.
            guard let isWaiting = try? await broker.isWaiting(message) else { continue }
            guard isWaiting else { return await waiting() }
            let length = Int(clamping: (time.uptime() - start).components.seconds)
            await task.note(
                "no worker has taken it from its queue for \(length) s: they are busy, or none takes from it;"
                    + " `onebeat doctor` asks them")
            isTold = true
        }
        return .stopped
    }

    private func waiting() async -> Ending {
        while !Task.isCancelled { try? await time.sleep(until: time.uptime() + Self.care) }
        return .stopped
    }

    /// Takes it back, or has its worker end it; also when the surrounding Swift task is cancelled.
    /// - Returns: how it ended, where it says so soon; else that it was stopped.
    private func withdraw(_ task: SentTask) async -> Outcome {
        await Task { await revoke(task) }.value
    }

    private func revoke(_ task: SentTask) async -> Outcome {
        let found: CeleryBroker.Withdrawal
        do {
            switch try await withdrawing(try message(of: task), task) {
            case .done(let withdrawal): found = withdrawal
            case .others:
                await task.note("another node watches it by now; it was left alone")
                return .cancelled
            case .failed(let words): return .failed(Failure(words, isFinal: true))
            }
        } catch {
            await task.note("it could not be revoked: \(error)")
            return .failed(Failure("its task could not be revoked, and may go on: \(error)", isFinal: true))
        }
        if found.wasInList {
            await task.note("taken out of its queue: no worker had it")
            return .cancelled
        }
        await task.note(
            found.heard == 0
                ? "no worker listens that could end it" : "workers were told to end it (\(found.heard) listen)")
        let patience = time.uptime() + Self.revokingPatience
        let last = await withTaskGroup(of: Ending.self) { group in
            group.addTask { await self.follow(task, isEnding: true) }
            group.addTask {
                try? await self.time.sleep(until: patience)
                return .timeOver
            }
            let first = await group.next() ?? .timeOver
            group.cancelAll()
            return first
        }
        if case .ended(let outcome) = last, outcome == .succeeded { return .succeeded }
        if case .timeOver = last {
            await task.note("no worker said that it ended; it may go on, or its worker may have vanished")
        }
        return .cancelled
    }

    private enum Withdrawing {
        case done(CeleryBroker.Withdrawal)
        /// Another node has it by now.
        case others
        case failed(String)
    }

    /// Tries until Redis answers: whoever asks for the end of a run wants its task not to run. A node that dies meanwhile
    /// leaves it to the next one, and what has been done is done again then.
    private func withdrawing(_ message: CeleryMessage, _ task: SentTask) async throws -> Withdrawing {
        let end = time.uptime() + Self.longestRevoking
        var pause = Self.pauses.first
        var isTold = false
        while true {
            do throws(RedisError) {
                let withdrawal = try await broker.withdraw(message, id: task.id, fence: task.claim.fence)
                return withdrawal.map { .done($0) } ?? .others
            } catch {
                if case .refused = error { throw error }
                guard time.uptime() < end else {
                    return .failed("its task could not be revoked, and may go on: \(error)")
                }
                if !isTold {
                    await task.note("it cannot be revoked yet: \(error)")
                    logger.warning(
                        "a task of Celery cannot be revoked; it is tried again",
                        metadata: ["run": "\(task.claim.run.key)", "error": "\(error)"])
                }
                isTold = true
            }
            try? await time.sleep(until: time.uptime() + pause)
            pause = min(pause * 2, Self.pauses.last)
        }
    }
}
