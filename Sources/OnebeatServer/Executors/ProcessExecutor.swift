import Foundation
import Onebeat

/// Runs shell lines and commands as processes below the guardian.
package struct ProcessExecutor: Executor {
    private let guardian: Guardian
    private let environment: [String: String]
    private let inherited: [String: String]

    /// - Parameter environment: What jobs inherit and `${NAME}` is replaced from; the node's own unless told otherwise.
    package init(
        guardian: Guardian, environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.guardian = guardian
        self.environment = environment
        inherited = Self.inherited(from: environment)
    }

    /// What is left of a node's environment for its jobs: its own settings, the store's password among them, stay behind.
    package static func inherited(from environment: [String: String]) -> [String: String] {
        environment.filter { !$0.key.hasPrefix("ONEBEAT_") }
    }

    package func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        let request: ProcessRequest
        do {
            request = try self.request(for: claim)
        } catch {
            return .failed(Failure("\(error)"))
        }
        do {
            let end = try await run(request, output: output)
            if end.leftovers > 0 {
                let words = "[onebeat: processes that outlived the job and were ended: \(end.leftovers)]\n"
                await output.write(Array(words.utf8), to: .note)
            }
            return ProcessReport(request: request, end: end).outcome
        } catch GuardianError.gone {
            return .interrupted  // never started: another node may
        } catch {
            return .failed(Failure("\(error)"))
        }
    }

    private func run(_ request: ProcessRequest, output: any OutputSink) async throws -> ProcessEnd {
        let pumps = try OutputPump.pair(guardian.readiness)
        // Not child tasks: a cancelled attempt still has last words, and the store must take them.
        let outputs = [pumps.output, pumps.errors].map { pump in Task { await pump.run(into: output) } }
        let end: Result<ProcessEnd, any Error>
        do {
            end = .success(
                try await guardian.run(request, output: pumps.output.writeEnd, errors: pumps.errors.writeEnd))
        } catch {
            end = .failure(error)
        }
        pumps.output.finish()
        pumps.errors.finish()
        for output in outputs { await output.value }
        return try end.get()
    }

    private func request(for claim: Claim) throws(UnfitRequest) -> ProcessRequest {
        let settings: ProcessSettings
        var request: ProcessRequest
        switch claim.definition.work {
        case .shell(let line, let given): (request, settings) = (ProcessRequest(["/bin/sh", "-c", line]), given)
        case .command(let words, let given): (request, settings) = (ProcessRequest(words), given)
        case .http, .handler, .unknown:
            throw UnfitRequest(problem: "work of kind \(claim.definition.work.kind) is not a process")
        }
        request.user = try user(named: settings.user)
        request.directory = settings.directory
        request.memory = settings.memory
        request.cpu = settings.cpu
        request.nice = settings.nice
        request.grace = settings.grace
        request.environment = inherited
        request.environment.merge(request.user?.environment ?? [:]) { $1 }
        for (name, text) in settings.environment {
            do {
                request.environment[name] = try EnvironmentExpansion.expand(text, environment: environment)
            } catch {
                throw UnfitRequest(problem: "env.\(name): \(error)")
            }
        }
        request.environment.merge(Self.identity(of: claim)) { $1 }
        return request
    }

    /// What a job is told of its attempt, for receivers that drop repeats by the key and refuse a stale fence.
    package static func identity(of claim: Claim) -> [String: String] {
        [
            "ONEBEAT_JOB": claim.run.job,
            "ONEBEAT_RUN_ID": "\(claim.run.id)",
            "ONEBEAT_RUN_KEY": claim.run.key,
            "ONEBEAT_SCHEDULED_AT": "\(claim.run.scheduledAt)",
            "ONEBEAT_ATTEMPT": "\(claim.attempt)",
            "ONEBEAT_FENCE": "\(claim.fence)",
        ]
    }

    /// The user to become; `nil` where the node is that user already.
    private func user(named name: String?) throws(UnfitRequest) -> LocalUser? {
        guard let name else { return nil }
        let user = try LocalUser(named: name)
        if user.uid == geteuid() { return nil }
        guard geteuid() == 0 else {
            throw UnfitRequest(
                problem: "user \"\(name)\": only a node that runs as root can become somebody else; "
                    + "run the node as root or as \(name), or remove `user`")
        }
        return user
    }
}
