import Logging
import OnebeatTesting
import Testing

@testable import Onebeat

struct HandlerExecutorTests {
    struct Broken: Error, CustomStringConvertible {
        let description = "no paper"
    }

    private func execute(_ handler: Handler?) async -> Outcome {
        let executor = HandlerExecutor(
            handlers: handler.map { ["report": $0] } ?? [:], logger: Logger(label: "test"))
        return await executor.execute(.example(.running(1, fence: 7)), output: NoOutput())
    }

    @Test func aClosureThatReturnsSucceeded() async {
        let outcome = await execute { run in
            #expect(run.key == "report@2026-01-01T00:00:00Z")
            #expect(run.fence == Fence(7))
            #expect(run.attempt == 1)
        }
        #expect(outcome == .succeeded)
    }

    private actor KeptValue: OutputSink {
        var value: RunValue?
        func write(_ bytes: [UInt8], to stream: LogStream) {}
        func handOn(_ value: RunValue) { self.value = value }
    }

    private struct Files: Codable, Equatable { var files: [String] }

    @Test func aClosureIsGivenValuesAndHandsOneOn() async throws {
        let given = Files(files: ["a.csv", "日.csv"])
        let executor = HandlerExecutor(
            handlers: [
                "report": { run in
                    #expect(try run.input(from: "extract") == given)
                    #expect(try run.input(from: "nobody", as: Files.self) == nil)
                    #expect(throws: DecodingError.self) { try run.input(from: "extract", as: Int.self) }
                    await #expect(throws: RunValueError.self) {
                        try await run.handOn(String(repeating: "x", count: RunValue.mostBytes))
                    }
                    try await run.handOn(given.files.count)
                }
            ], logger: Logger(label: "test"))
        var claim = Claim.example(.running(1, fence: 7))
        claim.input = ["extract": try RunValue(given)]
        let output = KeptValue()
        #expect(await executor.execute(claim, output: output) == .succeeded)
        #expect(await output.value?.json == "2")
    }

    @Test func aClosureThatThrowsFailedInItsWords() async {
        #expect(await execute { _ in throw Broken() } == .failed(Failure("no paper")))
    }

    /// As PostgresNIO's errors do, which keep queries out of logs.
    private struct Discreet: Error, CustomStringConvertible, CustomDebugStringConvertible {
        let description = "an error occurred"
        var debugDescription: String
    }

    @Test func whatAnErrorKeepsFromUsersIsKeptWithTheRun() async {
        let outcome = await execute { _ in throw Discreet(debugDescription: "relation \"orders\" does not exist") }
        #expect(outcome == .failed(Failure("relation \"orders\" does not exist")))
    }

    @Test func anErrorsWordsAreBoundedAndHarmless() {
        let words = "\u{1B}]52;c;\u{0}\u{7}\u{202E}é\tb\nc"
        #expect(Failure(Discreet(debugDescription: words)).message == "␛]52;c;␀␇?é\tb\nc")
        let long = Failure(Discreet(debugDescription: String(repeating: "é", count: 5000))).message
        #expect(long == String(repeating: "é", count: 2000) + " … (10000 bytes)")
    }

    @Test func theLoggerOfARunNamesJobRunAndAttempt() async {
        let outcome = await execute { run in
            #expect(run.logger[metadataKey: "job"] == "report")
            #expect(run.logger[metadataKey: "run"] == "report@2026-01-01T00:00:00Z")
            #expect(run.logger[metadataKey: "attempt"] == "1")
        }
        #expect(outcome == .succeeded)
    }

    @Test func aClosureThatThrowsCancellationUnaskedFailed() async {
        let outcome = await execute { _ in throw CancellationError() }
        guard case .failed = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func itCanDoTheClosuresThatWereRegisteredAndHandsBackWhatItCannot() async {
        let executor = HandlerExecutor(handlers: ["report": { _ in }], logger: Logger(label: "test"))
        #expect(executor.abilities == .only(["handler:report"]))
        #expect(await execute(nil) == .notStarted)
    }
}
