import OnebeatTesting
import Testing

@testable import Onebeat

struct UnservedTests {
    private let now = ManualTime.start

    private func node(_ queues: [String] = ["default"], _ abilities: Abilities = .everything) -> NodeRecord {
        NodeRecord(
            id: NodeID(name: "a", boot: "a1"), leaseUntil: now + .seconds(5), slots: 1, queues: queues,
            abilities: abilities, version: "1", processID: 1)
    }

    private func unserved(_ queue: String, _ need: String, _ nodes: NodeRecord...) -> Unserved? {
        Unserved(queue: queue, need: need, among: nodes, at: now)
    }

    @Test func whatALivingNodeServesAndCanDoIsServed() {
        #expect(unserved("default", "run", node()) == nil)
        #expect(unserved("default", "handler:a", node(), node(["default"], .only(["run"]))) == nil)
        #expect(unserved("once/a", "handler:a") == nil)
    }

    @Test func aQueueWithoutANodeAndWorkThatNobodyCanDoAreSaid() {
        #expect(unserved("mail", "run", node())?.sentence.hasPrefix(#"no living node serves queue "mail""#) == true)
        let closure = unserved("default", "handler:report", node(["default"], .only(["run", "handler:other"])))
        #expect(closure?.sentence.hasPrefix(#"no living node has the closure of job "report""#) == true)
        let kind = unserved("default", "celery", node(["default"], .only(["run"])))
        #expect(kind?.sentence.contains("can do work of kind celery") == true)
        var dead = node()
        dead.leaseUntil = now
        #expect(unserved("default", "run", dead) != nil)
    }

    @Test func theOutlookOfARunSaysWhatIsBeforeIt() {
        func outlook(
            _ change: (inout JobPolicies) -> Void = { _ in }, open: [Run], _ nodes: [NodeRecord]? = nil
        ) -> RunOutlook {
            let run = Run.example { $0.id = RunID(9) }
            return RunOutlook(of: run, .with(change), among: open + [run], nodes ?? [node()], at: now)
        }
        let older = Run.example { $0.id = RunID(3) }
        let younger = Run.example { $0.id = RunID(10) }
        #expect(outlook(open: []) == .starts)
        #expect(outlook(open: [younger]) == .starts)
        #expect(outlook(open: [.running(1), older]) == .waits(for: 2))
        #expect(outlook({ $0.limit = 2 }, open: [.running(1), older]) == .waits(for: 1))
        #expect(outlook({ $0.overlap = .allow }, open: [.running(1)]) == .starts)
        #expect(outlook({ $0.overlap = .cancel }, open: [.running(1)]) == .replaces)
        guard case .isUnserved = outlook(open: [], []) else {
            Issue.record("no node is up")
            return
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct OverdueLoopTests {
    private func loop(_ bench: LoopBench) -> OverdueLoop {
        OverdueLoop(
            store: bench.store, membership: bench.parts.membership, metrics: RunMetrics(), logger: bench.logger)
    }

    @Test func whatNobodyServesIsSaidOnceWhileItLasts() async throws {
        let bench = try LoopBench()
        try await bench.store.apply(
            [.example("mail", .every(.seconds(3600)), .with { $0.queue = "mail" })], source: "test",
            isComplete: true, by: "test", schedules: ScheduleCache())
        _ = try await bench.store.trigger("mail", requestID: "1", by: "ann")
        bench.time.advance(by: OverdueLoop.patience)
        try await bench.join()
        let loop = loop(bench)
        func said() async throws -> Int {
            try await bench.store.events(job: "mail", limit: 10).filter { $0.kind == "job.unserved" }.count
        }
        _ = try await bench.turn(loop)
        #expect(try await said() == 0, "only a leader says it")
        _ = try await bench.turn(bench.lead)
        for _ in 0..<2 { _ = try await bench.turn(loop) }
        #expect(try await said() == 1)
        let other = NodeID(name: "m", boot: "m1")
        _ = try await bench.store.join(
            NodeRecord(id: other, slots: 1, queues: ["mail"], version: "1", processID: 1), lease: .seconds(60))
        _ = try await bench.turn(loop)
        try await bench.store.leave(other)
        _ = try await bench.turn(loop)
        #expect(try await said() == 2)
    }

    @Test func theLeaderEndsWhatIsPastItsDeadline() async throws {
        let bench = try LoopBench()
        try await bench.store.apply(
            [
                .example(
                    "mail", .every(.seconds(5)),
                    .with {
                        $0.queue = "mail"
                        $0.deadline = .seconds(5)
                    })
            ], source: "test", isComplete: true, by: "test", schedules: ScheduleCache())
        let heartbeat = bench.heartbeat()
        let loop = loop(bench)
        func turns() async throws {
            _ = try await bench.turn(heartbeat)
            _ = try await bench.turn(bench.lead)
            _ = try await bench.turn(loop)
        }
        try await turns()
        _ = try await bench.turn(bench.firing)
        func missed() async throws -> [Timestamp] {
            try await bench.store.runs(RunFilter()).filter { $0.reason == .tooLate }.map(\.scheduledAt)
        }
        for seconds in [5, 5, 1] as [Int64] {
            #expect(try await missed() == [])
            bench.time.advance(by: .seconds(seconds))
            try await turns()
        }
        #expect(try await missed() == [ManualTime.start + .seconds(5)])
    }
}

struct NodeSettingsTests {
    @Test(arguments: [
        (NodeSettings(name: ""), "name"), (NodeSettings(name: "a\u{1b}"), "name"),
        (NodeSettings(name: "a", slots: 0), "slots"), (NodeSettings(name: "a", slots: 10_001), "slots"),
        (NodeSettings(name: "a", queues: []), "queues"), (NodeSettings(name: "a", queues: [""]), "queues"),
        (NodeSettings(name: "a", roles: []), "roles"),
    ])
    func whatANodeCannotLiveByIsRefusedInWords(_ settings: NodeSettings, _ setting: String) {
        let error = #expect(throws: SettingsError.self) { try settings.validated() }
        #expect(error?.setting == setting)
    }

    @Test func whoIsNoWorkerNeedsNeitherSlotsNorQueues() throws {
        _ = try NodeSettings(name: "a", roles: [.beat], slots: 0, queues: []).validated()
    }
}
