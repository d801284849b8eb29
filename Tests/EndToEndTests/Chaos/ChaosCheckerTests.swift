import Onebeat
import OnebeatTesting
import Testing

/// The checker is believed because it refuses these.
@Suite(.timeLimit(.minutes(1)))
struct ChaosCheckerTests {
    @Test func aLawfulHistoryIsAccepted() {
        #expect(ChaosChecker.violations(of: .lawful) == [])
    }

    @Test func aJobMayBeAliveTwiceWhereNothingCouldEndIt() {
        var history = ChaosHistory.lawful
        history.lines.append(.line(.overlap(with: 2), at: 1020, fence: 3, attempt: 2, key: 1010))
        history.freezes = [Freeze("b", from: .second(1015), until: .second(1025))]
        #expect(ChaosChecker.violations(of: history) == [])
    }

    @Test func aNodeMaySayItselfThatItsAttemptIsLost() {
        var history = ChaosHistory.lawful
        history.lives[1].goneAt = .second(1030)
        history.attempts[1].wasTakenOver = false
        #expect(ChaosChecker.violations(of: history) == [])
    }

    @Test func aRunMayBeMissedForWhatItNeeds() {
        var history = ChaosHistory.lawful
        history.missFed()
        history.jobs[1].needs?.within = .seconds(5)
        #expect(ChaosChecker.violations(of: history) == [])
    }

    @Test(arguments: BadChaos.all)
    func aBadHistoryIsRefused(_ bad: BadChaos) {
        var history = ChaosHistory.lawful
        bad.spoil(&history)
        let broken = Set(ChaosChecker.violations(of: history).map(\.invariant))
        #expect(broken.contains(bad.invariant), "\(bad.words): \(broken)")
    }
}

/// One thing that must not be.
struct BadChaos: Sendable, CustomTestStringConvertible {
    let invariant: Invariant
    let words: String
    let spoil: @Sendable (inout ChaosHistory) -> Void

    init(_ invariant: Invariant, _ words: String, _ spoil: @escaping @Sendable (inout ChaosHistory) -> Void) {
        self.invariant = invariant
        self.words = words
        self.spoil = spoil
    }

    var testDescription: String { words }

