import Onebeat

extension StoreLaw {
    static let standingBy: [StoreLaw] = [
        StoreLaw("a store that observes writes down what is due, and starts nothing") { bench in
            try expect(try await bench.store.standby(), is: nil)
            try expect(try await bench.store.change(standby: .begin, by: "a"), is: .observing)
            try expect(try await bench.store.change(standby: .begin, by: "b"), is: .observing)
            try await bench.put("a", due: bench.second(0), bench.second(60))
            try await bench.put("b", due: bench.second(0)) { $0.overlap = .allow }
            try await bench.store.trigger("a", requestID: "1", by: "ann")
            let node = try await bench.join()
            let result = try await bench.claim(node)
            try expect(result.claims, is: [])
            try expect(result.refused.map(\.reason), is: [.observed, .observed, .observed])
            try expect(try await bench.states("a"), is: [.skipped, .scheduled, .skipped])
            try expect(try await bench.states("b"), is: [.skipped])
            try expect(try await bench.runs("b")[0].message, is: "would have started")
            try expect(try await bench.runs("b")[0].attempt, is: 0)
            try expect(try await bench.store.statuses(job: nil).count, is: 0)
            bench.time.advance(by: .seconds(60))
            try expect(
                try await bench.store.dueRuns(queues: ["default"], within: .zero, limit: 9), is: [],
                "what is not started needs neither locks nor pointers")
            try expect(try await bench.claim(node).refused.count, is: 1)
            let kinds = try await bench.store.events(job: nil, limit: 50).map(\.kind).filter { $0.hasPrefix("store.") }
            try expect(kinds, is: ["store.observing"])
        },
        StoreLaw("a flow is observed as a whole") { bench in
            try await bench.store.change(standby: .begin, by: "a")
            try await bench.apply(bench.job("a", .event("arrived")), bench.job("b", .after("a")))
            _ = try await bench.store.emit(Emission("arrived", id: "1", by: "ann"))
            try expect(try await bench.claim(try await bench.join()).refused.map(\.reason), is: [.observed])
            try expect(try await bench.states("b"), is: [.skipped])
            try expect(try await bench.reasons("b"), is: [.upstreamSkipped])
        },
        StoreLaw("what runs elsewhere is told of while the store observes, and what follows it is observed") { bench in
            try await bench.store.change(standby: .begin, by: "a")
            let watch = SignalWatch(.every(.seconds(86_400)))
            try await bench.apply(
                JobDefinition(name: "report", schedule: .manual, work: .signal(watch)),
                bench.job("load", .after("report")))
            try expect(try await bench.store.signal(JobSignal(.start, of: "report", by: "ann")).state, is: .running)
            try expect(try await bench.store.signal(JobSignal(.success, of: "report", by: "ann")).state, is: .succeeded)
            try expect(try await bench.status().lastSuccessAt, is: bench.now)
            try expect(try await bench.claim(try await bench.join()).refused.map(\.reason), is: [.observed])
            try expect(try await bench.states("load"), is: [.skipped])
        },
        StoreLaw("while work is handed over, what is due from then on waits, and is run once it ends") { bench in
            try await bench.store.change(standby: .begin, by: "a")
            try await bench.put(due: bench.second(0), bench.second(5), bench.second(6), bench.second(7)) {
                $0.overlap = .allow
            }
            let node = try await bench.join()
            let standby = try await bench.store.change(standby: .handOver(after: .seconds(5)), by: "ann")
            try expect(standby, is: .handingOver(from: bench.second(5)))
            bench.time.advance(by: .seconds(8))
            try expect(try await bench.claim(node).refused.count, is: 1, "what was due before")
            try expect(try await bench.states(), is: [.skipped, .scheduled, .scheduled, .scheduled])
            let waiting = try await bench.runs()
            let conceded = try await bench.store.concede(
                [waiting[0].id, waiting[1].id, RunID(999)], because: "the beat sent it")
            try expect(conceded, is: 1, "one of them had ended, one never was")
            try expect(try await bench.runs()[1].message, is: "the beat sent it")
            try expect(try await bench.runs()[1].reason, is: .observed)
            try expect(try await bench.claim(node).claims, is: [])
            try expect(try await bench.store.change(standby: .end, by: "ann"), is: .over(since: bench.now))
            let claims = try await bench.claim(node).claims
            try expect(claims.map(\.run.id), is: [waiting[2].id, waiting[3].id])
            try expect(try await bench.store.concede([waiting[2].id], because: "too late"), is: 0)
            try expect(try await bench.states(), is: [.skipped, .skipped, .running, .running])
            try expect(try await bench.store.change(standby: .begin, by: "a").isOver, is: true)
        },
        StoreLaw("what was to be handed over is observed where nothing comes of it") { bench in
            try await bench.store.change(standby: .begin, by: "a")
            try await bench.put(due: bench.second(0))
            try await bench.store.change(standby: .handOver(after: .zero), by: "ann")
            let node = try await bench.join()
            try expect(try await bench.claim(node).refused, is: [])
            try await bench.store.change(standby: .goBack, by: "ann")
            try expect(try await bench.claim(node).refused.map(\.reason), is: [.observed])
        },
        StoreLaw("a store that has started something does not observe") { bench in
            try await bench.put(due: bench.second(0))
            _ = try await bench.claimOne(try await bench.join())
            try await expectRefused { try await bench.store.change(standby: .begin, by: "a") }
            try await expectRefused { try await bench.store.change(standby: .handOver(after: .zero), by: "a") }
            try expect(try await bench.store.standby(), is: nil)
        },
    ]
}
