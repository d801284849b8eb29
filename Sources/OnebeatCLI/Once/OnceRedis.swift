import Foundation
import Onebeat
import OnebeatRedis
import OnebeatServer

/// A call over Redis alone: a mark says that the slot is taken, a lock that the command still runs. Both are as sure as
/// Redis is: one that forgets, or fails over, lets a slot run twice.
struct OnceRedis {
    /// How much of its length a lock is not trusted: the time the command has to be stopped and gone.
    private static let mostMargin = Duration.seconds(3)
    private let client: RedisClient
    private let locks: RedisLocks
    private let guardian: Guardian
    private let work: OnceWork
    private let time = SystemTime()

    init(_ address: RedisAddress, _ guardian: Guardian, _ work: OnceWork) {
        client = RedisClient(address, name: "onebeat-once")
        locks = RedisLocks(client)
        self.guardian = guardian
        self.work = work
    }

    func run(_ definition: JobDefinition, lease: Duration) async throws -> OnceVerdict {
        let name = definition.name
        let lock = HeldLock(LockName(job: name), token: "\(ProcessInfo.processInfo.hostName)/\(getpid())/\(UUID())")
        let wish = LockWish(lock, length: lease)
        let patience = OncePatience(for: definition)
        do {
            let slot = try await patience.asking(again: Self.mayPass) { try await presentSlot(of: definition) }
            let isMine = try await patience.asking(again: Self.mayPass) {
                try await mark(slot, of: definition, by: lock.token)
            }
            guard isMine else { return .notMine("another machine has the slot of \(slot.start.words.told)") }
            let (answer, asked) = try await patience.asking(again: Self.mayPass) { try await acquire(wish) }
            switch answer {
            case .held: break
            case .heldBy(let holder):
                return .notMine("the slot of \(slot.start.words.told) is skipped: \(lock.name.words(heldBy: holder))")
            case .gone: throw CommandFailure("\(lock.name) was gone at once", .tryLater)
            case .noLock(let why): throw CommandFailure(why, .unavailable)
            }
            trust(wish, asked: asked)
            let isDone = try await work.underSignals {
                let identity = ["ONEBEAT_JOB": name, "ONEBEAT_RUN_KEY": "\(name)@\(slot.start)"]
                return await holding(wish) { await work.run(identity) }
            }
            try? await locks.release([lock])
            await client.close()
            return isDone
                ? .ran(trouble: nil)
                : .stopped("the command was ended, since \(lock.name) could not be held; --ttl is its length")
        } catch let error as LockError {
            throw CommandFailure("\(error)", .tryLater)
        } catch let error as RedisError {
            throw CommandFailure("\(error)", .tryLater)
        }
    }

    /// Runs `body`, extends the lock meanwhile, and stops `body` when that cannot be done.
    /// - Returns: whether the lock was held to the end.
    private func holding(_ wish: LockWish, _ body: @escaping @Sendable () async -> Outcome) async -> Bool {
        await withTaskGroup(of: Bool?.self) { group in
            group.addTask {
                // Ended by the guardian means ended at the lock's end.
                await body() != .interrupted
            }
            group.addTask {
                await extend(wish)
                return nil
            }
            let isDone = await group.next() ?? nil
            group.cancelAll()
            await group.waitForAll()
            return isDone ?? false
        }
    }

    /// Returns when the lock is somebody else's, or gone, or when the surrounding Swift task is cancelled. While Redis does
    /// not answer the guardian's deadline comes nearer.
    private func extend(_ wish: LockWish) async {
        var pause = wish.length / 3
        while (try? await time.sleep(until: time.uptime() + pause)) != nil {
            let asked = time.uptime()
            guard let answer = try? await locks.extend([wish]).first else {
                pause = wish.length / 20
                continue
            }
            guard answer == .held else { return }
            trust(wish, asked: asked)
            pause = wish.length / 3
        }
    }

    /// Moves the moment at which the guardian ends the command.
    private func trust(_ wish: LockWish, asked: Duration) {
        let margin = min(Self.mostMargin, wish.length / 3)
        guardian.extend(until: .now + (asked + wish.length - margin - time.uptime()))
    }

    // MARK: The slot

    private func presentSlot(of definition: JobDefinition) async throws -> Slot {
        let reply = try await ask([RedisCommand("TIME")])[0]
        guard let now = reply.time else {
            throw CommandFailure("\(place) tells no time that can be, but \(reply.kind)", .unavailable)
        }
        return Slot(at: now, length: definition.policies.deadline)
    }

    /// Takes the slot, for as long as any machine might still think it the present one. Who has it is asked in the same flight,
    /// so that a mark of ours whose answer was lost is found out by the next question.
    private func mark(_ slot: Slot, of definition: JobDefinition, by token: String) async throws -> Bool {
        let key = "\(client.address.prefix)once:\(definition.name)@\(slot.start)"
        let length = "\(2 * definition.policies.deadline.wholeMicroseconds / 1000)"
        let replies = try await ask([RedisCommand("SET", key, token, "NX", "PX", length), RedisCommand("GET", key)])
        switch (replies[0], replies[1]) {
        case (.null, .bytes): return replies[1].text == token
        case (.status, _) where replies[1].text == token: return true
        case (.failure(let failure), _): throw refusal(failure, of: "a mark")
        default:
            throw CommandFailure(
                "\(place) answered \(replies[0].kind) and \(replies[1].kind) when asked for a mark; is it a Redis?",
                .unavailable)
        }
    }

    private func acquire(_ wish: LockWish) async throws -> (LockAnswer, asked: Duration) {
        let asked = time.uptime()
        guard let answer = try await locks.acquire([wish]).first else {
            throw CommandFailure("\(place) did not say whether it keeps a lock", .unavailable)
        }
        return (answer, asked)
    }

    /// Sends commands, and gets as many answers; what will pass is an error that passes.
    private func ask(_ commands: [RedisCommand]) async throws -> [RedisReply] {
        let replies = try await client.send(commands)
        guard replies.count == commands.count else {
            throw CommandFailure("\(place) answered \(replies.count) of \(commands.count) questions", .unavailable)
        }
        if let failure = replies.lazy.compactMap(\.failure).first(where: \.isPassing) {
            throw RedisError.unavailable("\(place) is not ready: \(failure)")
        }
        return replies
    }

    private func refusal(_ failure: RedisReplyFailure, of what: String) -> CommandFailure {
        CommandFailure("\(place) refused \(what): \(failure)", .unavailable)
    }

    private var place: String { "Redis at \(client.address.place)" }

    /// A new connection may take longer than the client's patience, and a server restarts.
    private static func mayPass(_ error: any Error) -> Bool {
        switch error {
        case RedisError.unavailable, RedisError.unknownOutcome, is LockError: true
        default: false
        }
    }
}
