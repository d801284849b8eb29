import Onebeat
import OnebeatServer
import Testing

@Suite struct WorkExecutorTests {
    private struct Named: Executor {
        let name: String
        func execute(_ claim: Claim, output: any OutputSink) async -> Outcome { .failed(Failure(name)) }
    }

    @Test(arguments: [
        (Work.shell("true", ProcessSettings()), "process"), (.command(["true"], ProcessSettings()), "process"),
        (.http(HTTPCall(url: "http://x/")), "http"),
    ])
    func workGoesToTheExecutorOfItsKind(work: Work, name: String) async {
        #expect(await outcome(of: work).failure?.message == name)
    }

    @Test func aClosureOfAnotherProgramIsHandedBackAndNoneIsAskedFor() async {
        #expect(await outcome(of: .handler) == .notStarted)
        let executor = WorkExecutor(process: Named(name: "process"), http: Named(name: "http"))
        #expect(executor.abilities == .only(["run", "exec", "http"]))
    }

    private func outcome(of work: Work) async -> Outcome {
        await WorkExecutor(process: Named(name: "process"), http: Named(name: "http"))
            .execute(.example(work), output: RecordingSink())
    }
}
