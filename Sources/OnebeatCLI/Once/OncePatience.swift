import Foundation
import Onebeat

/// How long a call goes on asking a store, or a Redis, that does not answer: no other call of its slot may come, so as long as
/// the slot lasts, but no longer than a restart or a failover takes.
struct OncePatience {
    private static let longest = Duration.seconds(300)
    private static let pause = (first: Duration.milliseconds(100), last: Duration.seconds(2))

    private let time = SystemTime()
    private let end: Duration

    /// By this machine's clock: the store's own is not known before it answers.
    init(for definition: JobDefinition) {
        let now = time.now()
        let left = Slot(at: now, length: definition.policies.deadline).end.duration(since: now)
        end = time.uptime() + min(left, Self.longest)
    }

    /// Asks until there is an answer, or an error that will not pass, or the time is over.
    func asking<Value>(
        again mayPass: (any Error) -> Bool, _ ask: () async throws -> Value
    ) async throws -> Value {
        var pause = Self.pause.first
        while true {
            do {
                return try await ask()
            } catch {
                let now = time.uptime()
                guard mayPass(error), now + pause < end else { throw error }
                try await time.sleep(until: now + pause)
                pause = min(pause * 2, Self.pause.last)
            }
        }
    }
}
