import Onebeat

/// A store's rows when a history is over.
public struct FinalRows: Sendable {
    /// All runs.
    public var runs: [Run]
    /// The jobs in force.
    public var jobs: [JobRecord]
    /// Which runs of flows follow which.
    public var waits: [Wait]
    /// What somebody said that runs count as.
    var marks: [RunID: RunMark] = [:]
    /// All backfills, where they were read.
    var backfills: [Backfill]?

    /// Makes rows.
    public init(runs: [Run], jobs: [JobRecord], waits: [Wait] = []) {
        self.runs = runs
        self.jobs = jobs
        self.waits = waits
    }
}

extension Checker {
    /// Judges a history that is over by the store's rows. The cluster has been well for `quiet` before `now`.
    /// - Throws: ``Violation`` for the first invariant that does not hold.
    public mutating func judge(_ rows: FinalRows, at now: Timestamp, quiet: Duration) throws(Violation) {
        self.now = now
        try checkKeys(rows.runs)
        for run in rows.runs { try checkRow(run, settledBy: now - quiet) }
        for (name, job) in jobs.sorted(by: { $0.key < $1.key }) {
            try checkInstants(
                of: name, job, rows.runs.filter { $0.job == name && $0.kind == .scheduled && $0.element == nil })
            let made = Set(rows.runs.filter { $0.job == name && $0.kind == .manual }.map(\.requestID))
            try require(
                requests[name, default: []].isSubset(of: made), .complete, "a run of \(name) by hand has no row")
        }
        try checkFlows(rows)
        try checkBackfills(rows, quiet: quiet)
        for record in rows.jobs { try checkGoesOn(record, rows.runs, at: now, quiet: quiet) }
    }

    private func checkKeys(_ runs: [Run]) throws(Violation) {
        struct Key: Hashable {
            var job: String
            var generation: Int
            var kind: RunKind
            var instant: Timestamp?
            var request: String
        }
        var seen: Set<Key> = []
        for run in runs {
            let key = Key(
                job: run.job, generation: run.version.generation, kind: run.kind,
                instant: run.kind == .manual ? nil : run.scheduledAt, request: run.requestID)
            try require(seen.insert(key).inserted, .unique, "\(run.key) has two rows")
        }
    }

    /// The row must say what was seen to happen.
    private func checkRow(_ run: Run, settledBy limit: Timestamp) throws(Violation) {
        let model = runs[run.id] ?? RunModel()
        try require(
            run.attempt == model.attempts, .fences, "\(run.key) has \(run.attempt) attempts, not \(model.attempts)")
        try require(run.fence == model.fence, .fences, "\(run.key) has fence \(run.fence), not \(model.fence)")
        if let terminal = model.terminal {
            try require(
                run.state == terminal, .oneOutcome,
                "\(run.key) ended as \(terminal.rawValue) and is \(run.state.rawValue)")
        }
        if let holder = model.holder {
            try require(run.state == .running, .oneOutcome, "\(run.key) is held and is \(run.state.rawValue)")
            // The history may be over in the moment between the end of an attempt and its report.
            let isReporting = ends[holder.fence].map { $0.at > now - .seconds(1) } ?? false
            try require(
                isReporting || jobs[run.job].map { $0.active.union($0.beside).contains(holder.fence) } ?? false,
                .eventual,
                "\(run.key) is running, but nobody runs it")
        }
        // One that waits for others is judged by those.
        try require(
            run.state.isTerminal || run.state == .running || run.state == .waiting || run.dueAt > limit
                || waitsForNeed(run, since: limit), .eventual,
            "\(run.key) was due at \(run.dueAt) and is still \(run.state.rawValue)")
    }

    /// The due instants of each generation, by the oracle, against the rows: no more, no less, under their versions.
    private func checkInstants(of name: String, _ job: Job, _ rows: [Run]) throws(Violation) {
        for generation in Set(job.versions.map(\.id.generation)).sorted() {
            var expected: [Timestamp: JobVersion] = [:]
            for version in job.versions where version.id.generation == generation {
                let end = version.until ?? max(now, job.watermark)
                let instants = DueOracle.instants(
                    of: version.definition.schedule, after: version.from, through: end)
                guard let instants else {
                    // Delays and runs by hand have instants that only the history can tell.
                    for row in rows where row.version == version.id { expected[row.scheduledAt] = version.id }
                    continue
                }
                for instant in instants { expected[instant] = version.id }
            }
            // What has just fallen due may still be on its way.
            let certain = now - .seconds(5)
            // A run that was cancelled before it was due stays, even when the definition changed before that too.
            for row in rows where row.version.generation == generation && !wasCancelledAhead(row) {
                let covered = expected.keys.filter { $0 >= row.scheduledAt && $0 <= (row.rangeEnd ?? row.scheduledAt) }
                try require(
                    !covered.isEmpty, .complete, "\(row.key) has a row, but the job was not due then")
                try require(
                    covered.count == row.count, .complete,
                    "\(row.key) stands for \(row.count) instants, but there were \(covered.count)")
                for instant in covered {
                    try require(
                        expected[instant] == row.version, .versions,
                        "\(row.key) follows version \(row.version.version), not \(expected[instant]?.version ?? 0)")
                    expected[instant] = nil
                }
            }
            for row in rows where wasCancelledAhead(row) { expected[row.scheduledAt] = nil }
            let lost = expected.keys.filter { $0 <= certain }.min()
            try require(lost == nil, .complete, "\(name) was due at \(lost.map { "\($0)" } ?? "") and has no row")
        }
    }

    private func wasCancelledAhead(_ run: Run) -> Bool {
        run.reason == .requested && run.finishedAt.map { $0 < run.scheduledAt } ?? false
    }

    private func checkGoesOn(
        _ record: JobRecord, _ runs: [Run], at now: Timestamp, quiet: Duration
    ) throws(Violation) {
        switch record.definition.schedule.rhythm {
        case .every, .cron:
            try require(
                record.nextAt.map { $0 > now - quiet } ?? false, .eventual, "\(record.name) is not scheduled any more")
        case .delay:
            let open = runs.filter { $0.job == record.name && $0.kind == .scheduled && !$0.state.isTerminal }
            try require(
                record.nextAt != nil || !open.isEmpty, .eventual,
                "\(record.name) waits for the end of a run that is not there")
            // Before an edit it may have had a clock, and several of its runs may wait since then for a job that they need.
            let own = open.filter { isByDelay($0) }
            try require(
                own.count + (record.nextAt == nil ? 0 : 1) <= 1, .bounded,
                "\(record.name) has \(own.count) open runs\(record.nextAt == nil ? "" : " and a next instant")")
        case .manual, .at, .repeat, .solar, .event, .after: break
        }
    }

    private func isByDelay(_ run: Run) -> Bool {
        let version = jobs[run.job]?.versions.first { $0.id == run.version }
        return if case .delay? = version?.definition.schedule.rhythm { true } else { false }
    }
}
