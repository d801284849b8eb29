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

    @Test func aClosureThatThrowsFailedInItsWords() async {
        #expect(await execute { _ in throw Broken() } == .failed(Failure("no paper")))
    }

    @Test func aClosureThatThrowsCancellationUnaskedFailed() async {
        let outcome = await execute { _ in throw CancellationError() }
        guard case .failed = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func aJobWithoutAClosureFailsAndSaysWhatWouldDo() async {
        let message = await execute(nil).failure?.message
        #expect(message?.contains(#"no closure for job "report""#) == true)
    }
}
