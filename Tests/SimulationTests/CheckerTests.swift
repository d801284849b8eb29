import Onebeat
import OnebeatTesting
import Testing

/// A short history of one job that is due every ten seconds, written by hand, good unless a test breaks it.
struct HandMadeHistory {
    static let version = JobVersion(job: "report", generation: 1, version: 1)
    static let a = NodeID(name: "a", boot: "a1")
    static let b = NodeID(name: "b", boot: "b1")

    var checker = Checker()
    var definition = JobDefinition(name: "report", schedule: .every(.seconds(10)), work: .handler)

    init(needs: [String: Need] = [:], _ change: (inout JobPolicies) -> Void = { _ in }) throws {
        definition.needs = needs
        change(&definition.policies)
        try see(0, .applied([JobChange(.added, job: "report", record: record())]))
        for node in [Self.a, Self.b] { try lease(0, node) }
    }

    func record(version: Int = 1, generation: Int = 1, watermark: Double = 0, nextAt: Double? = 10) -> JobRecord {
        JobRecord(
            definition: definition, generation: generation, version: version, watermark: Self.second(watermark),
            nextAt: nextAt.map(Self.second), createdAt: Self.second(0))
    }

    static func second(_ number: Double) -> Timestamp { ManualTime.start + .seconds(number) }

    /// The run that is due at so many seconds.
    func run(_ second: Double, id: Int64 = 1, _ change: (inout Run) -> Void = { _ in }) -> Run {
        var run = Run(
            id: RunID(id), version: Self.version, scheduledAt: Self.second(second), dueAt: Self.second(second))
        change(&run)
        return run
    }

    func claim(
        _ second: Double, id: Int64 = 1, attempt: Int = 1, fence: Int64 = 1, by node: NodeID = HandMadeHistory.a,
        _ change: (inout Run) -> Void = { _ in }
    ) -> Claim {
        let run = run(second, id: id) {
            $0.state = .running
            $0.attempt = attempt
            $0.fence = Fence(fence)
            $0.node = node.name
            $0.boot = node.boot
            change(&$0)
        }
        return Claim(run: run, definition: definition)
    }

    mutating func see(_ second: Double, _ observation: Observation) throws {
        try checker.observe(observation, at: Self.second(second))
    }

    mutating func lease(_ second: Double, _ node: NodeID) throws {
        try see(second, .leased(node, for: .seconds(30)))
    }

    mutating func claimed(_ second: Double, _ claims: Claim...) throws {
        let node = NodeID(name: claims[0].run.node ?? "", boot: claims[0].run.boot ?? "")
        try see(second, .claimed(ClaimResult(claims: claims, refused: [], hasMore: false), by: node))
    }

    mutating func refused(_ second: Double, _ run: Run) throws {
        try see(second, .claimed(ClaimResult(claims: [], refused: [run], hasMore: false), by: Self.a))
    }

    mutating func worked(_ second: Double, _ claim: Claim, _ outcome: Outcome) throws {
        try see(second, .started(claim))
        try see(second, .ended(claim, outcome))
    }

    mutating func settled(_ second: Double, _ claim: Claim, _ outcome: Outcome, as state: RunState) throws {
        var run = claim.run
        run.state = state
        try see(second, .settled(AttemptReport(claim, outcome), .settled(run)))
    }

    mutating func reaped(_ second: Double, _ claim: Claim, as state: RunState, crashes: Int = 1) throws {
        var run = claim.run
        run.state = state
        run.crashes = crashes
        try see(second, .reaped(ReapResult(dead: [], runs: [run], hasMore: false)))
    }

    /// The run of second 10, from its claim to its success.
    mutating func succeed() throws {
        let claim = claim(10)
        try claimed(10, claim)
        try worked(11, claim, .succeeded)
        try settled(12, claim, .succeeded, as: .succeeded)
    }

    var succeeded: Run {
        run(10) {
            $0.state = .succeeded
            $0.attempt = 1
            $0.fence = Fence(1)
        }
    }

    mutating func judge(_ second: Double, _ runs: [Run], nextAt: Double? = 1000, waits: [Wait] = []) throws {
        try checker.judge(
            FinalRows(runs: runs, jobs: [record(watermark: second, nextAt: nextAt)], waits: waits),
            at: Self.second(second), quiet: .seconds(8))
    }

    /// A run of a job that follows the report, planned with that of second 10; it waits, unless changed.
    mutating func follower(_ change: (inout Run) -> Void = { _ in }) throws -> Run {
        let definition = JobDefinition(name: "mail", schedule: .after("report"), work: .handler)
        let record = JobRecord(
            definition: definition, generation: 1, version: 1, watermark: Self.second(0), nextAt: nil,
            createdAt: Self.second(0))
        try see(0, .applied([JobChange(.added, job: "mail", record: record)]))
        var run = Run(
            id: RunID(2), version: record.versionID, scheduledAt: Self.second(10), dueAt: Self.second(10))
        run.state = .waiting
        run.flow = RunID(1)
        change(&run)
        return run
    }

