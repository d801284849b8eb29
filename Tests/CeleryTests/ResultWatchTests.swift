import Logging
import OnebeatTesting
import Synchronization
import Testing

@testable import Onebeat
@testable import OnebeatCelery
@testable import OnebeatRedis

@Suite(.timeLimit(.minutes(1)))
struct ResultWatchTests {
    private let bench: BrokerBench
    private let time = ManualTime()
    private let log = Words()

    init() throws { bench = try BrokerBench() }

    private func watch() -> ResultWatch {
        ResultWatch(bench.client, bench.settings, time: time, logger: Logger(label: "test") { [log] _ in log.handler })
    }

    /// The connection is kept for a while after the last task, and nobody misses what it would have said.
    @Test func aRedisThatGoesWhenNothingIsWatchedIsNobodysTrouble() async throws {
        let watch = watch()
        try bench.write(#"{"status": "SUCCESS", "result": 1, "traceback": null}"#, of: "a")
        for await _ in await watch.states(of: "a") {}
        bench.redis.stop()
        while await watch.isGoing {
            time.advance(by: ResultWatch.ping)
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(log.all == [])
    }

    @Test func aRedisThatGoesWhileATaskIsWatchedIsToldOnce() async throws {
        let watch = watch()
        let states = await watch.states(of: "a")
        try await eventually {
            try bench.redis.ask("EVAL", "return #redis.call('pubsub', 'channels')", "0").hasSuffix("1")
        }
        bench.redis.stop()
        while log.all.isEmpty {
            time.advance(by: ResultWatch.ping)
            try await Task.sleep(for: .milliseconds(10))
        }
        try bench.redis.start()
        try bench.write(#"{"status": "SUCCESS", "result": 1, "traceback": null}"#, of: "a")
        let end = Task { [time] in
            while !Task.isCancelled {
                time.advance(by: ResultWatch.ping)
                try? await Task.sleep(for: .milliseconds(10))
            }
        }
        var seen: [TaskState] = []
        for await state in states { seen.append(state) }
        end.cancel()
        #expect(seen.count == 2 && seen.last?.isTerminal == true)
        guard case .other(let words)? = seen.first, words.hasPrefix("its result cannot be read for now") else {
            Issue.record("\(seen)")
            return
        }
        #expect(log.all.count { $0.contains("cannot be read") } == 1)
    }
}

/// What was logged.
private final class Words: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    var handler: any LogHandler { Handler(words: self) }

    private struct Handler: LogHandler {
        let words: Words
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        init(words: Words) { self.words = words }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { words.lines.withLock { $0.append("\(event.message)") } }
    }
}
