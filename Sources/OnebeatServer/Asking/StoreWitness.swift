import Onebeat

/// A store that is asked.
package struct StoreWitness: Witness {
    /// How many nodes are told of at most.
    package static let mostNodes = 200
    /// How many runs of a flow are read, and a good many pairs of them that wait for one another.
    private static let (mostRuns, mostWaits) = (10_000, 100_000)
    private static let page = 200

    let store: any Store
    let schedules: ScheduleCache
    /// Whether jobs that may not overlap hold a lock in Redis.
    let keepsLocks: Bool

    package init(_ store: any Store, schedules: ScheduleCache = ScheduleCache(), keepsLocks: Bool = false) {
        self.store = store
        self.schedules = schedules
        self.keepsLocks = keepsLocks
    }

    package var pause: Duration { .milliseconds(250) }

    package func now() async throws -> Timestamp { try await store.now() }

    package func standing(limit: Int) async throws -> StandingResource {
        StandingResource(try await HealthReader(store, schedules: schedules).all(), limit: limit)
    }

    // MARK: Jobs

    package func jobs() async throws -> [JobResource] {
        resources(of: try await HealthReader(store, schedules: schedules).all())
    }

    package func job(_ name: String) async throws -> JobResource? {
        guard let record = try await store.job(name) else { return nil }
        return try await resources(of: HealthReader(store, schedules: schedules).of([record]), isWhole: true).first
    }

    /// The jobs of a reading.
    func resources(of reading: HealthReader.Reading, isWhole: Bool = false) -> [JobResource] {
        reading.lines.map {
            JobResource($0, of: reading, schedule: try? schedules.schedule(for: $0.job), isWhole: isWhole)
        }
    }

    package func fires(
        of job: String, after start: Timestamp, count: Int, timezone: String?
    ) async throws -> FiresResource? {
        guard let record = try await store.job(job) else { return nil }
        if let watch = record.definition.signal {
            return try await expected(of: record, watch, after: start, count: count, timezone: timezone)
        }
        var definition = record.definition.schedule
        definition.timezone = timezone ?? definition.timezone
        let schedule =
            try timezone == nil ? schedules.schedule(for: record) : Schedule(definition, jobName: record.name)
        return FiresResource(
            schedule, record.fires(by: schedule, after: start, count: count), of: record.definition)
    }

    /// When word of a job that runs elsewhere is expected: by cron, or so long after the last success, as if the next ones came
    /// just then.
    private func expected(
        of record: JobRecord, _ watch: SignalWatch, after start: Timestamp, count: Int, timezone: String?
    ) async throws -> FiresResource {
        var definition = watch.expected
        definition.timezone = timezone ?? definition.timezone
        let schedule = try Schedule(definition, jobName: record.name)
        guard case .every(let length) = watch.expected.rhythm else {
            return FiresResource(schedule, schedule.preview(after: start, count: count), of: record.definition)
        }
        let reading = try await HealthReader(store, schedules: schedules).of([record])
        var moments: [Timestamp] = []
        if let next = reading.lines.first?.expectedAt {
            let passed = max(0, start.duration(since: next).wholeMicroseconds / max(1, length.wholeMicroseconds))
            var moment = (next + .microseconds(passed * length.wholeMicroseconds)).wholeSecond
            while moments.count < count, moment < .distantFuture {
                if moment > start { moments.append(moment) }
                moment = moment + length
            }
        }
        let occurrences = moments.map {
            Occurrence(instant: $0, local: schedule.format($0), mark: .plain, note: nil)
        }
        return FiresResource(schedule, occurrences, of: record.definition)
    }

    package func versions(of job: String, limit: Int) async throws -> [VersionResource] {
        let newest = try await store.versions(of: job, before: nil, limit: limit + 1)
        return VersionHistory(newest, limit: limit).lines.map(VersionResource.init)
    }

    package func changes(of job: String, from first: String, to second: String) async throws -> [PlanDiff.KeyChange] {
        let newest = try await store.versions(of: job, before: nil, limit: 1).first?.version
        var definitions: [JobDefinition] = []
        for text in [first, second] {
            guard let definition = try await store.definition(JobVersion(listed: text, of: job, newest: newest)) else {
                throw StoreError.notFound("\(job) has no version \(text); `onebeat versions \(job)` lists them")
            }
            definitions.append(definition)
        }
        return PlanDiff.keys(from: definitions[0], to: definitions[1])
    }

    package func graph(around job: String?) async throws -> [FlowDrawing.Box] {
        try FlowDrawing.boxes(try await store.jobs().map(\.definition), around: job)
    }

    // MARK: Why

    package func explanation(
        of job: String, at moment: Timestamp?, on clock: Schedule
    ) async throws -> ExplanationResource? {
        try await explanation(of: job, at: moment, reader: clock)
    }

    /// - Parameter reader: the job's own clock when `nil`.
    func explanation(
        of job: String, at moment: Timestamp?, reader: Schedule?
    ) async throws -> ExplanationResource? {
        guard let (record, removal) = try await subject(named: job) else { return nil }
        var evidence = try await store.evidence(on: record, at: moment, now: store.now())
        evidence.clock = reader
        evidence.removal = removal
        let policies = record.definition.policies
        if keepsLocks, policies.effectiveLimit == 1 {
            let p95 = LockLength.p95(of: try await store.measuredRuns(of: job))
            evidence.lock = LockLength.decide(expect: policies.expect, p95: p95)
        }
        return ExplanationResource(Explanation(evidence), of: job, at: moment)
    }

    package func explanation(of run: RunID, on clock: Schedule) async throws -> [String] {
        try await explanation(of: run, reader: clock)?.sentences ?? []
    }

    /// - Returns: `nil` where nothing is known of the run, or of its job any more.
    func explanation(of id: RunID, reader: Schedule?) async throws -> ExplanationResource? {
        guard let run = try await store.run(id), let (job, removal) = try? await subject(named: run.job) else {
            return nil
        }
        var evidence = try await store.evidence(on: job, run: run, now: store.now())
        evidence.clock = reader
        evidence.removal = removal
        return ExplanationResource(Explanation(evidence), of: run.job, at: nil)
    }

    /// The job of a name, in force or removed; with who removed it.
    /// - Throws: `StoreError` for one of which nothing is kept but that it was removed.
    private func subject(named name: String) async throws -> (JobRecord, removal: Event?)? {
        if let record = try await store.job(name) { return (record, nil) }
        var filter = RunFilter()
        filter.job = name
        filter.limit = 1
        let run = try await store.runs(filter).first
        let removal = try await store.events(job: name, limit: 200).first { $0.kind == "job.removed" }
        guard let run, let definition = try await store.definition(run.version) else {
            guard let removal else { return nil }
            throw StoreError.notFound(
                "there is no job \"\(name)\": \(removal.actor) removed it at \(removal.at.words), and no run of it is kept"
            )
        }
        let record = JobRecord(
            definition: definition, generation: run.version.generation, version: run.version.version, source: "",
            watermark: removal?.at ?? run.scheduledAt, nextAt: nil, createdAt: .distantPast)
        let unknown = Event("job.removed", job: name, actor: "somebody", at: run.finishedAt ?? run.scheduledAt)
        return (record, removal ?? unknown)
    }

    // MARK: Runs

    package func runs(_ filter: RunFilter) async throws -> [Run] { try await store.runs(filter) }

    package func run(_ id: RunID) async throws -> Run? { try await store.run(id) }

    package func whole(_ id: RunID) async throws -> RunResource? {
        guard let run = try await store.run(id) else { return nil }
        return try await RunResource(run, value: store.shownValue(of: run), mark: store.mark(of: id))
    }

    package func attempts(of run: RunID) async throws -> [AttemptResource] {
        try await store.attempts(of: run).map(AttemptResource.init)
    }

    package func logs(of run: RunID, after place: String?) async throws -> LogPage {
        let parts = (place ?? "").split(separator: ".").compactMap { Int($0) }
        let position = parts.count == 2 ? LogPosition(attempt: parts[0], sequence: parts[1]) : nil
        let pieces = try await store.logs(of: run, after: position, limit: Self.page)
        let last = pieces.last.map { "\($0.id.position.attempt).\($0.id.position.sequence)" }
        return LogPage(pieces: pieces, next: last ?? place, isLast: pieces.count < Self.page)
    }

    package func flow(of id: RunID) async throws -> FlowProgress {
        guard let run = try await store.run(id) else { throw StoreError.notFound("there is no run \(id)") }
        guard let flow = run.flow else {
            throw ActRefusal(
                .conflict,
                "run \(run.id) of \(run.job) is part of no flow: nothing followed its job when it was planned")
        }
        return FlowProgress(
            flow, runs: try await store.all(of: flow, most: Self.mostRuns),
            waits: try await store.waits(in: flow, limit: Self.mostWaits),
            marks: try await store.marks(in: flow, limit: Self.mostWaits))
    }

    // MARK: The cluster

    package func nodes() async throws -> [NodeResource] {
        let now = try await store.now()
        return try await store.nodes(limit: Self.mostNodes).map { NodeResource($0, now: now) }
    }

    package func events(_ filter: EventFilter) async throws -> [EventResource] {
        try await store.events(filter).map(EventResource.init)
    }
}

extension JobVersion {
    /// A version as it is listed: `3`, which is of the newest generation, or `2.3`.
    /// - Throws: ``ActRefusal`` for what is no version.
    fileprivate init(listed text: String, of job: String, newest: JobVersion?) throws(ActRefusal) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), let version = parts.last ?? nil, let first = parts.first ?? nil else {
            throw ActRefusal(.invalid, "\"\(text)\" is no version; write it as listed, such as 3 or 2.3")
        }
        self.init(job: job, generation: parts.count == 2 ? first : newest?.generation ?? 1, version: version)
    }
}
