import Logging

/// A closure that does a job's work.
public typealias Handler = @Sendable (RunContext) async throws -> Void

/// What a closure is told of the attempt it makes.
public struct RunContext: Sendable {
    /// The job's name.
    public let job: String
    /// The run's key, equal over all its attempts: what receivers drop repeats by.
    public let key: String
    /// The due instant.
    public let scheduledAt: Timestamp
    /// The attempt's number, from 1.
    public let attempt: Int
    /// The attempt's fence: what receivers refuse stale writers by.
    public let fence: Fence
    /// A logger that names the job, the run and the attempt.
    public let logger: Logger
    private let input: [String: RunValue]
    private let output: any OutputSink

    init(_ claim: Claim, output: any OutputSink, logger: Logger) {
        job = claim.run.job
        key = claim.run.key
        scheduledAt = claim.run.scheduledAt
        attempt = claim.attempt
        fence = claim.fence
        input = claim.input
        self.output = output
        var logger = logger
        logger[metadataKey: "job"] = "\(claim.run.job)"
        logger[metadataKey: "run"] = "\(claim.run.key)"
        logger[metadataKey: "attempt"] = "\(claim.attempt)"
        self.logger = logger
    }

    /// What a job that this one follows handed on in this flow; `nil` where it handed nothing on.
    /// - Throws: the decoder's error where the value is of another form.
    public func input<Value: Decodable>(from job: String, as type: Value.Type = Value.self) throws -> Value? {
        try input[job]?.decode(as: type)
    }

    /// The element of a list that this attempt is for; `nil` for a job that runs once. See ``Each``.
    /// - Throws: the decoder's error where the element is of another form.
    public func element<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value? {
        try input[Each.parent]?.decode(as: Element<Value>.self).value
    }

    private struct Element<Value: Decodable>: Decodable { let value: Value }

    /// Hands a value on to the jobs that follow this one; the last one counts, and only where the closure returns.
    /// - Throws: ``RunValueError`` for one that is larger than ``RunValue/mostBytes`` as JSON.
    public func handOn(_ value: some Encodable) async throws { await output.handOn(try RunValue(value)) }

    /// Keeps a line of output with the run, where `onebeat logs` and the dashboard show it.
    public func print(_ line: String) async {
        await output.write(Array("\(line)\n".utf8), to: .stdout)
    }
}

/// Runs the closures a program registered.
///
/// A stopped attempt is cancelled in Swift's own way; a closure that ignores that goes on, and keeps its slot, until it
/// returns. Only a process can be ended from outside.
struct HandlerExecutor: Executor {
    let handlers: [String: Handler]
    let logger: Logger

    var abilities: Abilities { .only(Set(handlers.keys.map(JobDefinition.need(ofHandler:)))) }

    func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        guard let handler = handlers[claim.run.job] else {
            logger.error("no closure for a job that was claimed", metadata: ["job": "\(claim.run.job)"])
            return .notStarted
        }
        do {
            try await handler(RunContext(claim, output: output, logger: logger))
            return .succeeded
        } catch  where Task.isCancelled {
            return .cancelled  // whatever it throws: it was asked to stop, and did not come to its end
        } catch {
            return .failed(Failure(error))
        }
    }
}
