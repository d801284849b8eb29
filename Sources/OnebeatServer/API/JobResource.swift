import Onebeat

/// A job as JSON. Values of variables, headers and bodies are left out: they may hold secrets.
package struct JobResource: Codable, Sendable {
    package struct WorkPart: Codable, Sendable {
        package var kind: String
        package var command: [String]?
        package var method: String?
        package var url: String?
        package var task: String?
        package var queue: String?
        package var signal: Signal?
    }

    /// When word of a job that runs elsewhere is expected.
    package struct Signal: Codable, Sendable {
        package var expected: JSONValue
        package var grace: Double

        init(_ watch: SignalWatch) {
            expected = watch.expected.keys
            grace = watch.grace.inSeconds
        }
    }

    package struct Policies: Codable, Sendable {
        package var overlap: OverlapPolicy
        package var limit: Int?
        package var missed: MissedPolicy
        package var deadline: Double
        package var catchUp: Int
        package var retry: Retry
        package var timeout: Double?
        package var delivery: Delivery
        package var priority: Int
        package var queue: String
        package var expect: Double?
    }

    package struct Retry: Codable, Sendable {
        package var limit: Int
        package var backoff: Double
        package var max: Double
        package var jitter: Double
    }

    package struct Status: Codable, Sendable {
        package var status: String
        package var run: Int64?
        package var node: String?
        package var fence: Int64
        package var lastRunAt: Timestamp?
        package var lastSuccessAt: Timestamp?
        package var failuresInARow: Int
    }

    /// How the job is, and why.
    package struct Health: Codable, Sendable {
        package var state: JobHealth.State
        package var needsLook: Bool
        package var why: String
        package var since: Timestamp?
        package var run: Int64?
        package var streak: Int

        package init(_ health: JobHealth) {
            state = health.state
            needsLook = health.needsLook
            why = health.why
            since = health.since
            run = health.run?.value
            streak = health.streak
        }
    }

    /// A key of the configuration and its value, in one line.
    package struct Key: Codable, Sendable {
        package var key: String
        package var value: String

        /// Those that are not as usual, without the description, which has a place of its own. Of what may be secret no
        /// value is shown.
        static func all(of definition: JobDefinition) -> [Key] {
            DefinitionKeys(definition).entries.filter { !$0.isDefault && $0.key != "description" }
                .map { Key(key: $0.key, value: $0.shown) }
        }
    }

    package var name: String
    package var description: String?
    package var tags: [String]
    package var owner: String?
    /// The list of which each element has a run of the job, such as `extract.countries`.
    package var each: String?
    package var schedule: JSONValue
    package var scheduleInWords: String?
    package var work: WorkPart
    package var policies: Policies
    /// Why this version of Onebeat can neither plan nor run the job; left out where it can.
    package var invalid: String?
    package var paused: Bool
    package var source: String
    package var generation: Int
    package var version: Int
    package var nextAt: Timestamp?
    /// When word of it is expected next, for a job that runs elsewhere.
    package var expectedAt: Timestamp?
    package var watermark: Timestamp
    /// How far it is planned, where that is farther than anybody plans: by a clock that was ahead.
    package var plannedAhead: Timestamp?
    package var createdAt: Timestamp
    package var status: Status?
    package var health: Health
    /// Why no node would start it, where some live and none of them would.
    package var unserved: String?
    /// The keys of its definition that are not as usual. Told of one job, not in lists.
    package var definition: [Key]?

    /// - Parameters:
    ///   - schedule: the compiled schedule, where this machine can read it.
    ///   - isWhole: whether the definition is shown key by key.
    package init(
        _ line: HealthReader.Line, of reading: HealthReader.Reading, schedule: Schedule?, isWhole: Bool = false
    ) {
        let (job, status, now) = (line.job, line.status, reading.now)
        health = Health(line.health)
        tags = job.definition.tags
        owner = job.definition.owner
        each = job.definition.each?.words
        let policies = job.definition.policies
        name = job.name
        description = job.definition.description
        self.schedule = job.definition.schedule.keys
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
        plannedAhead = job.isPlanned(beyond: now + JobRecord.farthest) ? job.plannedThrough : nil
        createdAt = job.createdAt
        unserved = reading.unserved(job)?.sentence
        if isWhole { definition = Key.all(of: job.definition) }
        self.status = status.map {
            Status(
                status: $0.status, run: $0.run?.value, node: $0.node, fence: $0.fence.value, lastRunAt: $0.lastRunAt,
                lastSuccessAt: $0.lastSuccessAt, failuresInARow: $0.failuresInARow)
        }
    }
}

extension JobResource: Edited {
    /// The zone of the job's own clock.
    package var timezone: String {
        if case .string(let zone)? = schedule.members?["timezone"] {
            zone
        } else {
            ScheduleDefinition(.manual).timezone
        }
    }

    /// What people change of it: its definition, and whether it is paused.
    var editState: String { "\(generation).\(version).\(paused ? "paused" : "on")" }

    /// Whether it is due so long after its run before.
    package var hasDelay: Bool { schedule.members?["delay"] != nil }
}

extension JobHealth {
    /// The health that a resource tells of.
    package init(_ health: JobResource.Health, of job: String) {
        self.init(
            job: job, health.state, health.why, since: health.since, run: health.run.map { RunID($0) },
            streak: health.streak)
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
package struct OccurrenceResource: Codable, Sendable {
    package var at: Timestamp
    package var local: String
    package var mark: String
    package var note: String?

    /// Whether it is no due instant, since the clocks leave it out.
    package var isSkipped: Bool { mark == "skipped" }

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
