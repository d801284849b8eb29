import Onebeat

/// A run as JSON. Lengths of time are seconds.
package struct RunResource: Codable, Sendable {
    package var id: Int64
    package var key: String
    package var job: String
    package var generation: Int
    package var version: Int
    package var kind: RunKind
    package var state: RunState
    package var reason: Reason?
    package var reasonInWords: String?
    package var message: String?
    package var scheduledAt: Timestamp
    package var requestId: String?
    package var dueAt: Timestamp
    package var deadlineAt: Timestamp?
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var lateness: Double?
    package var duration: Double?
    package var queue: String
    package var priority: Int
    package var attempt: Int
    package var fence: Int64
    package var node: String?
    package var boot: String?
    package var failures: Int
    package var crashes: Int
    package var cancelRequested: Bool
    package var exitCode: Int?
    package var rangeEnd: Timestamp?
    package var count: Int
    package var flow: Int64?
    /// Which element of a list it is for.
    package var element: Int?
    /// Whether it was done elsewhere and only told of; left out where it was not.
    package var told: Bool?
    /// Whether it tells people of other jobs, as runs of alerts do; left out where it does not.
    package var tells: Bool?
    /// What it handed on. Told of one run, not in lists.
    package var value: JSONValue?
    /// Whether it handed on something that is secret. Likewise.
    package var secretValue: Bool?
    /// What somebody said that it counts as for those that follow it. Likewise.
    package var mark: MarkResource?

    package init(_ run: Run, value: ShownValue? = nil, mark: RunMark? = nil) {
        id = run.id.value
        self.mark = mark.map(MarkResource.init)
        switch value {
        case .value(let value): self.value = value.value
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
        told = run.isReported ? true : nil
        tells = run.isMessage ? true : nil
    }
}

extension Run {
    /// The run that a resource tells of. What the API leaves out of it, which runs it can be claimed by, is as usual.
    package init(_ resource: RunResource) {
        // What tells it from others of its job and instant stands behind both in its key.
        let place = "\(resource.job)@\(resource.scheduledAt)"
        let rest = resource.key.hasPrefix(place) ? resource.key.dropFirst(place.count) : ""
        self.init(
            id: RunID(resource.id),
            version: JobVersion(job: resource.job, generation: resource.generation, version: resource.version),
            kind: resource.kind, scheduledAt: resource.scheduledAt,
            requestID: String(resource.kind == .scheduled ? rest : rest.dropFirst()), dueAt: resource.dueAt,
            deadlineAt: resource.deadlineAt, state: resource.state, queue: resource.queue, priority: resource.priority,
            need: resource.told == true ? SignalWatch.kind : resource.tells == true ? Work.alertKind : "")
        (reason, message) = (resource.reason, resource.message)
        (startedAt, finishedAt) = (resource.startedAt, resource.finishedAt)
        (attempt, fence) = (resource.attempt, Fence(resource.fence))
        (node, boot) = (resource.node, resource.boot)
        (failures, crashes) = (resource.failures, resource.crashes)
        (isCancelRequested, exitCode) = (resource.cancelRequested, resource.exitCode)
        (rangeEnd, count) = (resource.rangeEnd, resource.count)
        (flow, element) = (resource.flow.map { RunID($0) }, resource.element)
    }
}

/// What a run counts as, and by whose word.
package struct MarkResource: Codable, Sendable {
    package var state: String
    package var because: String
    package var by: String
    package var at: Timestamp

    init(_ mark: RunMark) {
        state = mark.state.rawValue
        because = mark.reason
        by = mark.actor
        at = mark.at
    }
}

/// One attempt of a run as JSON.
package struct AttemptResource: Codable, Sendable {
    package var number: Int
    package var fence: Int64
    package var node: String
    package var boot: String
    package var startedAt: Timestamp
    package var finishedAt: Timestamp?
    package var duration: Double?
    package var outcome: String?
    package var message: String?
    package var exitCode: Int?

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
package struct LogResource: Codable, Sendable {
    package var attempt: Int
    package var sequence: Int
    package var stream: LogStream
    package var at: Timestamp
    package var text: String

    package init(_ piece: LogPiece, text: String) {
        attempt = piece.id.position.attempt
        sequence = piece.id.position.sequence
        stream = piece.stream
        at = piece.at
        self.text = text
    }
}
