import Foundation
import Logging
import OnebeatTesting
import Synchronization

@testable import Onebeat
@testable import OnebeatCelery
@testable import OnebeatRedis

extension Run {
    static func example(_ change: (inout Run) -> Void = { _ in }) -> Run {
        let due = Timestamp(iso8601: "2026-11-23T09:30:00Z") ?? .distantPast
        var run = Run(
            id: RunID(1), version: JobVersion(job: "newsletter", generation: 1, version: 1), scheduledAt: due,
            dueAt: due,
            state: .running, need: "celery")
        run.attempt = 1
        run.fence = Fence(7)
        run.boot = "boot"
        change(&run)
        return run
    }
}

extension Claim {
    static func example(
        _ call: CeleryCall, _ policies: JobPolicies = JobPolicies(), _ change: (inout Run) -> Void = { _ in }
    ) -> Claim {
        Claim(
            run: .example(change),
            definition: JobDefinition(name: "newsletter", schedule: .manual, work: .celery(call), policies: policies))
    }
}

/// Output as one text.
final class KeptOutput: OutputSink {
    private let bytes = Mutex<[UInt8]>([])

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    func write(_ bytes: [UInt8], to stream: LogStream) async { self.bytes.withLock { $0 += bytes } }
}

/// A broker of a test's own, and what it holds.
struct BrokerBench {
    let redis: RedisServer
    let settings: CelerySettings
    let client: RedisClient

    init() throws {
        redis = try RedisServer()
        let address = try RedisAddress("redis://127.0.0.1:\(redis.port)")
        settings = CelerySettings(broker: address, results: address)
        client = RedisClient(address, patience: .seconds(5))
    }

    var broker: CeleryBroker { CeleryBroker(client, settings, time: SystemTime()) }

    func executor() -> CeleryExecutor { executor(client) }

    func executor(through proxy: Proxy) throws -> CeleryExecutor {
        executor(RedisClient(try RedisAddress("redis://127.0.0.1:\(proxy.port)"), patience: .seconds(5)))
    }

    /// - Parameter results: the client that reads results, where it is another.
    func executor(_ client: RedisClient, results: RedisClient? = nil) -> CeleryExecutor {
        CeleryExecutor(
            settings, broker: client, results: results ?? client,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            expand: { text, _ in .string(text) })
    }

    func message(_ run: Run = .example(), at sentAt: Timestamp = SystemTime().now()) throws -> CeleryMessage {
        try CeleryMessage(
            CeleryCall(task: "a.b"), of: run, id: TaskID.of(run), stamp: .init(fence: run.fence, sentAt: sentAt),
            settings: settings, expand: { .string($0) })
    }

    /// What a worker does at a task's end.
    func write(_ result: String, of task: String) throws {
        try redis.ask("SET", settings.resultKey(of: task), result)
        try redis.ask("PUBLISH", settings.resultKey(of: task), result)
    }

    var queued: Int { get throws { Int(try redis.ask("LLEN", "celery")) ?? -1 } }
}

/// Looks again until it is true; the surrounding test has a time-out.
func eventually(_ isTrue: () async throws -> Bool) async throws {
    while try await !isTrue() { try await Task.sleep(for: .milliseconds(10)) }
}
