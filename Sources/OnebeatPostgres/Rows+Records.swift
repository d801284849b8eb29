import Onebeat

extension JobRecord {
    static let columns = """
        j.name, j.generation, j.version, j.source, j.is_paused, j.watermark, j.next_at, j.created_at, d.definition,
        j.flow_edition
        """
    static let tables = """
        jobs j JOIN definitions d ON d.job_name = j.name AND d.generation = j.generation AND d.version = j.version
        """

    init(row: Row, cache: DefinitionCache) {
        let version = JobVersion(job: row[0], generation: row[1], version: row[2])
        let definition = cache[version] ?? DefinitionText.decode(row[8], of: version.job)
        cache.keep(definition, of: version)
        self.init(
            definition: definition, generation: version.generation, version: version.version, source: row[3],
            isPaused: row[4], watermark: row[5], nextAt: row[6], createdAt: row[7], flowEdition: row[9])
    }
}

extension Run {
    static let columns = """
        id, job_name, generation, version, kind, scheduled_at, request_id, due_at, deadline_at, state, reason, message,
        queue, priority, attempt, fence, node, boot, crashes, failures, is_cancel_requested, started_at, finished_at,
        exit_code, range_end, count, need, flow_id, element
        """

    init(row: Row) {
        self.init(
            id: RunID(row[0]), version: JobVersion(job: row[1], generation: row[2], version: row[3]),
            kind: RunKind(stored: row[4]), scheduledAt: row[5], requestID: row[6], dueAt: row[7],
            deadlineAt: row[8], state: RunState(stored: row[9]), queue: row[12], priority: row[13])
        reason = (row[10] as String?).map(Reason.init(stored:))
        message = row[11]
        attempt = row[14]
        fence = Fence(row[15])
        node = row[16]
        boot = row[17]
        crashes = row[18]
        failures = row[19]
        isCancelRequested = row[20]
        startedAt = row[21]
        finishedAt = row[22]
        exitCode = row[23]
        rangeEnd = row[24]
        count = row[25]
        need = row[26]
        flow = (row[27] as Int64?).map(RunID.init)
        element = row[28]
    }
}

extension Attempt {
    static let columns = "run_id, number, fence, node, boot, started_at, finished_at, outcome, message, exit_code"

    init(row: Row) {
        self.init(
            run: RunID(row[0]), number: row[1], fence: Fence(row[2]), node: row[3], boot: row[4], startedAt: row[5])
        finishedAt = row[6]
        outcome = row[7]
        message = row[8]
        exitCode = row[9]
    }
}

extension Statement {
    /// Writes events in the transaction of what they tell of.
    static func note(_ events: [Event], at now: Timestamp) -> Statement {
        Statement(
            """
            INSERT INTO events (at, kind, job_name, run_id, actor, message)
            SELECT $1, kind, job_name, run_id, actor, message
            FROM unnest($2, $3, $4, $5, $6) WITH ORDINALITY AS e (kind, job_name, run_id, actor, message, place)
            ORDER BY place
            """,
            [
                .time(now), .texts(events.map(\.kind)), .texts(events.map(\.job)), .ints(events.map { $0.run?.value }),
                .texts(events.map(\.actor)), .texts(events.map(\.message)),
            ])
    }
}