    static let all = [
        BadChaos(.unique, "an instant has two rows") { $0.runs.append(ChaosRun(9, "job", at: .second(1000), .missed)) },
        BadChaos(.unique, "a range covers a row") {
            $0.runs[3].rangeEnd = .second(1040)
            $0.runs[3].count = 2
        },
        BadChaos(.complete, "an instant has no row") { $0.runs.remove(at: 3) },
        BadChaos(.complete, "a row is off the schedule") {
            $0.runs.append(ChaosRun(9, "job", at: .second(1003), .missed))
        },
        BadChaos(.complete, "a row is older than the job") {
            $0.runs.append(ChaosRun(9, "job", at: .second(990), .missed))
        },
        BadChaos(.complete, "a range counts wrong") { $0.runs[3].count = 2 },
        BadChaos(.notEarly, "a run was claimed before it was due") { $0.attempts[0].startedAt = .second(999) },
        BadChaos(.notEarly, "a process began before its run was due") { $0.lines[0].at = .second(999) },
        BadChaos(.fences, "an attempt is not there") { $0.attempts.remove(at: 1) },
        BadChaos(.fences, "a fence went back") {
            $0.attempts[1].fence = 4
            $0.lines[2].fence = 4
        },
        BadChaos(.fences, "two attempts share a fence") {
            $0.attempts[0].fence = 2
            $0.runs[0].fence = 2
        },
        BadChaos(.fences, "the row names another fence") { $0.runs[1].fence = 2 },
        BadChaos(.oneHolder, "a run was claimed while it was held") { $0.attempts[1].finishedAt = .second(1019) },
        BadChaos(.oneHolder, "two runs of a job were active") { $0.attempts[0].finishedAt = .second(1012) },
        BadChaos(.oneHolder, "an attempt was never ended") { $0.attempts[0].finishedAt = nil },
        BadChaos(.lawfulTakeover, "a run was taken from a living node") { $0.lives[1].goneAt = nil },
        BadChaos(.lawfulTakeover, "a run was taken before its node was dead") { $0.lives[1].goneAt = .second(1017) },
        BadChaos(.lawfulTakeover, "a node was declared dead within its lease") {
            $0.lives[1].leaseUntil = .second(1020)
        },
        BadChaos(.oneOutcome, "a run succeeded by a lost attempt") { $0.attempts[2].outcome = "lost" },
        BadChaos(.oneOutcome, "a run was tried again after it succeeded") { $0.attempts[1].outcome = "succeeded" },
        BadChaos(.oneOutcome, "a run left its end") { $0.seenEnds[1] = .failed },
        BadChaos(.oneOutcome, "a run is open, its attempt not") { $0.runs[1].state = .running },
        BadChaos(.selfStop, "a process outlived its attempt") {
            $0.lines.append(.line(.end(0), at: 1021, fence: 2, attempt: 1, key: 1010, node: "b"))
        },
        BadChaos(.atMostOnce, "what must start once was tried twice") { $0.jobs[0].isAtMostOnce = true },
        BadChaos(.atMostOnce, "what must start once began twice") {
            $0.jobs[0].isAtMostOnce = true
            $0.attempts.remove(at: 2)
            ($0.lines[3].fence, $0.lines[3].attempt) = (2, 1)
        },
        BadChaos(.noGhost, "a process has no attempt") {
            $0.lines.append(.line(.start, at: 1030, fence: 99, attempt: 1, key: 1030))
        },
        BadChaos(.noGhost, "an attempt began twice") { $0.lines.append($0.lines[0]) },
        BadChaos(.noGhost, "a process was told another run's key") { $0.lines[0].key = "job@1970-01-01T00:16:50Z" },
        BadChaos(.noGhost, "an attempt succeeded without a process") { $0.lines.removeFirst(2) },
        BadChaos(.noGhost, "a process that failed is recorded as good") { $0.lines[1].kind = .end(1) },
        BadChaos(.noOverlap, "two processes of a job were alive") {
            $0.lines.append(.line(.overlap(with: 2), at: 1020, fence: 3, attempt: 2, key: 1010))
        },
        BadChaos(.noOverlap, "two were alive after a freeze") {
            $0.lines.append(.line(.overlap(with: 2), at: 1020, fence: 3, attempt: 2, key: 1010))
            $0.freezes = [Freeze("b", from: .second(1015), until: .second(1019))]
        },
        BadChaos(.noOverlap, "two were alive while another node was frozen") {
            $0.lines.append(.line(.overlap(with: 2), at: 1020, fence: 3, attempt: 2, key: 1010))
            $0.freezes = [Freeze("z", from: .second(1015), until: .second(1025))]
        },
        BadChaos(.watermark, "a watermark went back") { $0.seenWatermarks["job"] = .second(1050) },
        BadChaos(.eventual, "a run is open for ever") {
            $0.runs[3].state = .scheduled
            $0.readAt = .second(1050)
        },
        BadChaos(.eventual, "a job is not scheduled any more") { $0.jobs[0].nextAt = nil },
        BadChaos(.eventual, "a job is not planned any more") { $0.readAt = .second(1060) },
        BadChaos(.bounded, "a run was skipped for nothing") {
            $0.runs[2].finishedAt = .second(1008)
        },
        BadChaos(.bounded, "a run was buried too soon") {
            $0.runs[1].state = .dead
            $0.attempts[2].outcome = "lost"
        },
        BadChaos(.needs, "a run started by a success that was too old for it") {
            $0.jobs[1].needs?.within = .seconds(5)
        },
        BadChaos(.needs, "a run started ahead of the success that it needs") {
            $0.runs[1].finishedAt = .second(1044)
        },
        BadChaos(.needs, "a run was missed for a success that was there") { $0.missFed() },
        BadChaos(.needs, "a run that waited for a success was missed as if it had not") {
            $0.missFed()
            $0.runs[5].reason = .tooLate
            $0.jobs[1].needs?.within = .seconds(5)
        },
    ]
}

