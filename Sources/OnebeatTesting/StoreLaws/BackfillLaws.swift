import Onebeat

extension StoreLaw {
    static let backfilling: [StoreLaw] = [
        StoreLaw("a backfill's runs have their own keys, beside the due ones, and one that follows has its flow") {
            bench in
            try await bench.applyFlow(["b": ["a"]])
            try await bench.planFlow("a", at: bench.second(60))
            let backfill = try await bench.add()
            let record = try await bench.record("a")
            var step = BackfillStep(backfill, by: record)
            step.instants = [60, 120].map(bench.second)
            step.reached = bench.second(120)
            step.passed = 3
            step.followers = try await bench.store.followers(planning: record)
            try expect(try await bench.store.take(step, term: nil), is: 2)
            try expect(try await bench.store.take(step, term: nil), is: nil, "the same step again")
            let runs = try await bench.runs("a").filter { $0.kind == .backfill }
            try expect(runs.map(\.scheduledAt), is: [60, 120].map(bench.second))
            try expect(runs.map(\.flow), is: runs.map { $0.id })
            try expect(runs.map(\.priority), is: [-1001, -1001])
            try expect(
                try await bench.runs("b").filter { $0.kind == .backfill }.map(\.state), is: [.waiting, .waiting])
            try expect(try await bench.store.openRuns(of: backfill.id), is: 4)
            try expect(try await bench.store.openFlows(of: backfill.id), is: 2)
            let now = try await bench.store.backfills(openOnly: true, limit: 9)
            try expect(now.map(\.reached), is: [bench.second(120)])
            try expect(now.map(\.made), is: [2])
            try expect(now.map(\.passed), is: [3])
            try expect(try await bench.store.backfills(openOnly: false, before: backfill.id, limit: 9), is: [])
            try expect(
                try await bench.store.backfills(openOnly: true, before: backfill.id + 1, limit: 9).map(\.id),
                is: [backfill.id])
            try expect(
                try await bench.store.newestStates(of: "a", at: [60, 90].map(bench.second)),
                is: [bench.second(60): .scheduled])
        },
        StoreLaw("a backfill stands in the way of no due run, and none in its way") { bench in
            try await bench.put(due: bench.second(0)) { $0.overlap = .skip }
            let backfill = try await bench.add("report")
            var step = BackfillStep(backfill, by: try await bench.record())
            step.instants = [bench.second(-60), bench.second(-120)]
            step.reached = bench.second(-120)
            _ = try await bench.store.take(step, term: nil)
            let node = try await bench.join()
            let claims = try await bench.claim(node).claims
            try expect(claims.map(\.run.kind), is: [.scheduled, .backfill, .backfill])
            try await bench.settle(claims[0], .succeeded)
            try await bench.plan([bench.fire(bench.second(0.5))])
            bench.time.advance(by: .seconds(1))
            try expect(try await bench.claimOne(node).run.kind, is: .scheduled)
            try await bench.settle(claims[1], .failed(Failure("no")))
            try expect(try await bench.status().failuresInARow, is: 0)
            try expect(try await bench.store.newestRuns(of: ["report"], states: [.failed], each: 5), is: [])
        },
        StoreLaw("a backfill starts while its job is paused") { bench in
            try await bench.put()
            let backfill = try await bench.add("report")
            var step = BackfillStep(backfill, by: try await bench.record())
            step.instants = [bench.second(-60)]
            step.reached = bench.second(-60)
            _ = try await bench.store.take(step, term: nil)
            try await bench.store.setPaused(true, job: "report", by: "ann")
            try expect(try await bench.claim(try await bench.join()).claims.map(\.run.kind), is: [.backfill])
        },
        StoreLaw("no two backfills of a job that have not ended cover one instant") { bench in
            try await bench.put()
            let first = try await bench.add("report", from: 0, to: 100)
            try await expectRefused { _ = try await bench.add("report", from: 99, to: 200) }
            _ = try await bench.add("report", from: 100, to: 200)
            _ = try await bench.store.change(first.id, to: .cancelled, by: "ann")
            _ = try await bench.add("report", from: 0, to: 50)
            try await expectNotFound("job x") { _ = try await bench.add("x") }
        },
        StoreLaw("a backfill that is paused, cancelled or done takes no step, and its waiting runs end with it") {
            bench in
            try await bench.put()
            let backfill = try await bench.add("report")
            var step = BackfillStep(backfill, by: try await bench.record())
            step.instants = [1, 2].map(bench.second)
            step.reached = bench.second(2)
            let paused = try await bench.store.change(backfill.id, to: .paused, by: "ann")
            try expect(paused.state, is: .paused)
            try expect(try await bench.store.take(step, term: nil), is: nil)
            _ = try await bench.store.change(backfill.id, to: .active, by: "ann")
            try expect(try await bench.store.take(step, term: nil), is: 2)
            let claim = try await bench.claim(try await bench.join(), slots: 1).claims[0]
            _ = try await bench.store.change(backfill.id, to: .cancelled, by: "ann")
            try expect(try await bench.states().sorted { $0.rawValue < $1.rawValue }, is: [.cancelled, .running])
            try await bench.settle(claim, .succeeded)
            try await expectRefused { _ = try await bench.store.change(backfill.id, to: .active, by: "ann") }
            try expect(try await bench.store.backfills(openOnly: true, limit: 9), is: [])
            try expect(try await bench.store.backfills(openOnly: false, limit: 9).map(\.state), is: [.cancelled])
            try await expectNotFound("backfill 99") { _ = try await bench.store.change(99, to: .paused, by: "ann") }
        },
        StoreLaw("a flow of a backfill is open until the last of it has ended") { bench in
            try await bench.applyFlow(["b": ["a"]])
            let backfill = try await bench.add()
            let record = try await bench.record("a")
            var step = BackfillStep(backfill, by: record)
            step.instants = [60, 120].map(bench.second)
            step.reached = bench.second(120)
            step.followers = try await bench.store.followers(planning: record)
            _ = try await bench.store.take(step, term: nil)
            let node = try await bench.join()
            bench.time.advance(by: .seconds(120))
            for claim in try await bench.claim(node).claims { try await bench.settle(claim, .succeeded) }
            try expect(try await bench.store.openRuns(of: backfill.id), is: 2)
            try expect(try await bench.store.openFlows(of: backfill.id), is: 2)
            try await bench.settle(try await bench.claim(node, slots: 1).claims[0], .succeeded)
            try expect(try await bench.store.openFlows(of: backfill.id), is: 1)
        },
        StoreLaw("with a backfill end the elements of its lists that have not begun") { bench in
            var spread = bench.job("b", .after("a")) { $0.overlap = .allow }
            spread.each = Each(in: "a")
            try await bench.apply(bench.job("a"), spread)
            let backfill = try await bench.add()
            let record = try await bench.record("a")
            var step = BackfillStep(backfill, by: record)
            step.instants = [bench.second(60)]
            step.reached = bench.second(60)
            step.followers = try await bench.store.followers(planning: record)
            _ = try await bench.store.take(step, term: nil)
            let node = try await bench.join()
            bench.time.advance(by: .seconds(120))
            let root = try await bench.claimOne(node)
            _ = try await bench.store.settle(
                [AttemptReport(root, .succeeded, value: RunValue(stored: "[1, 2, 3]"))]
            ) { Settlement.decide($0, $1, of: $2, at: $3, chance: 0) }
            let running = try await bench.claim(node, slots: 1).claims[0]
            try expect(running.run.element, is: 0)
            try expect(try await bench.store.openFlows(of: backfill.id), is: 1)
            _ = try await bench.store.change(backfill.id, to: .cancelled, by: "ann")
            try await bench.claimNothing(node)
            try await bench.settle(running, .succeeded)
            let runs = try await bench.runs("b")
            try expect(
                runs.sorted { ($0.element ?? -1) < ($1.element ?? -1) }.map(\.state),
                is: [.cancelled, .succeeded, .cancelled, .cancelled])
        },
        StoreLaw("a step of a leader whose term is over, or by an older definition, writes nothing") { bench in
            try await bench.put()
            let backfill = try await bench.add("report")
            var step = BackfillStep(backfill, by: try await bench.record())
            step.instants = [bench.second(1)]
            step.reached = bench.second(1)
            let taken = step
            try await expectFenced("an old term") { _ = try await bench.store.take(taken, term: Term(99)) }
            try await bench.apply(bench.job { $0.priority = 3 })
            try expect(try await bench.store.take(step, term: nil), is: nil)
            try expect(try await bench.runs().count, is: 0)
            step = BackfillStep(backfill, by: try await bench.record())
            step.isLast = true
            try expect(try await bench.store.take(step, term: nil), is: 0)
            try expect(try await bench.store.backfills(openOnly: false, limit: 9).map(\.state), is: [.done])
        },
    ]
}

extension StoreBench {
    fileprivate func add(_ job: String = "a", from: Double = -1000, to: Double = 1000) async throws -> Backfill {
        try await store.add(Backfill(of: job, from: second(from), to: second(to), by: "ann"))
    }
}
