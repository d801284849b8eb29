import Onebeat

/// A store on the bench, and the verbs that laws are written in.
public struct StoreBench: Sendable {
    /// The store under test.
    public let store: any Store
    /// Its clock.
    public let time: ManualTime

    /// How long the leases of ``join(_:slots:)`` last.
    static let lease = Duration.seconds(10)

    var now: Timestamp { time.now() }

    /// The moment so many seconds after the start of manual time.
    func second(_ number: Double) -> Timestamp { ManualTime.start + .seconds(number) }

    func job(
        _ name: String = "report", _ schedule: ScheduleDefinition = .every(.seconds(60)),
        _ change: (inout JobPolicies) -> Void = { _ in }
    ) -> JobDefinition {
        var policies = JobPolicies()
        change(&policies)
        return JobDefinition(name: name, schedule: schedule, work: .handler, policies: policies)
    }

    /// Stores definitions that plan nothing by themselves.
    @discardableResult
    func apply(
        _ definitions: JobDefinition..., source: String = "library", revision: Int64? = nil, isComplete: Bool = false,
        isForced: Bool = false, asSeen sight: SourceSight? = nil, by actor: String = "law",
        unless isOverdue: @escaping @Sendable (JobRecord, Timestamp) -> Bool = { _, _ in false },
        nextAt: Timestamp? = nil, fires: [PlannedFire] = []
    ) async throws -> [JobChange] {
        try await store.apply(
            ApplyRequest(
                definitions, source: source, by: actor,
                revision: try revision.map { try SourceRevision($0, of: definitions) }, isComplete: isComplete,
                isForced: isForced, asSeen: sight), unless: isOverdue
        ) { job, record, now in
            let watermark = max(record?.watermark ?? now, now)
            return FirePlan(
                version: JobVersion(
                    job: job.name, generation: record?.generation ?? 1, version: (record?.version ?? 0) + 1),
                from: watermark, through: watermark, nextAt: nextAt, fires: fires)
        }
    }

    /// Stores one job and gives it a run at each of these moments.
    func put(
        _ name: String = "report", due moments: Timestamp..., deadline: Duration? = nil,
        _ change: (inout JobPolicies) -> Void = { _ in }
    ) async throws {
        try await apply(job(name, .every(.seconds(60)), change))
        try await plan(moments.map { fire($0, deadline: deadline) }, of: name)
    }

    func fire(_ moment: Timestamp, deadline: Duration? = nil) -> PlannedFire {
        PlannedFire(scheduledAt: moment, dueAt: moment, deadlineAt: deadline.map { moment + $0 })
    }

    func record(_ name: String = "report") async throws -> JobRecord {
        guard let record = try await store.job(name) else { throw LawBroken(description: "there is no job \(name)") }
        return record
    }

    /// Plans rows from the job's watermark as it is.
    @discardableResult
    func plan(
        _ fires: [PlannedFire], of name: String = "report", nextAt: Timestamp? = nil, term: Term? = nil
    ) async throws -> Int {
        let record = try await record(name)
        let last = fires.map { $0.rangeEnd ?? $0.scheduledAt }.max()
        return try await store.plan(
            [
                FirePlan(
                    version: record.versionID, from: record.watermark,
                    through: max(record.watermark, last ?? record.watermark), nextAt: nextAt, fires: fires)
            ],
            term: term)
    }

    func join(_ name: String = "a", boot: String? = nil, slots: Int = 8) async throws -> NodeID {
        let id = NodeID(name: name, boot: boot ?? "\(name)1")
        _ = try await store.join(
            NodeRecord(id: id, slots: slots, queues: ["default"], version: "1", processID: 1), lease: Self.lease)
        return id
    }

    func claim(
        _ node: NodeID, slots: Int = 10, queues: [String] = ["default"], abilities: Abilities = .everything,
        nonce: Int64 = 1, isIdle: Bool = true
    ) async throws -> ClaimResult {
        try await store.claim(
            ClaimRequest(
                node: node, queues: queues, abilities: abilities, slots: slots, nonce: ClaimNonce(nonce),
                isIdle: isIdle),
            deciding: Admission.decide)
    }

    /// The one claim there must be.
    func claimOne(_ node: NodeID, _ file: String = #fileID, _ line: Int = #line) async throws -> Claim {
        let claims = try await claim(node).claims
        try expect(claims.count == 1, "one claim was expected, found \(claims.count)", file, line)
        return claims[0]
    }

    func claimNothing(_ node: NodeID, _ file: String = #fileID, _ line: Int = #line) async throws {
        let claims = try await claim(node).claims
        try expect(claims.isEmpty, "no claim was expected, found \(claims.map(\.run.key))", file, line)
    }

    @discardableResult
    func settle(_ claim: Claim, _ outcome: Outcome, value: RunValue? = nil) async throws -> SettleResult {
        try await store.settle([AttemptReport(claim, outcome, value: value)], deciding: Self.settlement)[0]
    }

    func reap(limit: Int = 100) async throws -> ReapResult {
        try await store.reap(limit: limit, deciding: Self.settlement)
    }

    static let settlement: @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement = {
        Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5)
    }

    /// Lets the leases of all nodes end, under the eyes of whoever reaps after it.
    func expire() async throws {
        _ = try await reap()
        time.advance(by: Self.lease)
    }

    /// The job's runs, oldest first.
    func runs(_ job: String = "report") async throws -> [Run] {
        var filter = RunFilter()
        filter.job = job
        filter.limit = 1000
        return try await store.runs(filter).sorted { $0.id < $1.id }
    }

    func run(_ id: RunID) async throws -> Run {
        guard let run = try await store.run(id) else { throw LawBroken(description: "there is no run \(id)") }
        return run
    }

    func states(_ job: String = "report") async throws -> [RunState] { try await runs(job).map(\.state) }

    func reasons(_ job: String = "report") async throws -> [Reason?] { try await runs(job).map(\.reason) }

    func status(_ job: String = "report") async throws -> JobStatus {
        guard let status = try await store.statuses(job: job).first else {
            throw LawBroken(description: "job \(job) has no status row")
        }
        return status
    }
}
