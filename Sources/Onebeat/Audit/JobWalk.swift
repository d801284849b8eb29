/// Reads the history of one job page by page, and has it judged. An actor, so that walks of several jobs go side by side and
/// none copies what it has gathered.
actor JobWalk {
    /// What one step found.
    struct Step: Sendable {
        var faults: [AuditFault] = []
        /// What could not be judged, and why.
        var notes: [String] = []
        var runs = 0
        var attempts = 0
        var instants = 0
        /// Whether the job has been walked through.
        var isLast = false
    }

    /// Within so long after a change of a flow, runs of the flow before it may still come.
    private static let settling = Duration.seconds(30)
    private static let page = 500

    private let job: String
    private let store: any JobStore & LedgerStore
    private let zones: ZoneFiles
    private let now: Timestamp
    private let period: (after: Timestamp, through: Timestamp)
    /// From when on all runs are there.
    private let kept: Timestamp
    private var saidUnkept = false
    /// By generation, the versions of those that are still to be walked through; `nil` before the first step.
    private var generations: [[DefinitionVersion]]?
    private var current: Generation?

    /// What is known of the generation that is walked through.
    private struct Generation {
        var audit: JobAudit
        var record: JobRecord?
        var query: LedgerQuery
        var page: [LedgerEntry]
    }

    init(
        _ job: String, in store: any JobStore & LedgerStore, zones: ZoneFiles, at now: Timestamp,
        after: Timestamp, through: Timestamp, kept: Timestamp
    ) {
        self.job = job
        self.store = store
        self.zones = zones
        self.now = now
        period = (after, through)
        self.kept = kept
    }

    /// Judges the next page.
    func step() async throws -> Step {
        var step = Step()
        if generations == nil {
            let versions = try await versions()
            if versions.isEmpty {
                step.notes.append("there never was a job \"\(job)\", as far as the store knows")
            }
            let byGeneration = Dictionary(grouping: versions, by: \.version.generation)
            generations = byGeneration.sorted { $0.key < $1.key }.map(\.value)
        }
        if current == nil, let versions = generations?.first {
            generations?.removeFirst()
            current = try await begin(versions, &step)
        }
        if var generation = current {
            // Not kept twice: what it has gathered would be copied at its first change.
            current = nil
            current = try await judge(&generation, &step) ? generation : nil
        }
        step.isLast = current == nil && generations?.isEmpty != false
        return step
    }

    private func begin(_ versions: [DefinitionVersion], _ step: inout Step) async throws -> Generation {
        let generation = versions.first?.version.generation ?? 0
        let stored = try await store.job(job)
        let record = stored?.versionID.generation == generation ? stored : nil
        let reigns = reigns(of: versions, record, &step)
        var query = LedgerQuery(
            job: job, generation: generation, from: period.after + .microseconds(1), through: period.through)
        query.limit = Self.page
        return Generation(
            audit: try await JobAudit(job, reigns, flow: flow(of: record)), record: record, query: query,
            page: try await store.ledger(query))
    }

    /// - Returns: whether there is more of it.
    private func judge(_ generation: inout Generation, _ step: inout Step) async throws -> Bool {
        generation.query.after = generation.page.last
        let next = generation.page.count == generation.query.limit ? generation.query : nil
        // Read while this one is judged.
        async let following = read(next)
        var hasUnkept = false
        for entry in generation.page {
            var (entry, faults) = (entry, generation.audit.faults(of: entry))
            if !faults.isEmpty {
                entry = try await readAgain(entry)
                faults = generation.audit.faults(of: entry)
            }
            for wanted in generation.audit.needs(of: entry) {
                // What is not kept any more may have been there.
                guard wanted.period.from >= kept else {
                    hasUnkept = true
                    continue
                }
                let success = try await store.firstSuccess(
                    of: wanted.job, from: wanted.period.from, before: wanted.period.before)
                if let fault = NeedAudit.fault(of: entry, wanted, success: success) { faults.append(fault) }
            }
            generation.audit.take(entry, faults)
            step.runs += 1
            step.attempts += entry.attempts.count
        }
        generation.page = try await following
        if hasUnkept, !saidUnkept {
            saidUnkept = true
            step.notes.append("\(job): what some of its runs needed is not kept any more, and was not looked for")
        }
        if next == nil {
            generation.audit.finish()
            if let record = generation.record { step.faults += unplanned(record) }
            step.instants += generation.audit.instants
        }
        step.faults += generation.audit.takeFaults()
        return next != nil
    }

    private func read(_ query: LedgerQuery?) async throws -> [LedgerEntry] {
        if let query { try await store.ledger(query) } else { [] }
    }

    /// Ascending.
    private func versions() async throws -> [DefinitionVersion] {
        var found: [DefinitionVersion] = []
        while true {
            let page = try await store.versions(of: job, before: found.last?.version, limit: Self.page)
            found += page
            if page.count < Self.page { return found.reversed() }
        }
    }

    /// When each version was in force, within the period. What is due at the moment of a change belongs to the version
    /// before it.
    private func reigns(
        of versions: [DefinitionVersion], _ record: JobRecord?, _ step: inout Step
    ) -> [JobAudit.Reign] {
        zip(versions, versions.dropFirst().map(Optional.some) + [nil]).map { version, next in
            let end = next?.since ?? record?.watermark ?? version.removedAt
            if end == nil {
                step.notes.append(
                    "\(job): when its generation \(version.version.generation) ended is not known;"
                        + " its rows were not held against the clock")
            }
            var scan: DueScan?
            do {
                if let trouble = version.definition.trouble {
                    note(version, trouble, &step)
                } else {
                    scan = try DueScan(version.definition, zones: zones)
                }
            } catch {
                note(version, "\(error)", &step)
            }
            return JobAudit.Reign(
                version, after: max(version.since, period.after), through: min(end ?? .distantPast, period.through),
                scan)
        }
    }

    private func note(_ version: DefinitionVersion, _ trouble: String, _ step: inout Step) {
        step.notes.append(
            "\(job): version \(version.version.version) cannot be read here, so that its rows were not"
                + " held against the clock: \(trouble)")
    }

    /// The size of a root's flow, and since when it has had that.
    private func flow(of root: JobRecord?) async throws -> (jobs: Int, since: Timestamp)? {
        guard let root, root.flowEdition > 0 else { return nil }
        let followers = try await store.followers(of: root.name)
        guard !followers.isEmpty else { return nil }
        var since = root.createdAt
        for name in [root.name] + followers.map(\.name) {
            if let newest = try await store.versions(of: name, before: nil, limit: 1).first {
                since = max(since, newest.since)
            }
        }
        return (followers.count + 1, since + Self.settling)
    }

    /// A run and what belongs to it may have been read around a change.
    private func readAgain(_ entry: LedgerEntry) async throws -> LedgerEntry {
        let run = entry.run
        var query = LedgerQuery(
            job: run.job, generation: run.version.generation, from: run.scheduledAt, through: run.scheduledAt)
        query.limit = 1000
        return try await store.ledger(query).first { $0.run.id == run.id } ?? entry
    }

    private func unplanned(_ record: JobRecord) -> [AuditFault] {
        guard record.definition.trouble == nil, let next = record.nextAt, next <= period.through,
            next > period.after, next < now - .seconds(60)
        else { return [] }
        return [
            AuditFault(
                kind: .unplanned, job: record.name, at: next,
                words: "\(record.name) was due at \(next), and nobody has planned that yet; a node that may lead will")
        ]
    }
}
