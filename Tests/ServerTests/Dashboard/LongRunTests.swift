import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct LongRunTests {
    private static let now = Timestamp(iso8601: "2026-11-23T12:00:00Z")!

    /// - Parameter length: `nil` for one that began half an hour ago and goes on.
    private static func run(_ id: Int64, _ length: Int?, _ state: RunState = .succeeded) -> Run {
        let start = now - .seconds(length == nil ? 1800 : Int(id) * 10_000)
        var run = Run(
            id: RunID(id), version: JobVersion(job: "a", generation: 1, version: 1), scheduledAt: start, dueAt: start,
            state: length == nil ? .running : state)
        run.startedAt = start
        run.finishedAt = length.map { start + .seconds($0) }
        return run
    }

    private static let usual = (1...5).map { run($0, 10) }

    @Test(
        arguments: [
            // Three times what nineteen of twenty others took, and not a second less.
            ([run(9, 31)], [9]), ([run(9, 30)], []), ([run(9, 31, .failed)], [9]),
            ([run(9, 31, .timedOut), run(8, 40, .failed)], [9, 8]),
            // It goes on.
            ([run(9, nil)], [9]),
            // What did not end well says nothing of how long the work takes.
            ((10...19).map { run($0, 100, .failed) } + [run(9, 31)], [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]),
            ([], []),
        ] as [([Run], [Int64])])
    func whatTookFarLongerIsListed(_ runs: [Run], _ expected: [Int64]) {
        #expect(LongRuns(runs + Self.usual, at: Self.now).lines.map(\.run.id.value) == expected)
    }

    @Test func fewRunsTellNothingAndNoMomentIsWorthAWord() {
        #expect(LongRuns([Self.run(9, 100)] + Self.usual.prefix(4), at: Self.now).lines.isEmpty)
        let short = (1...6).map { Self.run($0, 0) }
        #expect(LongRuns([Self.run(9, 1)] + short, at: Self.now).lines.isEmpty)
        #expect(LongRuns([Self.run(9, 2)] + short, at: Self.now).lines.count == 1)
    }

    @Test func eachLeadsToItsRunInTheReadersLanguage() {
        let runs = LongRuns([Self.run(9, nil), Self.run(8, 45, .failed)] + Self.usual, at: Self.now)
        let english = runs.html(Words(now: Self.now))?.text ?? ""
        #expect(
            english.contains(
                "<a href=\"/runs/9\">run 9</a> has been running for 30 min: usually it takes 10 s at most."))
        #expect(english.contains("<a href=\"/runs/8\">run 8</a> took 45 s, <time"))
        #expect(LongRuns(Self.usual, at: Self.now).html(Words(now: Self.now)) == nil)
        let chinese = Reader.$current.withValue(Reader(language: .chinese)) {
            runs.html(Words(now: Self.now))?.text ?? ""
        }
        #expect(chinese.contains("比平时久") && chinese.contains("已运行 30 分钟；平时最多 10 秒。"), "\(chinese)")
    }

    @Test func thePageOfAJobSaysSo() async throws {
        try await WebFixture.serving { web in
            #expect(!(try await web.get("/jobs/backup").body.contains("Longer than usual")))
            let node = NodeID(name: "alpha", boot: "1")
            for (number, length) in [3, 3, 3, 3, 3, 600].enumerated() {
                _ = try await web.store.trigger("backup", requestID: "long \(number)", by: "test")
                let claims = try await web.store.claim(
                    ClaimRequest(node: node, queues: ["default"], slots: 1, nonce: ClaimNonce(Int64(100 + number))),
                    deciding: Admission.decide
                ).claims
                web.time.advance(by: .seconds(length))
                _ = try await web.store.settle(claims.map { AttemptReport($0, .succeeded) }) {
                    Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5)
                }
            }
            let newest = try #require(try await web.store.runs(RunFilter()).first?.id)
            let page = try await web.get("/jobs/backup").body
            #expect(
                page.contains("Longer than usual")
                    && page.contains("<a href=\"/runs/\(newest)\">run \(newest)</a> took 10 min"))
        }
    }
}
