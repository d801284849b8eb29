import Onebeat

/// A run as JSON. Lengths of time are seconds.
package struct RunResource: Encodable {
    var id: Int64
    var key: String
    var job: String
    var generation: Int
    var version: Int
    var kind: RunKind
    var state: RunState
    var reason: Reason?
    var reasonInWords: String?
    var message: String?
    var scheduledAt: Timestamp
    var requestId: String?
    var dueAt: Timestamp
    var deadlineAt: Timestamp?
    var startedAt: Timestamp?
    var finishedAt: Timestamp?
    var lateness: Double?
    var duration: Double?
    var queue: String
    var priority: Int
    var attempt: Int
    var fence: Int64
    var node: String?
    var boot: String?
    var failures: Int
    var crashes: Int
    var cancelRequested: Bool
    var exitCode: Int?
    var rangeEnd: Timestamp?
    var count: Int
    var flow: Int64?
    /// Which element of a list it is for.
    var element: Int?
    /// What it handed on. Told of one run, not in lists.
    var value: JSONValue?
    /// Whether it handed on something that is secret. Likewise.
    var secretValue: Bool?
    /// What somebody said that it counts as for those that follow it. Likewise.
    var mark: MarkResource?

    package init(_ run: Run, value: ShownValue? = nil, mark: RunMark? = nil) {
        id = run.id.value
        self.mark = mark.map(MarkResource.init)
        switch value {
        case .value(let value): self.value = try? value.decode()
        case .secret: secretValue = true
        case nil: break
        }
        key = run.key
        job = run.job
        generation = run.version.generation
        version = run.version.version
        kind = run.kind
        state = run.state
        reason = run.reason
        reasonInWords = run.reason?.sentence
        message = run.message
        scheduledAt = run.scheduledAt
        requestId = run.kind == .manual ? run.requestID : nil
        dueAt = run.dueAt
        deadlineAt = run.deadlineAt
        startedAt = run.startedAt
        finishedAt = run.finishedAt
        lateness = run.lateness?.inSeconds
        if let start = run.startedAt, let end = run.finishedAt { duration = end.duration(since: start).inSeconds }
        queue = run.queue
        priority = run.priority
        attempt = run.attempt
        fence = run.fence.value
        node = run.node
        boot = run.boot
        failures = run.failures
        crashes = run.crashes
        cancelRequested = run.isCancelRequested
        exitCode = run.exitCode
        rangeEnd = run.rangeEnd
        count = run.count
        flow = run.flow?.value
        element = run.element
    }
}

/// What a run counts as, and by whose word.
struct MarkResource: Encodable {
    var state: String
    var because: String
    var by: String
    var at: Timestamp

    init(_ mark: RunMark) {
        state = mark.state.rawValue
        because = mark.reason
        by = mark.actor
        at = mark.at
    }
}

/// One attempt of a run as JSON.
package struct AttemptResource: Encodable {
    var number: Int
    var fence: Int64
    var node: String
    var boot: String
    var startedAt: Timestamp
    var finishedAt: Timestamp?
    var duration: Double?
    var outcome: String?
    var message: String?
    var exitCode: Int?

    package init(_ attempt: Attempt) {
        number = attempt.number
        fence = attempt.fence.value
        node = attempt.node
        boot = attempt.boot
        startedAt = attempt.startedAt
        finishedAt = attempt.finishedAt
        duration = attempt.finishedAt?.duration(since: attempt.startedAt).inSeconds
        outcome = attempt.outcome
        message = attempt.message
        exitCode = attempt.exitCode
    }
}

/// A piece of a run's output as JSON. Its text is that of ``PieceDecoder``: characters are whole.
package struct LogResource: Encodable {
    var attempt: Int
    var sequence: Int
    var stream: LogStream
    var at: Timestamp
    var text: String

    package init(_ piece: LogPiece, text: String) {
        attempt = piece.id.position.attempt
        sequence = piece.id.position.sequence
        stream = piece.stream
        at = piece.at
        self.text = text
    }
}
