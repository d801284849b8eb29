import Foundation
import Onebeat

/// Runs shell lines and commands as processes below the guardian.
package struct ProcessExecutor: Executor {
    private let guardian: Guardian
    /// What `${NAME}` is replaced from.
    private let environment: [String: String]
    private let base: JobEnvironment
    /// Where values are handed over.
    private let temporary: String

    /// - Parameter environment: the node's; its own unless told otherwise.
    package init(
        guardian: Guardian, environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.guardian = guardian
        self.environment = environment
        base = JobEnvironment(of: environment)
        // A relative one would be another folder from where the job runs.
        temporary = environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
    }

    /// Removes the folders of values that killed nodes left where this one's will be.
    /// - Returns: how many.
    package func sweep() -> Int { ValueFolder.sweep(temporary) }

    package func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        let settings: ProcessSettings
        var request: ProcessRequest
        let values: ValueFolder?
        do {
            (request, settings) = try self.request(for: claim)
            values = try await self.values(for: claim, user: request.user, output)
        } catch {
            return .failed(Failure("\(error)"))
        }
        defer { values?.remove() }
        request.environment["ONEBEAT_INPUT"] = values?.input
        request.environment["ONEBEAT_OUTPUT"] = values?.output
        do {
            let end = try await run(request, settings.output, output)
            if end.leftovers > 0 {
                let words = "[onebeat: processes that outlived the job and were ended: \(end.leftovers)]\n"
                await output.write(Array(words.utf8), to: .note)
            }
            let outcome = ProcessReport(request: request, end: end).outcome
            guard outcome == .succeeded else { return outcome }
            do {
                if let value = try values?.value() { await output.handOn(value) }
                return outcome
            } catch {
                return .failed(
                    Failure(
                        "ended well, but what it left in $ONEBEAT_OUTPUT cannot be handed on: \(error)", exitCode: 0))
            }
        } catch GuardianError.gone {
            return .notStarted  // another node may
        } catch {
            return .failed(Failure("\(error)"))
        }
    }

    /// - Returns: `nil` where there is no room for it and nothing to give: most jobs hand nothing on, and a full disk is not
    ///   to stop them.
    private func values(
        for claim: Claim, user: LocalUser?, _ output: any OutputSink
    ) async throws(UnfitRequest) -> ValueFolder? {
        do {
            return try ValueFolder(giving: claim.input, to: user, within: temporary)
        } catch {
            guard claim.input.isEmpty else { throw error }
            await output.write(Array("[onebeat: \(error)]\n".utf8), to: .note)
            return nil
        }
    }

    private func run(
        _ request: ProcessRequest, _ streams: ProcessSettings.Output, _ output: any OutputSink
    ) async throws -> ProcessEnd {
        var pumps = [try OutputPump(.stdout, guardian.readiness)]
        if streams == .separate {
            do {
                pumps.append(try OutputPump(.stderr, guardian.readiness))
            } catch {
                pumps[0].discard()
                throw error
            }
        }
        // Not child tasks: a cancelled attempt still has last words, and the store must take them.
        let outputs = pumps.map { pump in Task { await pump.run(into: output) } }
        let end: Result<ProcessEnd, any Error>
        do {
            // One pipe for both is what keeps their order.
            let errors = pumps.dropFirst().first?.writeEnd
            end = .success(try await guardian.run(request, output: pumps[0].writeEnd, errors: errors))
        } catch {
            end = .failure(error)
        }
        for pump in pumps { pump.finish() }
        for output in outputs { await output.value }
        return try end.get()
    }

    private func request(for claim: Claim) throws(UnfitRequest) -> (ProcessRequest, ProcessSettings) {
        let settings: ProcessSettings
        var request: ProcessRequest
        switch claim.definition.work {
        case .shell(let line, let given): (request, settings) = (ProcessRequest(["/bin/sh", "-c", line]), given)
        case .command(let words, let given): (request, settings) = (ProcessRequest(words), given)
        case .http, .celery, .handler, .alert, .signal, .unknown:
            throw UnfitRequest(problem: "work of kind \(claim.definition.work.kind) is not a process")
        }
        request.user = try user(named: settings.user)
        request.directory = settings.directory
        request.memory = settings.memory
        request.cpu = settings.cpu
        request.nice = settings.nice
        request.grace = settings.grace
        request.leave = settings.leave
        request.environment =
            switch settings.base {
            case .basic: base.basic(for: request.user)
            case .inherit: base.inherited(by: request.user)
            }
        for (name, text) in settings.environment {
            do {
                request.environment[name] = try EnvironmentExpansion.expand(text, environment: environment)
            } catch {
                throw UnfitRequest(problem: "env.\(name): \(error)")
            }
        }
        request.environment.merge(Self.identity(of: claim)) { $1 }
        return (request, settings)
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
