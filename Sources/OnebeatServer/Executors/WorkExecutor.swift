import Onebeat

/// Hands each attempt to the executor that its work asks for.
public struct WorkExecutor: Executor {
    private let process: any Executor
    private let http: any Executor
    private let alerts: (any Executor)?

    /// - Parameters:
    ///   - process: runs shell lines and commands.
    ///   - http: makes HTTP calls.
    ///   - alerts: tells people, where there is somebody who does.
    public init(process: any Executor, http: any Executor, alerts: (any Executor)? = nil) {
        self.process = process
        self.http = http
        self.alerts = alerts
    }

    /// Processes and HTTP calls, and alerts.
    public var abilities: Abilities { .only(Set(["run", "exec", "http"] + (alerts == nil ? [] : ["alert"]))) }

    /// Does the work of `claim` and says how it ended.
    public func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        switch claim.definition.work {
        case .shell, .command: await process.execute(claim, output: output)
        case .http: await http.execute(claim, output: output)
        case .alert: await alerts?.execute(claim, output: output) ?? .notStarted
        // The closure of a program, or what a newer version knows: none of it is claimed here.
        case .handler, .unknown: .notStarted
        }
    }
}
