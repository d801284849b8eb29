import Onebeat

/// Hands each attempt to the executor that its work asks for.
package struct WorkExecutor: Executor {
    private let process: any Executor
    private let http: any Executor
    private let celery: (any Executor)?
    private let alerts: (any Executor)?

    /// - Parameters:
    ///   - process: runs shell lines and commands.
    ///   - http: makes HTTP calls.
    ///   - celery: sends tasks to the workers of a Celery application, where there is one.
    ///   - alerts: tells people, where there is somebody who does.
    package init(
        process: any Executor, http: any Executor, celery: (any Executor)? = nil, alerts: (any Executor)? = nil
    ) {
        self.process = process
        self.http = http
        self.celery = celery
        self.alerts = alerts
    }

    /// Processes and HTTP calls, and what else there is somebody for.
    package var abilities: Abilities {
        .only(Set(["run", "exec", "http"] + (celery == nil ? [] : ["celery"]) + (alerts == nil ? [] : ["alert"])))
    }

    /// Told to whoever does the work.
    package func willStop(_ claim: Claim, because cause: StopCause) async {
        switch claim.definition.work {
        case .shell, .command: await process.willStop(claim, because: cause)
        case .http: await http.willStop(claim, because: cause)
        case .celery: await celery?.willStop(claim, because: cause)
        case .alert: await alerts?.willStop(claim, because: cause)
        case .handler, .signal, .unknown: break
        }
    }

    /// Does the work of `claim` and says how it ended.
    package func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        switch claim.definition.work {
        case .shell, .command: await process.execute(claim, output: output)
        case .http: await http.execute(claim, output: output)
        case .alert: await alerts?.execute(claim, output: output) ?? .notStarted
        case .celery: await celery?.execute(claim, output: output) ?? .notStarted
        // The closure of a program, what is done elsewhere, or what a newer version knows: none of it is claimed here.
        case .handler, .signal, .unknown: .notStarted
        }
    }
}