extension ChaosHistory {
    /// The run of the job that needs another one, missed for that.
    fileprivate mutating func missFed() {
        runs[5].state = .missed
        runs[5].reason = .upstream
        runs[5].finishedAt = .second(1043)
        (runs[5].attempt, runs[5].fence) = (0, 0)
        attempts.removeLast()
        lines.removeLast(2)
    }

    /// A job every 10 s: one run succeeds, one is taken from node b by node a, one is skipped meanwhile, one is missed,
    /// and one waits for its time. A run of another job needs one of them.
    fileprivate static let lawful = {
        var history = ChaosHistory()
        history.jobs = [
            ChaosJob(
                "job", every: 10, createdAt: .second(995), watermark: .second(1040), nextAt: .second(1050)),
            ChaosJob("fed", every: 10, createdAt: .second(1035), watermark: .second(1040), nextAt: .second(1050)),
        ]
        history.jobs[1].needs = ("job", .seconds(35))
        var runs = [
            ChaosRun(1, "job", at: .second(1000), .succeeded), ChaosRun(2, "job", at: .second(1010), .succeeded),
            ChaosRun(3, "job", at: .second(1020), .skipped), ChaosRun(4, "job", at: .second(1030), .missed),
            ChaosRun(5, "job", at: .second(1040), .scheduled), ChaosRun(6, "fed", at: .second(1040), .succeeded),
        ]
        (runs[0].finishedAt, runs[1].finishedAt) = (.second(1001), .second(1021))
        (runs[5].attempt, runs[5].fence) = (1, 5)
        (runs[0].attempt, runs[0].fence) = (1, 1)
        (runs[1].attempt, runs[1].fence, runs[1].crashes) = (2, 3, 1)
        (runs[2].reason, runs[2].finishedAt) = (.overlap, .second(1020))
        history.runs = runs
        history.attempts = [
            .row(run: 1, 1, fence: 1, "a1", 1000, 1001, "succeeded"),
            .row(run: 2, 1, fence: 2, "b1", 1010, 1018, "lost"),
            .row(run: 2, 2, fence: 3, "a1", 1018, 1021, "succeeded"),
            .row(run: 6, 1, fence: 5, "a1", 1041, 1042, "succeeded"),
        ]
        history.attempts[1].wasTakenOver = true
        history.lives = [
            ChaosLife("a1", node: "a", leaseUntil: .second(1050)),
            ChaosLife("b1", node: "b", leaseUntil: .second(1018), goneAt: .second(1018)),
        ]
        history.lines = [
            .line(.start, at: 1000, fence: 1, attempt: 1, key: 1000),
            .line(.end(0), at: 1001, fence: 1, attempt: 1, key: 1000),
            .line(.start, at: 1010, fence: 2, attempt: 1, key: 1010, node: "b"),
            .line(.start, at: 1018, fence: 3, attempt: 2, key: 1010),
            .line(.end(0), at: 1021, fence: 3, attempt: 2, key: 1010),
            .line(.start, at: 1041, fence: 5, attempt: 1, key: 1040, of: "fed"),
            .line(.end(0), at: 1042, fence: 5, attempt: 1, key: 1040, of: "fed"),
        ]
        history.seenEnds = [1: .succeeded]
        history.seenWatermarks = ["job": .second(1030)]
        history.readAt = .second(1045)
        return history
    }()
}

extension Timestamp {
    fileprivate static func second(_ number: Int64) -> Timestamp { Timestamp(seconds: number) }
}

extension ChaosAttempt {
    fileprivate static func row(
        run: Int64, _ number: Int, fence: Int64, _ boot: String, _ start: Int64, _ end: Int64, _ outcome: String
    ) -> ChaosAttempt {
        ChaosAttempt(
            run: run, number: number, fence: fence, boot: boot, startedAt: .second(start), finishedAt: .second(end),
            outcome: outcome)
    }
}

extension SinkLine {
    fileprivate static func line(
        _ kind: Kind, at second: Int64, fence: Int64, attempt: Int, key instant: Int64, of job: String = "job",
        node: String = "a"
    ) -> SinkLine {
        SinkLine(
            kind, at: .second(second), node: node, fence: fence, attempt: attempt,
            key: "\(job)@\(Timestamp.second(instant))")
    }
}
