import Foundation
import Onebeat

/// Sends a message: reads what it tells of from the store, and has the call or the process of its channel done.
public struct AlertExecutor: Executor {
    private let store: any AlertStore
    private let process: any Executor
    private let http: any Executor
    private let environment: [String: String]
    private let time: any TimeSource

    /// - Parameters:
    ///   - store: where incidents are kept.
    ///   - process: runs the channels that are programs.
    ///   - http: makes the calls of the others.
    ///   - environment: where `${NAME}` in settings is looked up.
    public init(
        store: any AlertStore, process: any Executor, http: any Executor,
        environment: [String: String] = ProcessInfo.processInfo.environment, time: any TimeSource = SystemTime()
    ) {
        self.store = store
        self.process = process
        self.http = http
        self.environment = environment
        self.time = time
    }

    /// What a run that is asked for by hand has for its request: it sends a sample.
    package static let batchPrefix = "message-"

    /// Sends the message that the run stands for.
    public func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        guard case .alert(let rule) = claim.definition.work else { return .notStarted }
        do {
            let message = try await message(of: claim)
            guard let channel = AlertChannel(rawValue: rule.channel) else {
                return .failed(Failure("this Onebeat knows no channel \(quoted(rule.channel)); upgrade the node"))
            }
            var claim = claim
            claim.definition.work = try channel.work(
                for: message, rule: claim.run.job, settings: try expanded(rule), at: time.now())
            switch claim.definition.work {
            case .http: return await http.execute(claim, output: output)
            case .shell, .command: return await process.execute(claim, output: output)
            case .celery, .handler, .alert, .unknown: return .notStarted
            }
        } catch {
            return .failed(Failure("\(error)"))
        }
    }

    /// A run that somebody asked for by hand sends a sample, so that a channel can be tried.
    private func message(of claim: Claim) async throws -> AlertMessage {
        guard let number = Self.batch(of: claim.run) else {
            return .sample(rule: claim.run.job, number: claim.run.id.value)
        }
        return AlertMessage(try await store.incidents(of: number), number: number)
    }

    /// The message that a run was asked for to send.
    package static func batch(of run: Run) -> Int64? {
        run.requestID.hasPrefix(batchPrefix) ? Int64(run.requestID.dropFirst(batchPrefix.count)) : nil
    }

    private func expanded(_ rule: AlertRule) throws -> [String: String] {
        var settings: [String: String] = [:]
        for (name, text) in rule.settings {
            // A shell line has variables of its own.
            let isLine = rule.channel == AlertChannel.run.rawValue && name == "line"
            settings[name] = isLine ? text : try EnvironmentExpansion.expand(text, environment: environment)
        }
        return settings
    }
}
