import Onebeat

/// A job as JSON. Values of variables, headers and bodies are left out: they may hold secrets.
package struct JobResource: Encodable {
    package struct WorkPart: Encodable {
        var kind: String
        var command: [String]?
        var method: String?
        var url: String?
        var task: String?
        var queue: String?
        var signal: Signal?
    }

    /// When word of a job that runs elsewhere is expected.
    package struct Signal: Encodable {
        var expected: ScheduleDefinition
        var grace: Double

        init(_ watch: SignalWatch) {
            expected = watch.expected
            grace = watch.grace.inSeconds
        }
    }

    package struct Policies: Encodable {
        var overlap: OverlapPolicy
        var limit: Int?
        var missed: MissedPolicy
        var deadline: Double
        var catchUp: Int
        var retry: Retry
        var timeout: Double?
        var delivery: Delivery
        var priority: Int
        var queue: String
        var expect: Double?
    }

    package struct Retry: Encodable {
        var limit: Int
        var backoff: Double
        var max: Double
        var jitter: Double
    }

    package struct Status: Encodable {
        var status: String
        var run: Int64?
        var node: String?
        var fence: Int64
        var lastRunAt: Timestamp?
        var lastSuccessAt: Timestamp?
        var failuresInARow: Int
    }

    /// How the job is, and why.
    package struct Health: Encodable {
        var state: JobHealth.State
        var needsLook: Bool
        var why: String
        var since: Timestamp?
        var run: Int64?
        var streak: Int

        package init(_ health: JobHealth) {
            state = health.state
            needsLook = health.needsLook
            why = health.why
            since = health.since
            run = health.run?.value
            streak = health.streak
        }
    }

    var name: String
    var description: String?
    var tags: [String]
    var owner: String?
    var schedule: ScheduleDefinition
    var scheduleInWords: String?
    var work: WorkPart
    var policies: Policies
    /// Why this version of Onebeat can neither plan nor run the job; left out where it can.
    var invalid: String?
    var paused: Bool
    var source: String
    var generation: Int
    var version: Int
    var nextAt: Timestamp?
    /// When word of it is expected next, for a job that runs elsewhere.
    var expectedAt: Timestamp?
    var watermark: Timestamp
    var createdAt: Timestamp
    var status: Status?
    var health: Health

    /// - Parameters:
    ///   - schedule: the compiled schedule, where this machine can read it.
    package init(_ line: HealthReader.Line, schedule: Schedule?, now: Timestamp) {
        let (job, status) = (line.job, line.status)
        health = Health(line.health)
        tags = job.definition.tags
        owner = job.definition.owner
        let policies = job.definition.policies
        name = job.name
        description = job.definition.description
        self.schedule = job.definition.schedule
        scheduleInWords = schedule.map(job.definition.words)
        work = WorkPart(job.definition.work)
        self.policies = Policies(
            overlap: policies.overlap, limit: policies.limit, missed: policies.missed,
            deadline: policies.deadline.inSeconds, catchUp: policies.catchUp,
            retry: Retry(
                limit: policies.retry.limit, backoff: policies.retry.backoff.inSeconds,
                max: policies.retry.max.inSeconds, jitter: policies.retry.jitter),
            timeout: policies.timeout?.inSeconds, delivery: policies.delivery, priority: policies.priority,
            queue: policies.queue, expect: policies.expect?.inSeconds)
        invalid = job.definition.trouble
        paused = job.isPaused
        source = job.source
        generation = job.generation
        version = job.version
        nextAt = job.nextDue(by: schedule, after: now)
        expectedAt = line.expectedAt
        watermark = job.watermark
        createdAt = job.createdAt
        self.status = status.map {
            Status(
                status: $0.status, run: $0.run?.value, node: $0.node, fence: $0.fence.value, lastRunAt: $0.lastRunAt,
                lastSuccessAt: $0.lastSuccessAt, failuresInARow: $0.failuresInARow)
        }
    }
}

extension JobResource.WorkPart {
    init(_ work: Work) {
        kind = work.kind
        switch work {
        case .shell(let line, _): command = ["/bin/sh", "-c", line]
        case .command(let words, _): command = words
        case .http(let call): (method, url) = (call.method, "\(SecretAddress(call.url))")
        case .celery(let call): (task, queue) = (call.task, call.queue)
        case .signal(let watch): signal = JobResource.Signal(watch)
        case .handler, .alert, .unknown: break
        }
    }
}

/// One due instant to come, as JSON.
package struct OccurrenceResource: Encodable {
    var at: Timestamp
    var local: String
    var mark: String
    var note: String?

    package init(_ occurrence: Occurrence) {
        at = occurrence.instant
        local = occurrence.local
        mark =
            switch occurrence.mark {
            case .plain: "plain"
            case .moved: "moved"
            case .skipped: "skipped"
            case .firstPass: "first_pass"
            case .secondPass: "second_pass"
            }
        note = occurrence.note
    }
}
