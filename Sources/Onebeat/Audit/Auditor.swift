/// Has a store's history judged, some jobs at a time.
package struct Auditor: Sendable {
    private let store: any JobStore & LedgerStore
    private let zones: ZoneFiles
    /// Instants of which a node may just be writing the rows.
    private static let recent = Duration.seconds(10)
    /// How many jobs are walked through side by side: while the store reads for one, another is judged.
    package static let lanes = 2
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
        /// The last job that was audited, where it was enough before the end.
        package var reached: String?

        fileprivate mutating func take(_ step: JobWalk.Step) {
            runs += step.runs
            attempts += step.attempts
            instants += step.instants
            faults += step.faults.count
            notes += step.notes
            jobs += step.isLast ? 1 : 0
        }
    }

    /// Audits jobs, removed ones too: all that were ever defined, or one.
    /// - Parameters:
    ///   - last: of all jobs only those after this one: where an audit goes on that was enough before the end.
    ///   - lanes: how many jobs are walked through side by side.
    ///   - report: told each fault as it is found; those of a job come in their order.
    ///   - progress: told now and then how far the audit is; what it throws ends the audit.
    ///   - isEnough: asked after each job; what was begun by then is brought to its end.
    package func audit(
        job: String? = nil, after last: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil,
        lanes: Int = Auditor.lanes,
        report: (AuditFault) throws -> Void, progress: (Summary) throws -> Void = { _ in },
        until isEnough: (Summary) -> Bool = { _ in false }
    ) async throws -> Summary {
        let now = try await store.now()
        var summary = Summary(after: from ?? .distantPast, through: min(to ?? .distantFuture, now - Self.recent))
        let kept = try await store.keptSince()
        if let kept {
            // Runs are planned, and may be cancelled, a little before they are due.
            let first = kept + .seconds(60)
            if first > summary.after {
                summary.after = first
                summary.notes.append(
                    "runs that ended before \(kept.words) are not kept any more: the audit begins after that")
            }
        }
        var names = Names(store: store, page: Self.page, only: job, after: last)
        let (after, through) = (summary.after, summary.through)
        func nextWalk() async throws -> JobWalk? {
            try await names.next().map {
                JobWalk(
                    $0, in: store, zones: zones, at: now, after: after, through: through, kept: kept ?? .distantPast)
            }
        }
        return try await withThrowingTaskGroup(of: (JobWalk, JobWalk.Step).self) { group in
            for _ in 0..<max(lanes, 1) {
                if let walk = try await nextWalk() { group.addTask { (walk, try await walk.step()) } }
            }
            var hasEnough = false
            while let (walk, step) = try await group.next() {
                summary.take(step)
                try step.faults.forEach(report)
                try progress(summary)
                hasEnough = hasEnough || step.isLast && isEnough(summary)
                if !step.isLast {
                    group.addTask { (walk, try await walk.step()) }
                } else if !hasEnough, let walk = try await nextWalk() {
                    group.addTask { (walk, try await walk.step()) }
                }
            }
            let reached = names.last
            if try await names.next() != nil { summary.reached = reached }
            return summary
        }
    }

    /// The jobs to audit, a page at a time.
    private struct Names {
        let store: any LedgerStore
        let limit: Int
        private var page: ArraySlice<String>
        /// After which name the next page begins; `nil` where there is none.
        private var place: String?
        /// The one that was given last.
        private(set) var last: String?

        init(store: any LedgerStore, page limit: Int, only job: String?, after last: String?) {
            self.store = store
            self.limit = limit
            page = job.map { [$0] } ?? []
            place = job == nil ? last ?? "" : nil
        }

        mutating func next() async throws -> String? {
            if page.isEmpty, let after = place {
                page = try await store.definedJobs(after: after.isEmpty ? nil : after, limit: limit)[...]
                place = page.count == limit ? page.last : nil
            }
            let name = page.popFirst()
            last = name ?? last
            return name
        }
    }
}
