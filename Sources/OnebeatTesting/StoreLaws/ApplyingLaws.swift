import Onebeat

extension StoreLaw {
    static let applying: [StoreLaw] = [
        StoreLaw("a new job is planned from now on") { bench in
            let change = try await bench.apply(bench.job(), nextAt: bench.second(60))[0]
            try expect(change.kind, is: .added)
            let record = try await bench.record()
            try expect(record, is: change.record)
            try expect(record.definition, is: bench.job())
            try expect(record.generation, is: 1)
            try expect(record.version, is: 1)
            try expect(record.source, is: "library")
            try expect(record.isPaused, is: false)
            try expect(record.watermark, is: bench.now)
            try expect(record.nextAt, is: bench.second(60))
            try expect(record.createdAt, is: bench.now)
        },
        StoreLaw("an equal definition changes nothing") { bench in
            try await bench.apply(bench.job(), nextAt: bench.second(60))
            let before = try await bench.record()
            bench.time.advance(by: .seconds(5))
            let changes = try await bench.apply(bench.job(), nextAt: bench.second(99))
            try expect(changes.map(\.kind), is: [.unchanged])
            try expect(try await bench.record(), is: before)
        },
        StoreLaw("a changed definition is the next version of the same generation") { bench in
            try await bench.apply(bench.job())
            let change = try await bench.apply(bench.job("report", .every(.seconds(7))))[0]
            try expect(change.kind, is: .changed)
            try expect(change.record.generation, is: 1)
            try expect(change.record.version, is: 2)
        },
        StoreLaw("a version once stored can be read for ever") { bench in
            try await bench.apply(bench.job())
            let first = try await bench.record().versionID
            try await bench.apply(bench.job("report", .every(.seconds(7))))
            try await bench.apply(isComplete: true)
            try expect(try await bench.store.definition(first), is: bench.job())
            var unknown = first
            unknown.version = 9
            try expect(try await bench.store.definition(unknown), is: nil)
        },
        StoreLaw("a complete source loses the jobs it no longer names, other sources keep theirs") { bench in
            try await bench.apply(bench.job("mine"), bench.job("gone"), source: "file:a")
            try await bench.apply(bench.job("other"), source: "file:b")
            let changes = try await bench.apply(bench.job("mine"), source: "file:a", isComplete: true)
            try expect(Set(changes.map { "\($0.job) \($0.kind)" }), is: ["mine unchanged", "gone removed"])
            try expect(try await bench.store.jobs().map(\.name), is: ["mine", "other"])
            try expect(try await bench.store.job("gone"), is: nil)
        },
        StoreLaw("a source that speaks for all of its jobs is told of those it no longer names, and they go on") {
            bench in
            try await bench.apply(bench.job("mine"), bench.job("left"), source: "file:a")
            try await bench.apply(bench.job("other"), source: "file:b")
            let changes = try await bench.apply(bench.job("mine"), source: "file:a", revision: 1)
            try expect(Set(changes.map { "\($0.job) \($0.kind)" }), is: ["mine unchanged", "left kept"])
            try expect(try await bench.store.jobs().map(\.name), is: ["left", "mine", "other"])
            let partial = try await bench.apply(bench.job("mine"), source: "file:a")
            try expect(partial.map(\.kind), is: [.unchanged])
        },
        StoreLaw("a revision that is older is refused, and nothing of it is stored") { bench in
            try await bench.apply(bench.job("a"), bench.job("b"), source: "shop", revision: 7)
            let before = try await bench.store.jobs()
            for number in [6, 0] {
                try await expectOutdated {
                    try await bench.apply(
                        bench.job("a", .every(.seconds(7))), bench.job("c"), source: "shop", revision: Int64(number),
                        isComplete: true)
                }
            }
            try expect(try await bench.store.jobs(), is: before)
            try expect(try await bench.store.events(job: "c", limit: 1).count, is: 0)
            try expect(try await bench.store.history(of: "shop").current?.number, is: 7)
        },
        StoreLaw("what was replaced is older, and neither changes, adds nor removes a job") { bench in
            let (old, new) = (bench.job("a"), bench.job("a", .every(.seconds(7))))
            try await bench.apply(old, bench.job("gone"), source: "shop", revision: 0)
            try await bench.apply(new, bench.job("b"), source: "shop", revision: 0, isComplete: true, by: "ann")
            let before = try await bench.store.jobs()
            try await expectOutdated {
                try await bench.apply(old, bench.job("gone"), source: "shop", revision: 0, isComplete: true)
            }
            try expect(try await bench.store.jobs(), is: before)
            let history = try await bench.store.history(of: "shop")
            try expect(history.current, is: try SourceRevision(of: [new, bench.job("b")]))
            try expect(history.actor, is: "ann")
            try expect(history.appliedAt, is: bench.now)
            try expect(history.replaced, is: [try SourceRevision(of: [old, bench.job("gone")])])
        },
        StoreLaw("who goes back by force is followed by nobody who still has what was given up") { bench in
            let (old, new) = (bench.job("a"), bench.job("a", .every(.seconds(7))))
            try await bench.apply(old, source: "shop", revision: 1)
            try await bench.apply(new, source: "shop", revision: 2)
            try await bench.apply(old, source: "shop", revision: 1, isForced: true)
            try await expectOutdated { try await bench.apply(new, source: "shop", revision: 2) }
            try expect(try await bench.record("a").definition, is: old)
            try await bench.apply(new, source: "shop", revision: 3)
            try expect(try await bench.record("a").definition, is: new)
        },
        StoreLaw("an older revision that changes nothing is no trouble, and the newer stays in force") { bench in
            try await bench.apply(bench.job("a"), source: "shop", revision: 0)
            try await bench.apply(bench.job("a"), bench.job("b"), source: "shop", revision: 0)
            let changes = try await bench.apply(bench.job("a"), source: "shop", revision: 0)
            try expect(Set(changes.map(\.kind)), is: [.unchanged, .kept])
            try expect(
                try await bench.store.history(of: "shop").current,
                is: try SourceRevision(of: [bench.job("a"), bench.job("b")]))
        },
        StoreLaw("sources have histories of their own, bounded, and jobs that come one by one have none") { bench in
            for number in 1...SourceHistory.length + 20 {
                try await bench.apply(bench.job("a"), source: "shop", revision: Int64(number))
            }
            try expect(try await bench.store.history(of: "shop").replaced.count, is: SourceHistory.length)
            try await bench.apply(bench.job("b"), source: "other", revision: 1)
            try await bench.apply(bench.job("c"), source: "command")
            try await bench.apply(bench.job("c", .every(.seconds(7))), source: "command")
            try await bench.apply(bench.job("c"), source: "command")
            try expect(try await bench.store.history(of: "command"), is: SourceHistory(of: "command"))
        },
        StoreLaw("jobs are listed by name, page by page, and by a part of their names") { bench in
            for name in ["b", "a.x", "c_x", "d"] { try await bench.apply(bench.job(name)) }
            func names(_ change: (inout JobFilter) -> Void) async throws -> [String] {
                var filter = JobFilter()
                change(&filter)
                return try await bench.store.jobs(filter).map(\.name)
            }
            try expect(try await names { _ in }, is: ["a.x", "b", "c_x", "d"])
            try expect(try await names { $0.limit = 2 }, is: ["a.x", "b"])
            try expect(try await names { $0.after = "b" }, is: ["c_x", "d"])
            try expect(try await names { $0.containing = "x" }, is: ["a.x", "c_x"])
            try expect(try await names { $0.containing = "_" }, is: ["c_x"], "no letter is a wildcard:")
        },
        StoreLaw("a name that belongs to another source is refused, and nothing of the rest is stored") { bench in
            try await bench.apply(bench.job("report"), source: "file:a")
            do {
                try await bench.apply(bench.job("another"), bench.job("report"), source: "file:b")
                throw LawBroken(description: "the name was given to a second source")
            } catch StoreError.refused {}
            try expect(try await bench.store.jobs().map(\.name), is: ["report"])
            try expect(try await bench.record().source, is: "file:a")
        },
        StoreLaw("a job that is overdue is neither replaced nor removed, and nothing of the rest is stored") { bench in
            try await bench.apply(bench.job(), nextAt: bench.second(60))
            let before = try await bench.record()
            bench.time.advance(by: .seconds(60))
            let another = bench.job("another")
            for definitions in [[bench.job("report", .every(.seconds(7))), another], [another]] {
                do {
                    _ = try await bench.store.apply(
                        ApplyRequest(definitions, source: "library", by: "law", isComplete: true),
                        unless: { record, now in record.nextAt.map { $0 <= now } ?? false }
                    ) { job, _, now in
                        FirePlan(
                            version: JobVersion(job: job.name, generation: 1, version: 1), from: now, through: now,
                            nextAt: nil, fires: [])
                    }
                    throw LawBroken(description: "the job was changed")
                } catch let error as StoreError where error == .overtaken {}
            }
            try expect(try await bench.store.jobs(), is: [before])
            try expect(try await bench.store.events(job: "another", limit: 1).count, is: 0)
        },
        StoreLaw("an overdue job that stays as it is keeps no other waiting") { bench in
            try await bench.apply(bench.job(), nextAt: bench.second(60))
            bench.time.advance(by: .seconds(60))
            let changes = try await bench.apply(bench.job(), bench.job("another"), unless: { _, _ in true })
            try expect(Set(changes.map(\.kind)), is: [.unchanged, .added])
        },
        StoreLaw("a job re-created under its name is a new generation with its own rows") { bench in
            try await bench.put(due: bench.second(60))
            try await bench.apply(isComplete: true)
            try await bench.put(due: bench.second(60))
            let record = try await bench.record()
            try expect(record.generation, is: 2)
            try expect(record.version, is: 1)
            let open = try await bench.runs().filter { !$0.state.isTerminal }
            try expect(open.map(\.version.generation), is: [2])
        },
        StoreLaw("rows planned for instants to come are withdrawn or kept by the new definition") { bench in
            try await bench.put(due: bench.second(0), bench.second(60), bench.second(120))
            try await bench.apply(
                bench.job("report", .every(.seconds(7))) { $0.priority = 5 }, nextAt: bench.second(180),
                fires: [bench.fire(bench.second(90)), bench.fire(bench.second(120), deadline: .seconds(1))])
            let runs = try await bench.runs().sorted { $0.scheduledAt < $1.scheduledAt }
            try expect(runs.map(\.scheduledAt), is: [0, 90, 120].map(bench.second))
            try expect(runs.map(\.version.version), is: [1, 2, 2], "the due one keeps its version:")
            try expect(runs.map(\.priority), is: [0, 5, 5])
            try expect(runs[2].deadlineAt, is: bench.second(121))
            try expect(try await bench.record().watermark, is: bench.second(120))
        },
        StoreLaw("a run that is running keeps its definition when the job changes") { bench in
            try await bench.put(due: bench.second(0)) { $0.retry.limit = 1 }
            let node = try await bench.join()
            let claim = try await bench.claimOne(node)
            try await bench.apply(bench.job("report", .every(.seconds(7))))
            try await bench.settle(claim, .failed(Failure("no")))
            bench.time.advance(by: .seconds(8))
            _ = try await bench.store.renew(node, lease: StoreBench.lease)
            bench.time.advance(by: .seconds(2))
            let again = try await bench.claimOne(node)
            try expect(again.definition.policies.retry.limit, is: 1)
            try expect(again.run.version.version, is: 1)
        },
        StoreLaw("a removed job's due runs are cancelled, its running one goes on, its history stays") { bench in
            try await bench.put(due: bench.second(0), bench.second(1)) { $0.overlap = .queue }
            bench.time.advance(by: .seconds(1))
            let claim = try await bench.claimOne(try await bench.join())
            try await bench.apply(isComplete: true)
            try expect(try await bench.states(), is: [.running, .cancelled])
            try expect(try await bench.reasons(), is: [nil, .removed])
            try expect(try await bench.runs()[1].finishedAt, is: bench.now)
            try await bench.settle(claim, .succeeded)
            try expect(try await bench.states(), is: [.succeeded, .cancelled])
        },
        StoreLaw("a further attempt of a removed job does not start") { bench in
            try await bench.put(due: bench.second(0)) { $0.retry = RetryPolicy(limit: 1, backoff: .seconds(1)) }
            let node = try await bench.join()
            let claim = try await bench.claimOne(node)
            try await bench.apply(isComplete: true)
            try await bench.settle(claim, .failed(Failure("no")))
            bench.time.advance(by: .seconds(1))
            try await bench.claimNothing(node)
            try expect(try await bench.states(), is: [.cancelled])
            try expect(try await bench.reasons(), is: [.removed])
        },
        StoreLaw("a paused job stays paused over an edit, and says so once") { bench in
            try await bench.apply(bench.job())
            try await bench.store.setPaused(true, job: "report", by: "ann")
            try await bench.store.setPaused(true, job: "report", by: "ann")
            try await bench.apply(bench.job("report", .every(.seconds(7))))
            try expect(try await bench.record().isPaused, is: true)
            let events = try await bench.store.events(job: "report", limit: 10)
            try expect(events.filter { $0.kind == "job.paused" }.map(\.actor), is: ["ann"])
        },
        StoreLaw("a job that is not there cannot be paused") { bench in
            try await expectNotFound("the job") { try await bench.store.setPaused(true, job: "report", by: "ann") }
        },
        StoreLaw("every change of a job leaves an event with who did it") { bench in
            try await bench.apply(bench.job())
            try await bench.apply(bench.job("report", .every(.seconds(7))))
            try await bench.store.setPaused(true, job: "report", by: "law")
            try await bench.store.setPaused(false, job: "report", by: "law")
            try await bench.apply(isComplete: true)
            let events = try await bench.store.events(job: "report", limit: 10)
            try expect(
                events.reversed().map(\.kind),
                is: ["job.added", "job.changed", "job.paused", "job.resumed", "job.removed"])
            try expect(Set(events.map(\.actor)), is: ["law"])
            try expect(Set(events.map(\.at)), is: [bench.now])
        },
    ]
}
