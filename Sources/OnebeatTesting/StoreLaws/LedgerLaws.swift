import Onebeat

extension StoreLaw {
    static let ledger: [StoreLaw] = [
        StoreLaw("each version of a definition is kept, with when it came and who brought it") { bench in
            try await bench.apply(bench.job(), source: "file:a", by: "ann")
            bench.time.advance(by: .seconds(5))
            try await bench.apply(bench.job { $0.priority = 2 }, source: "file:a", by: "bob")
            bench.time.advance(by: .seconds(5))
            try await bench.apply(source: "file:a", isComplete: true, by: "cyd")
            bench.time.advance(by: .seconds(5))
            try await bench.apply(bench.job { $0.priority = 3 }, source: "file:b", by: "dee")
            let versions = try await bench.store.versions(of: "report", before: nil, limit: 10)
            try expect(versions.map(\.version.generation), is: [2, 1, 1])
            try expect(versions.map(\.version.version), is: [1, 2, 1])
            try expect(versions.map(\.since), is: [15, 5, 0].map(bench.second))
            try expect(versions.map(\.actor), is: ["dee", "bob", "ann"])
            try expect(versions.map(\.source), is: ["file:b", "file:a", "file:a"])
            try expect(versions.map(\.removedAt), is: [nil, bench.second(10), nil])
            try expect(versions.map(\.definition.policies.priority), is: [3, 2, 0])
            let first = try await bench.store.versions(of: "report", before: nil, limit: 1)
            let rest = try await bench.store.versions(of: "report", before: first.last?.version, limit: 5)
            try expect(first + rest, is: versions)
            try expect(try await bench.store.versions(of: "x", before: nil, limit: 5), is: [])
        },
        StoreLaw("jobs that were ever defined are listed by name, removed ones too") { bench in
            for name in ["b", "a", "c"] { try await bench.apply(bench.job(name), source: name) }
            try await bench.apply(source: "a", isComplete: true)
            try expect(try await bench.store.definedJobs(after: nil, limit: 2), is: ["a", "b"])
            try expect(try await bench.store.definedJobs(after: "b", limit: 2), is: ["c"])
        },
        StoreLaw("the ledger has all runs of a job in the order of their instants, with attempts and parents") {
            bench in
            try await bench.applyFlow(["b": ["a"]])
            try await bench.planFlow("a", at: bench.second(1))
            try await bench.planFlow("a", at: bench.second(2))
            let node = try await bench.join()
            bench.time.advance(by: .seconds(2))
            let claim = try await bench.claimOne(node)
            try await bench.settle(claim, .failed(Failure("no")))
            var query = LedgerQuery(job: "a", generation: 1, from: bench.second(0), through: bench.second(9))
            let roots = try await bench.store.ledger(query)
            try expect(roots.map(\.run.scheduledAt), is: [1, 2].map(bench.second))
            try expect(roots.map(\.attempts.count), is: [1, 0])
            try expect(roots[0].attempts, is: try await bench.store.attempts(of: claim.run.id))
            try expect(roots.map(\.jobsInFlow), is: [2, 2])
            query.limit = 1
            query.after = roots[0]
            try expect(try await bench.store.ledger(query), is: [roots[1]])
            query.after = nil
            query.from = bench.second(2)
            try expect(try await bench.store.ledger(query), is: [roots[1]])
            query = LedgerQuery(job: "b", generation: 1, from: bench.second(0), through: bench.second(1))
            let followers = try await bench.store.ledger(query)
            try expect(followers.map(\.run.state), is: [.skipped])
            try expect(
                followers[0].parents.map { $0.end(at: nil) }, is: [ParentEnd(job: "a", state: .failed, reason: nil)])
            try expect(followers[0].parents.map(\.finishedAt), is: [bench.second(2)])
        },
        StoreLaw("the ledger begins with the row that stands for instants within the period") { bench in
            try await bench.put()
            let range = PlannedFire(
                scheduledAt: bench.second(1), dueAt: bench.second(1), missed: .coalesced, rangeEnd: bench.second(40),
                count: 40)
            try await bench.plan([range, bench.fire(bench.second(50))])
            var query = LedgerQuery(job: "report", generation: 1, from: bench.second(20), through: bench.second(60))
            try expect(try await bench.store.ledger(query).map(\.run.scheduledAt), is: [1, 50].map(bench.second))
            query.from = bench.second(41)
            try expect(try await bench.store.ledger(query).map(\.run.scheduledAt), is: [bench.second(50)])
        },
        StoreLaw("it is known since when all runs are kept") { bench in
            try await bench.put(due: bench.second(0))
            try expect(try await bench.store.keptSince(), is: nil)
            _ = try await bench.store.prune(before: bench.second(5), limit: 10)
            try expect(try await bench.store.keptSince(), is: nil, "though nothing went")
            _ = try await bench.store.cancel(try await bench.runs()[0].id, by: "ann")
            _ = try await bench.store.prune(before: bench.second(5), limit: 10)
            try expect(try await bench.store.keptSince(), is: bench.second(5))
        },
        StoreLaw("it is known when a run of a period first counted as succeeded, by itself or by a mark") { bench in
            try await bench.put(due: bench.second(1), bench.second(2)) { $0.overlap = .queueAll }
            bench.time.advance(by: .seconds(3))
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            func success(_ from: Double, _ before: Double) async throws -> Timestamp? {
                try await bench.store.firstSuccess(
                    of: "report", from: bench.second(from), before: bench.second(before))
            }
            try await bench.settle(first, .failed(Failure("no")))
            try expect(try await success(0, 9), is: nil)
            bench.time.advance(by: .seconds(1))
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            try expect(try await success(0, 9), is: bench.second(4))
            try expect(try await success(0, 2), is: nil)
            bench.time.advance(by: .seconds(1))
            _ = try await bench.store.mark(first.run.id, as: .succeeded, because: "seen", by: "ann")
            try expect(try await success(0, 2), is: bench.second(5))
            bench.time.advance(by: .seconds(1))
            _ = try await bench.store.mark(first.run.id, as: .failed, because: "seen", by: "ann")
            try expect(try await success(0, 2), is: bench.second(5))
            try expect(try await success(2, 3), is: bench.second(4))
            try expect(try await bench.store.firstSuccess(of: "x", from: .distantPast, before: .distantFuture), is: nil)
        },
    ]
}
