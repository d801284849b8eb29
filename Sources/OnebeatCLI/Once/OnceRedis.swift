import Foundation
import Onebeat
import OnebeatRedis
import OnebeatServer

/// A call over Redis alone: a mark says that the slot is taken, a lock that the command still runs. Both are as sure as
/// Redis is: one that forgets, or fails over, lets a slot run twice.
struct OnceRedis {
    /// How much of its length a lock is not trusted: the time the command has to be stopped and gone.
    private static let mostMargin = Duration.seconds(3)
    /// How often Redis is asked again that does not let us in at once.
    private static let tries = 10
    private static let pause = Duration.milliseconds(100)

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
        do {
            let slot = try await slot(of: definition)
            guard try await mark(slot, of: definition, by: lock.token) else {
                return .notMine("another machine has the slot of \(slot.start)")
            }
            let asked = time.uptime()
            if case .heldBy(let holder) = try await acquire(wish) {
                return .notMine("the slot of \(slot.start) is skipped: \(lock.name.words(heldBy: holder))")
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

    private func slot(of definition: JobDefinition) async throws -> Slot {
        let reply = try await patiently { try await client.send([RedisCommand("TIME")])[0] }
        guard case .array(let parts) = reply, parts.count == 2, let seconds = parts[0].text.flatMap({ Int64($0) }),
            let microseconds = parts[1].text.flatMap({ Int64($0) })
        else { throw CommandFailure("Redis at \(client.address.place) does not tell the time: \(reply)", .unavailable) }
        let now = Timestamp(microseconds: seconds * 1_000_000 + microseconds)
        return Slot(at: now, length: definition.policies.deadline)
    }

    /// Takes the slot, for as long as any machine might still think it the present one.
    private func mark(_ slot: Slot, of definition: JobDefinition, by token: String) async throws -> Bool {
        let key = "\(client.address.prefix)once:\(definition.name)@\(slot.start)"
        let length = "\(2 * definition.policies.deadline.wholeMicroseconds / 1000)"
        let command = RedisCommand("SET", key, token, "NX", "PX", length)
        let reply = try await client.send([command])[0]
        if let failure = reply.failure {
            throw CommandFailure("Redis at \(client.address.place) refused a mark: \(failure)", .unavailable)
        }
        return reply != .null
    }

    private func acquire(_ wish: LockWish) async throws -> LockAnswer { try await locks.acquire([wish])[0] }

    /// A new connection may take longer than the client's patience.
    private func patiently<Value>(_ ask: () async throws -> Value) async throws -> Value {
        for _ in 1..<Self.tries {
            do {
                return try await ask()
            } catch RedisError.unavailable {
                try await time.sleep(until: time.uptime() + Self.pause)
            }
        }
        return try await ask()
    }
}
