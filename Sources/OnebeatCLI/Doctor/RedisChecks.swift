import Onebeat
import OnebeatRedis
import OnebeatServer

/// What the doctor says of Redis.
enum RedisChecks {
    /// Takes a lock and gives it up again, as a node does, and says how long that took.
    static func finding(on address: RedisAddress) async -> Finding {
        let client = RedisClient(address, name: "onebeat:doctor", patience: .seconds(3))
        let lock = HeldLock(LockName(job: "onebeat doctor"), token: "doctor/\(UInt64.random(in: 0...UInt64.max))")
        let locks = RedisLocks(client)
        var finding: Finding
        do {
            // The first answer waits for the connection.
            let answers = try await locks.acquire([LockWish(lock, length: .seconds(10))])
            if case .noLock(let why) = answers.first { throw LockError(why) }
            let start = ContinuousClock.now
            try await locks.release([lock])
            let length = ContinuousClock.now - start
            finding = .ok("redis", "\(address) keeps locks, and answers within \(length.brief)")
            if length > .milliseconds(50) {
                finding = .warn(
                    "redis", "\(address) keeps locks, but answers only after \(length.brief)",
                    "a nearer or less busy Redis; each start of a job that may not overlap waits for it")
            }
        } catch {
            finding = .fail(
                "redis", "\(error)",
                "check redis; until locks can be kept there, `locks` decides whether guarded jobs start")
        }
        await client.close()
        return finding
    }
}
