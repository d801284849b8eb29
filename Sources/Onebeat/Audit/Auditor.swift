/// Reads a store's history page by page and has it judged.
package struct Auditor: Sendable {
    private let store: any JobStore & LedgerStore
    private let zones: ZoneFiles
    /// Instants of which a node may just be writing the rows.
    private static let recent = Duration.seconds(10)
    /// Within so long after a change of a flow, runs of the flow before it may still come.
    private static let settling = Duration.seconds(30)
    private static let page = 500

    package init(_ store: any JobStore & LedgerStore, zones: ZoneFiles = .system) {
        self.store = store
        self.zones = zones
    }

    /// What an audit looked at.
    package struct Summary: Sendable, Equatable {
        /// The period, its begin not included.
        package var after: Timestamp
        package var through: Timestamp
        package var jobs = 0
        package var instants = 0
        package var runs = 0
        package var attempts = 0
        package var faults = 0
        /// What could not be judged, and why.
        package var notes: [String] = []
    }

    /// Audits jobs, removed ones too: all that were ever defined, or one.
    /// - Parameters:
    ///   - report: told each fault as it is found.
    ///   - progress: told now and then how far the audit is.
    package func audit(
        job: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil, report: (AuditFault) throws -> Void,
        progress: (Summary) -> Void = { _ in }
    ) async throws -> Summary {
        let now = try await store.now()
        var summary = Summary(after: from ?? .distantPast, through: min(to ?? .distantFuture, now - Self.recent))
        if let kept = try await store.keptSince() {
            // Runs are planned, and may be cancelled, a little before they are due.
            let first = kept + .seconds(60)
            if first > summary.after {
                summary.after = first
                summary.notes.append(
                    "runs that ended before \(kept.words) are not kept any more: the audit begins after that")
            }
        }
        var name: String?
        while true {
            let names: [String]
            if let job { names = [job] } else { names = try await store.definedJobs(after: name, limit: Self.page) }
            for job in names {
                try await audit(job, now, &summary, report, progress)
                summary.jobs += 1
            }
            guard job == nil, let last = names.last, names.count == Self.page else { return summary }
            name = last
        }
    }

    private func audit(
        _ name: String, _ now: Timestamp, _ summary: inout Summary, _ report: (AuditFault) throws -> Void,
        _ progress: (Summary) -> Void
    ) async throws {
        let versions = try await versions(of: name)
        guard !versions.isEmpty else {
            summary.notes.append("there never was a job \"\(name)\", as far as the store knows")
            return
        }
        let record = try await store.job(name)
        for generation in Set(versions.map(\.version.generation)).sorted() {
            let ofGeneration = versions.filter { $0.version.generation == generation }
            let current = record?.versionID.generation == generation ? record : nil
            let reigns = reigns(of: ofGeneration, current, &summary)
            var audit = try await JobAudit(name, reigns, flow: flow(of: current))
            var query = LedgerQuery(
                job: name, generation: generation, from: summary.after + .microseconds(1), through: summary.through)
            query.limit = Self.page
            let definitions = Dictionary(ofGeneration.map { ($0.version.version, $0.definition) }) { $1 }
            var page = try await store.ledger(query)
            while true {
                query.after = page.last
                let next = page.count == query.limit ? query : nil
                // Read while this one is judged.
                async let following = read(next)
                for entry in page {
                    audit.take(try await confirmed(entry, definitions))
                    summary.runs += 1
                    summary.attempts += entry.attempts.count
                }
                try hand(audit.takeFaults(), &summary, report)
                progress(summary)
                page = try await following
                guard next != nil else { break }
            }
            audit.finish()
            if let current { try hand(unplanned(current, now, summary), &summary, report) }
            try hand(audit.takeFaults(), &summary, report)
            summary.instants += audit.instants
        }
    }

    private func read(_ query: LedgerQuery?) async throws -> [LedgerEntry] {
        if let query { try await store.ledger(query) } else { [] }
    }

    private func hand(
        _ faults: [AuditFault], _ summary: inout Summary, _ report: (AuditFault) throws -> Void
    ) rethrows {
        summary.faults += faults.count
        try faults.forEach(report)
    }

    /// Ascending.
    private func versions(of job: String) async throws -> [DefinitionVersion] {
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
        of versions: [DefinitionVersion], _ record: JobRecord?, _ summary: inout Summary
    ) -> [JobAudit.Reign] {
        zip(versions, versions.dropFirst().map(Optional.some) + [nil]).map { version, next in
            let end = next?.since ?? record?.watermark ?? version.removedAt
            if end == nil {
                summary.notes.append(
                    "\(version.version.job): when its generation \(version.version.generation) ended is not known;"
                        + " its rows were not held against the clock")
            }
            var scan: DueScan?
            do {
                if let trouble = version.definition.trouble {
                    note(version, trouble, &summary)
                } else {
                    scan = try DueScan(version.definition, zones: zones)
                }
            } catch {
                note(version, "\(error)", &summary)
            }
            return JobAudit.Reign(
                version, after: max(version.since, summary.after),
                through: min(end ?? .distantPast, summary.through), scan)
        }
    }

    private func note(_ version: DefinitionVersion, _ trouble: String, _ summary: inout Summary) {
        summary.notes.append(
            "\(version.version.job): version \(version.version.version) cannot be read here, so that its rows were not"
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

    /// A run and what belongs to it may be read around a change: what looks wrong is read again.
    private func confirmed(_ entry: LedgerEntry, _ definitions: [Int: JobDefinition]) async throws -> LedgerEntry {
        let run = entry.run
        let definition = definitions[run.version.version]
        guard
            !AttemptAudit.faults(of: entry, definition).isEmpty
                || !FlowAudit.faults(of: entry, definition, flow: nil).isEmpty
        else { return entry }
        var query = LedgerQuery(
            job: run.job, generation: run.version.generation, from: run.scheduledAt, through: run.scheduledAt)
        query.limit = 1000
        return try await store.ledger(query).first { $0.run.id == run.id } ?? entry
    }

    private func unplanned(_ record: JobRecord, _ now: Timestamp, _ summary: Summary) -> [AuditFault] {
        guard record.definition.trouble == nil, let next = record.nextAt, next <= summary.through,
            next > summary.after, next < now - .seconds(60)
        else { return [] }
        return [
            AuditFault(
                kind: .unplanned, job: record.name, at: next,
                words: "\(record.name) was due at \(next), and nobody has planned that yet; a node that may lead will")
        ]
    }
}
