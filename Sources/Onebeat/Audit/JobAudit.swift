/// Holds the rows of one generation of a job against the instants at which it was due. Rows come in the order of their due
/// instants; of what was seen, no more is kept than two numbers an attempt.
package struct JobAudit: Sendable {
    /// A definition and when it was in force.
    package struct Reign: Sendable {
        package var version: JobVersion
        package var definition: JobDefinition
        package var after: Timestamp
        package var through: Timestamp
        /// `nil` where no clock decides, or where the schedule cannot be read here.
        fileprivate var scan: DueScan?

        package init(_ version: DefinitionVersion, after: Timestamp, through: Timestamp, _ scan: DueScan?) {
            self.version = version.version
            definition = version.definition
            self.after = after
            self.through = through
            self.scan = scan
        }
    }

    package let job: String
    /// What was found so far, and not taken yet.
    package private(set) var faults: [AuditFault] = []
    /// How many due instants were held against rows.
    package private(set) var instants = 0
    private var reigns: ArraySlice<Reign>
    private let definitions: [Int: JobDefinition]
    private var due: DueScan.Instants?
    private var expected: Timestamp?
    private var last: Timestamp?
    private var gap: AuditFault?
    private var spans = ActiveSpans()
    /// How many jobs there are in its flow, and since when that has been so.
    private let flow: (jobs: Int, since: Timestamp)?

    /// - Parameters:
    ///   - reigns: ascending, none reaching into the next.
    ///   - flow: of a root, how many jobs its flow has, itself counted, and since when.
    package init(_ job: String, _ reigns: [Reign], flow: (jobs: Int, since: Timestamp)? = nil) {
        self.job = job
        self.reigns = reigns[...]
        self.flow = flow
        definitions = Dictionary(reigns.map { ($0.version.version, $0.definition) }) { $1 }
        advance()
    }

    /// What was found since the last call.
    package mutating func takeFaults() -> [AuditFault] {
        defer { faults = [] }
        return faults
    }

    /// What is wrong with a row by itself: with its attempts, and with those it follows.
    package func faults(of entry: LedgerEntry) -> [AuditFault] {
        let definition = definitions[entry.run.version.version]
        return AttemptAudit.faults(of: entry, definition) + FlowAudit.faults(of: entry, definition, flow: flow)
    }

    /// What a row's run had to wait for.
    package func needs(of entry: LedgerEntry) -> [NeedAudit.Wanted] {
        NeedAudit.wanted(by: entry, definitions[entry.run.version.version])
    }

    /// Takes the next row.
    /// - Parameter own: what ``faults(of:)`` said of it.
    package mutating func take(_ entry: LedgerEntry, _ own: [AuditFault]) {
        let run = entry.run
        if run.kind == .scheduled, !run.isFollower { match(run) }
        faults += own
        if let policies = definitions[run.version.version]?.policies {
            spans.take(entry, limit: policies.effectiveLimit)
        }
    }

    /// All rows were taken: what is due and was not seen is missing.
    package mutating func finish() {
        while let instant = expected {
            miss(instant)
            advance()
        }
        closeGap()
        faults += spans.faults(of: job)
    }

    private mutating func match(_ run: Run) {
        while let instant = expected, instant < run.scheduledAt {
            miss(instant)
            advance()
        }
        closeGap()
        let end = run.rangeEnd ?? run.scheduledAt
        let isOfClock = definitions[run.version.version].map { Self.isByClock($0) } ?? false
        guard isOfClock else { return }
        if let last, run.scheduledAt <= last {
            faults.append(
                fault(.doubled, run, "\(run.key) is a second row for an instant that has one"))
            return
        }
        var count = 0
        while let instant = expected, instant <= end {
            count += 1
            instants += 1
            last = instant
            advance()
        }
        // What was cancelled ahead of its instant stays, also where an edit took the instant away.
        let wasCancelledAhead = run.finishedAt.map { $0 < run.scheduledAt } ?? false
        if count == 0, !wasCancelledAhead {
            faults.append(fault(.notDue, run, "\(run.key) has a row, but \(job) was not due then"))
        } else if count != run.count, count > 0 {
            faults.append(
                fault(
                    .miscounted, run,
                    "\(run.key) stands for \(run.count) due instants through \(end.words), and there were \(count)"))
        }
    }

    private static func isByClock(_ definition: JobDefinition) -> Bool {
        switch definition.schedule.rhythm {
        case .cron, .every, .at, .repeat, .solar: true
        case .delay, .event, .after, .manual: false
        }
    }

    private mutating func advance() {
        while true {
            if let instant = due?.next() {
                expected = instant
                return
            }
            guard let reign = reigns.popFirst() else {
                expected = nil
                due = nil
                return
            }
            due = reign.scan?.instants(after: reign.after, through: reign.through)
        }
    }

    private mutating func miss(_ instant: Timestamp) {
        instants += 1
        if gap == nil {
            gap = AuditFault(kind: .missing, job: job, at: instant, words: "")
        } else {
            gap?.count += 1
        }
        last = instant
    }

    /// Instants without rows that follow one another are one fault.
    private mutating func closeGap() {
        guard var fault = gap else { return }
        fault.words =
            fault.count == 1
            ? "\(job) was due at \(fault.at.words) and has no row"
            : "\(job) was due \(fault.count) times from \(fault.at.words) through \((last ?? fault.at).words) and has no row"
        faults.append(fault)
        gap = nil
    }

    private func fault(_ kind: AuditFault.Kind, _ run: Run, _ words: String) -> AuditFault {
        AuditFault(kind: kind, job: job, at: run.scheduledAt, run: run.id, words: words)
    }
}

/// How many runs of a job were active at one time.
private struct ActiveSpans: Sendable {
    private struct Span: Sendable {
        var start: Int64
        var end: Int64
        var run: Int64
        var limit: Int
    }

    private var spans: [Span] = []

    mutating func take(_ entry: LedgerEntry, limit: Int) {
        guard limit < Int(Int32.max), entry.run.kind != .backfill else { return }
        for attempt in entry.attempts {
            spans.append(
                Span(
                    start: attempt.startedAt.microseconds, end: attempt.finishedAt?.microseconds ?? .max,
                    run: attempt.run.value, limit: limit))
        }
    }

    private static func isWithinClockError(_ end: Int64, _ start: Int64) -> Bool {
        let (late, overflow) = end.subtractingReportingOverflow(start)
        return !overflow && late <= AuditFault.clockError.wholeMicroseconds
    }

    /// By the starts: those that began before and have not ended are beside it.
    func faults(of job: String) -> [AuditFault] {
        var active: [Span] = []
        var found: [AuditFault] = []
        for span in spans.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            active.removeAll { $0.end <= span.start || Self.isWithinClockError($0.end, span.start) }
            // An edit changes the limit for runs to come; those under way have theirs.
            let limit = active.reduce(span.limit) { max($0, $1.limit) }
            if active.count >= limit, !active.contains(where: { $0.run == span.run }) {
                let start = Timestamp(microseconds: span.start)
                found.append(
                    AuditFault(
                        kind: .overlapped, job: job, at: start, run: RunID(span.run),
                        words:
                            "run \(span.run) of \(job) began at \(start.exactWords) beside \(active.count) others, of which"
                            + " \(limit - 1) may be (run \(active.first?.run ?? 0))"))
            }
            active.append(span)
        }
        return found
    }
}
