import Onebeat

extension StoreLaw {
    static let standing: [StoreLaw] = [
        StoreLaw("of each job in force the newest run that has ended is told, and of those that are named") { bench in
            try await bench.put("a", due: bench.second(0), bench.second(1))
            try await bench.put("b", due: bench.second(0))
            try await bench.put("c", due: bench.second(0))
            func ends(_ jobs: [String]? = nil) async throws -> [RunID] {
                try await bench.store.newestEnds(of: jobs).map(\.id)
            }
            try expect(try await ends(), is: [])
            let (a, b) = (try await bench.runs("a"), try await bench.runs("b"))
            _ = try await bench.store.cancel(a[0].id, by: "ann")
            _ = try await bench.store.cancel(b[0].id, by: "ann")
            try expect(try await ends(), is: [a[0].id, b[0].id])
            _ = try await bench.store.cancel(a[1].id, by: "ann")
            try expect(try await ends(), is: [max(a[0].id, a[1].id), b[0].id])
            try expect(try await ends(["b", "c", "none"]), is: [b[0].id])
        },
        StoreLaw("the newest runs of named jobs come newest first, some of each, and in some states only") { bench in
            try await bench.put("a", due: bench.second(0), bench.second(1), bench.second(2))
            try await bench.put("b", due: bench.second(0))
            let all = try await bench.runs("a")
            _ = try await bench.store.cancel(all[1].id, by: "ann")
            func newest(_ jobs: [String], _ states: Set<RunState>, _ each: Int) async throws -> [RunID] {
                try await bench.store.newestRuns(of: jobs, states: states, each: each).map(\.id)
            }
            let sorted = all.map(\.id).sorted(by: >)
            try expect(try await newest(["a"], [], 2), is: Array(sorted.prefix(2)))
            try expect(try await newest(["a", "none"], [.cancelled], 2), is: [all[1].id])
            try expect(try await newest(["a", "b"], [], 1).count, is: 2)
            try expect(try await newest([], [], 5), is: [])
        },
        StoreLaw("of each job the run that has been due for longest is told, the longest first") { bench in
            try await bench.put("a", due: bench.second(0), bench.second(1))
            try await bench.put("b", due: bench.second(2))
            bench.time.advance(by: .seconds(10))
            func waiting(_ seconds: Int, _ limit: Int = 10) async throws -> [String] {
                try await bench.store.longestWaiting(for: .seconds(seconds), limit: limit).map {
                    "\($0.job)\(Int($0.dueAt.duration(since: ManualTime.start).inSeconds))"
                }
            }
            try expect(try await waiting(0), is: ["a0", "b2"])
            try expect(try await waiting(0, 1), is: ["a0"])
            try expect(try await waiting(100), is: [])
        },
        StoreLaw("what runs is told, the oldest first") { bench in
            try await bench.put("a", due: bench.second(0))
            try await bench.put("b", due: bench.second(0))
            try expect(try await bench.store.longestRunning(limit: 9), is: [])
            let node = try await bench.join()
            let claims = try await bench.claim(node).claims
            let running = try await bench.store.longestRunning(limit: 9)
            try expect(Set(running.map(\.id)), is: Set(claims.map(\.run.id)))
            try expect(try await bench.store.longestRunning(limit: 1).count, is: 1)
        },
        StoreLaw("status rows come by their jobs' names") { bench in
            for name in ["a", "b", "c"] { try await bench.put(name, due: bench.second(0)) }
            _ = try await bench.claim(try await bench.join())
            try expect(try await bench.store.statuses(of: ["c", "a", "none"]).map(\.job), is: ["a", "c"])
            try expect(try await bench.store.statuses(of: nil).count, is: 3)
            try expect(try await bench.store.statuses(of: []), is: [])
        },
    ]
}
