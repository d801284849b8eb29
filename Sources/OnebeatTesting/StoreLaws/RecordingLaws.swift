import Onebeat

extension StoreLaw {
    static let recording: [StoreLaw] = [
        StoreLaw("pages of runs are turned both ways, also those of a stretch of time") { bench in
            try await bench.put("a", due: bench.second(0), bench.second(1), bench.second(2), bench.second(3))
            try await bench.put("b", due: bench.second(1))
            func list(_ change: (inout RunFilter) -> Void) async throws -> [RunID] {
                var filter = RunFilter()
                filter.limit = 2
                change(&filter)
                return try await bench.store.runs(filter).map(\.id)
            }
            let (a, b) = (try await bench.runs("a").map(\.id), try await bench.runs("b")[0].id)
            try expect(try await list { $0.newer = a[0] }, is: [a[2], a[1]])
            try expect(try await list { $0.newer = a[2] }, is: [b, a[3]])
            try expect(try await list { ($0.newer, $0.states) = (a[1], [.scheduled]) }, is: [a[3], a[2]])
            try expect(try await list { $0.newer = b }, is: [])
            // The latest due come first.
            func stretch(_ change: (inout RunFilter) -> Void = { _ in }) async throws -> [RunID] {
                try await list { filter in
                    (filter.from, filter.before) = (bench.second(0), bench.second(3))
                    change(&filter)
                }
            }
            try expect(try await stretch(), is: [a[2], b])
            try expect(try await stretch { $0.after = b }, is: [a[1], a[0]])
            try expect(try await stretch { $0.newer = a[0] }, is: [b, a[1]])
            try expect(try await stretch { $0.newer = a[1] }, is: [a[2], b])
        },
        StoreLaw("runs are listed newest first, by job, state and due instant") { bench in
            try await bench.put("a", due: bench.second(0), bench.second(1), bench.second(2))
            try await bench.put("b", due: bench.second(0))
            _ = try await bench.store.cancel(try await bench.runs("a")[1].id, by: "ann")
            func list(_ change: (inout RunFilter) -> Void) async throws -> [String] {
                var filter = RunFilter()
                change(&filter)
                return try await bench.store.runs(filter).map {
                    "\($0.job)\(Int($0.scheduledAt.duration(since: ManualTime.start).inSeconds))"
                }
            }
            try expect(try await list { _ in }, is: ["b0", "a2", "a1", "a0"])
            try expect(try await list { $0.job = "a" }, is: ["a2", "a1", "a0"])
            try expect(try await list { $0.states = [.cancelled] }, is: ["a1"])
            try expect(try await list { $0.states = [.cancelled, .scheduled] }.count, is: 4)
            try expect(try await list { $0.from = bench.second(1) }, is: ["a2", "a1"])
            try expect(try await list { $0.before = bench.second(1) }, is: ["b0", "a0"])
            try expect(try await list { $0.limit = 2 }, is: ["b0", "a2"])
        },
        StoreLaw("pages of runs follow one another without gap or repeat while runs are added") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2), bench.second(3))
            var filter = RunFilter()
            filter.limit = 2
            let first = try await bench.store.runs(filter)
            try await bench.plan([bench.fire(bench.second(4))])
            filter.after = first.last?.id
            let second = try await bench.store.runs(filter)
            try expect((first + second).map(\.scheduledAt), is: [3, 2, 1, 0].map(bench.second))
            filter.after = second.last?.id
            try expect(try await bench.store.runs(filter), is: [])
        },
        StoreLaw("a run that is not there is nil, and has no attempts") { bench in
            try expect(try await bench.store.run(RunID(99)), is: nil)
            try expect(try await bench.store.attempts(of: RunID(99)), is: [])
        },
        StoreLaw("status rows come by name, or one by its name") { bench in
            try await bench.put("b", due: bench.second(0))
            try await bench.put("a", due: bench.second(0))
            _ = try await bench.claim(try await bench.join())
            try expect(try await bench.store.statuses(job: nil).map(\.job), is: ["a", "b"])
            try expect(try await bench.store.statuses(job: "b").map(\.job), is: ["b"])
            try expect(try await bench.store.statuses(job: "c"), is: [])
        },
        StoreLaw("output is read back in order, attempt by attempt, from any place on") { bench in
            let pieces = [(1, 0), (1, 1), (2, 0)].map { place in
                LogPiece(
                    id: .init(run: RunID(5), position: LogPosition(attempt: place.0, sequence: place.1)),
                    stream: place.1 == 0 ? .stdout : .stderr, at: bench.now, bytes: [0, 255, UInt8(place.1)])
            }
            try await bench.store.appendLog(pieces.reversed(), dropping: [])
            try expect(try await bench.store.logs(of: RunID(5), after: nil, limit: 10), is: pieces)
            try expect(try await bench.store.logs(of: RunID(5), after: nil, limit: 2), is: Array(pieces[..<2]))
            let rest = try await bench.store.logs(
                of: RunID(5), after: LogPosition(attempt: 1, sequence: 0), limit: 10)
            try expect(rest, is: Array(pieces[1...]))
            try expect(try await bench.store.logs(of: RunID(6), after: nil, limit: 10), is: [])
        },
        StoreLaw("output sent twice is kept once, and dropped pieces are gone") { bench in
            let pieces = (0..<3).map { number in
                LogPiece(
                    id: .init(run: RunID(5), position: LogPosition(attempt: 1, sequence: number)), stream: .stdout,
                    at: bench.now, bytes: [UInt8(number)])
            }
            try await bench.store.appendLog(pieces, dropping: [])
            try await bench.store.appendLog(pieces, dropping: [pieces[1].id])
            try await bench.store.appendLog([], dropping: [pieces[1].id])
            let kept = try await bench.store.logs(of: RunID(5), after: nil, limit: 10)
            try expect(kept, is: [pieces[0], pieces[2]])
        },
        StoreLaw("events are stamped by the store and listed newest first") { bench in
            try await bench.store.record(Event("a.first", job: "report", run: RunID(1), actor: "ann", message: "one"))
            bench.time.advance(by: .seconds(1))
            try await bench.store.record(Event("a.second", actor: "bob"))
            let events = try await bench.store.events(job: nil, limit: 10)
            let first = Event(
                "a.first", job: "report", run: RunID(1), actor: "ann", message: "one", at: bench.second(0))
            try expect(events, is: [Event("a.second", actor: "bob", at: bench.second(1)), first])
            try expect(try await bench.store.events(job: "report", limit: 10), is: [first])
            try expect(try await bench.store.events(job: nil, limit: 1).map(\.kind), is: ["a.second"])
        },
        StoreLaw("events are paged by their numbers, both ways, and chosen by job and kind") { bench in
            for number in 0..<6 {
                let job = number.isMultiple(of: 2) ? "even" : "odd"
                try await bench.store.record(Event(number < 4 ? "a.low" : "a.high", job: job, actor: "\(number)"))
            }
            func list(_ change: (inout EventFilter) -> Void) async throws -> [EventRecord] {
                var filter = EventFilter(limit: 2)
                change(&filter)
                return try await bench.store.events(filter)
            }
            func actors(_ change: (inout EventFilter) -> Void) async throws -> String {
                try await list(change).map(\.event.actor).joined()
            }
            let first = try await list { _ in }
            try expect(first.map(\.event.actor), is: ["5", "4"])
            let second = try await list { $0.before = first.last?.number }
            try expect(second.map(\.event.actor), is: ["3", "2"])
            try expect(second.map(\.number), is: second.map(\.number).sorted(by: >))
            try expect(try await actors { $0.before = second.last?.number }, is: "10")
            try expect(try await actors { $0.after = second.last?.number }, is: "43")
            try expect(try await actors { $0.after = second.first?.number }, is: "54")
            try expect(try await actors { $0.after = first.first?.number }, is: "")
            try expect(try await actors { $0.kind = "a.low" }, is: "32")
            try expect(try await actors { ($0.kind, $0.job) = ("a.low", "odd") }, is: "31")
            try expect(try await actors { ($0.job, $0.before) = ("even", second.first?.number) }, is: "20")
            try expect(try await actors { $0.kind = "a" }, is: "")
            try expect(try await list { ($0.before, $0.after) = (.max, .min) }.count, is: 2)
        },
        StoreLaw("a takeover leaves events of the node's end and of the run") { bench in
            try await bench.put(due: bench.second(0))
            let claim = try await bench.claimOne(try await bench.join())
            try await bench.expire()
            _ = try await bench.reap()
            let events = try await bench.store.events(job: nil, limit: 10)
            try expect(events.contains { $0.kind == "node.dead" && $0.actor == "a" }, "no event of the dead node")
            try expect(events.contains { $0.run == claim.run.id && $0.actor == "a" }, "no event of the lost run")
        },
        StoreLaw("runs are counted by their state") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(9))
            bench.time.advance(by: .seconds(1))
            _ = try await bench.claim(try await bench.join())
            try expect(try await bench.store.runCounts(), is: [.running: 1, .skipped: 1, .scheduled: 1])
        },
        StoreLaw("pruning removes what ended before, with its attempts and output, and nothing that is open") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2))
            let node = try await bench.join()
            let old = try await bench.claimOne(node)
            try await bench.store.appendLog(
                [
                    LogPiece(
                        id: .init(run: old.run.id, position: LogPosition(attempt: 1, sequence: 0)), stream: .stdout,
                        at: bench.now, bytes: [1])
                ], dropping: [])
            try await bench.settle(old, .succeeded)
            bench.time.advance(by: .seconds(1))
            let open = try await bench.claimOne(node)
            bench.time.advance(by: .seconds(100))
            try await bench.store.record(Event("a.new", actor: "ann"))
            while try await bench.store.prune(before: bench.second(100), limit: 1) > 0 {}
            try expect(try await bench.runs().map(\.scheduledAt), is: [bench.second(1), bench.second(2)])
            try expect(try await bench.states(), is: [.running, .scheduled])
            try expect(try await bench.store.attempts(of: old.run.id), is: [])
            try expect(try await bench.store.attempts(of: open.run.id).count, is: 1)
            try expect(try await bench.store.logs(of: old.run.id, after: nil, limit: 1), is: [])
            try expect(try await bench.store.events(job: nil, limit: 10).map(\.kind), is: ["a.new"])
            try expect(try await bench.status().lastSuccessAt, is: bench.second(0), "the status row was pruned:")
        },
        StoreLaw("a call to prune removes no more than its limit") { bench in
            try await bench.apply(bench.job())
            try await bench.plan(
                (0..<5).map {
                    PlannedFire(
                        scheduledAt: bench.second(Double($0)), dueAt: bench.second(Double($0)), missed: .tooLate)
                })
            bench.time.advance(by: .seconds(10))
            _ = try await bench.store.prune(before: bench.second(5), limit: 2)
            try expect(try await bench.runs().count, is: 3)
        },
    ]
}
