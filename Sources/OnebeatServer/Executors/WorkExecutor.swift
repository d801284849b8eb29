import Onebeat

/// Hands each attempt to the executor that its work asks for.
public struct WorkExecutor: Executor {
    private let process: any Executor
    private let http: any Executor

    /// - Parameters:
    ///   - process: runs shell lines and commands.
    ///   - http: makes HTTP calls.
    public init(process: any Executor, http: any Executor) {
        self.process = process
        self.http = http
    }

    /// Does the work of `claim` and says how it ended.
    public func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        switch claim.definition.work {
        case .shell, .command: await process.execute(claim, output: output)
        case .http: await http.execute(claim, output: output)
        case .handler:
            .failed(
                Failure(
                    "job \"\(claim.run.job)\" is a closure of a program, and this node has none; start the program "
                        + "that registers it, or give the job a queue that only the program serves"))
        case .unknown: .failed(Failure(claim.definition.trouble ?? "this version of Onebeat does not know its work"))
        }
    }
}