    /// A run of the job "load", which the report may need, due at so many seconds; it has succeeded by then and a second.
    mutating func load(_ second: Double) throws {
        let version = JobVersion(job: "load", generation: 1, version: 1)
        var run = Run(
            id: RunID(77), version: version, scheduledAt: Self.second(second), dueAt: Self.second(second))
        (run.state, run.attempt, run.fence) = (.running, 1, Fence(77))
        (run.node, run.boot) = (Self.b.name, Self.b.boot)
        let claim = Claim(run: run, definition: JobDefinition(name: "load", schedule: .manual, work: .handler))
        try see(
            0,
            .applied([
                JobChange(
                    .added, job: "load",
                    record: JobRecord(
                        definition: claim.definition, generation: 1, version: 1, watermark: Self.second(0), nextAt: nil,
                        createdAt: Self.second(0)))
            ]))
        try claimed(second, claim)
        try worked(second, claim, .succeeded)
        try settled(second + 1, claim, .succeeded, as: .succeeded)
    }

    /// A backfill of the instants 110, 120 and 130.
    mutating func backfill(
        at second: Double = 200, _ change: (inout Backfill) -> Void = { _ in }
    ) throws -> Backfill {
        var backfill = Backfill(of: "report", from: Self.second(105), to: Self.second(135), by: "ann")
        backfill.id = 5
        change(&backfill)
        try see(second, .backfillAdded(backfill))
        return backfill
    }

    /// A step of it, and which of its runs are open after that.
    mutating func step(
        _ second: Double, of backfill: Backfill, _ instants: [Double], reached: Double?, isLast: Bool = false,
        open: [Run] = []
    ) throws {
        var step = BackfillStep(backfill, by: record())
        step.instants = instants.map(Self.second)
        step.reached = reached.map(Self.second)
        step.isLast = isLast
        try see(second, .backfilled(step, open: open))
    }

    func backfilled(_ second: Double, id: Int64) -> Run {
        run(second, id: id) {
            $0.kind = .backfill
            $0.requestID = "backfill-5"
        }
    }

    func wait(for follower: Run) -> Wait { Wait(parent: RunID(1), run: follower.id) }
}

/// A history that a checker must reject, and for what.
struct BadHistory: Sendable, CustomStringConvertible {
    let description: String
    let breaks: Invariant
    let tell: @Sendable () throws -> Void

    init(_ description: String, _ breaks: Invariant, _ tell: @escaping @Sendable () throws -> Void) {
        self.description = description
        self.breaks = breaks
        self.tell = tell
    }
}

struct CheckerTests {
    @Test func aGoodHistoryIsAccepted() throws {
        var history = try HandMadeHistory()
        try history.succeed()
        try history.judge(16, [history.succeeded])
    }

    @Test func aLawfulTakeoverIsAccepted() throws {
        var history = try HandMadeHistory()
        let first = history.claim(10)
        try history.claimed(10, first)
        try history.see(11, .started(first))
        try history.see(20, .ended(first, nil))
        try history.lease(29, HandMadeHistory.b)
        try history.reaped(31, first, as: .scheduled)
        let second = history.claim(10, attempt: 2, fence: 2, by: HandMadeHistory.b)
        try history.claimed(32, second)
        try history.see(33, .settled(AttemptReport(first, .succeeded), .fenced))
        try history.worked(34, second, .succeeded)
        try history.settled(35, second, .succeeded, as: .succeeded)
        try history.settled(36, second, .succeeded, as: .succeeded)
    }

    @Test func aRunThatNeedsASuccessStartsAfterItAndIsMissedForItsLack() throws {
        var history = try HandMadeHistory(needs: ["load": .within(.seconds(5))])
        try history.load(6)
        try history.claimed(10, history.claim(10, fence: 78))
        try history.refused(
            25,
            history.run(20, id: 2) {
                $0.state = .missed
                $0.reason = .upstream
                $0.deadlineAt = HandMadeHistory.second(24)
            })
    }

    @Test func aLawfulBackfillIsAccepted() throws {
        var history = try HandMadeHistory()
        let backfill = try history.backfill { $0.limit = 2 }
        let runs = [110.0, 120, 130].map { history.backfilled($0, id: Int64($0)) }
        try history.step(201, of: backfill, [110, 120], reached: 120, open: Array(runs[..<2]))
        try history.step(202, of: backfill, [130], reached: 130, open: Array(runs[1...]))
        try history.step(203, of: backfill, [], reached: nil, isLast: true)
    }

    @Test(arguments: BadHistory.all)
    func aBadHistoryIsRejected(_ history: BadHistory) {
        let violation = #expect(throws: Violation.self) { try history.tell() }
        #expect(violation?.invariant == history.breaks)
    }

    @Test func everyInvariantHasABadHistory() {
        #expect(Set(BadHistory.all.map(\.breaks)) == Set(Invariant.allCases))
    }
}
