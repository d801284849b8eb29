import Onebeat

extension StoreLaw {
    static let flows: [StoreLaw] = [
        StoreLaw("a flow is not asked for by the name of a run of one of its jobs alone") { bench in
            try await bench.apply(bench.job("a", .manual), bench.job("b", .after("a")))
            try await bench.store.trigger("b", requestID: "one", by: "ann")
            bench.time.advance(by: .seconds(1))
            try await expectRefused { try await bench.store.trigger("a", requestID: "one", by: "ann") }
            try expect(try await bench.runs("a"), is: [])
            try await bench.store.trigger("a", requestID: "two", by: "ann")
            try expect(try await bench.states("b"), is: [.scheduled, .waiting])
        },
        StoreLaw("with a root's run goes a waiting run of each follower, each after what it follows") { bench in
            try await bench.applyFlow(["b": ["a"], "c": ["a"], "d": ["b", "c"]])
            try await bench.planFlow("a", at: bench.second(0))
            let root = try await bench.runs("a")[0]
            try expect(root.flow, is: root.id)
            try expect(root.state, is: .scheduled)
            for name in ["b", "c", "d"] {
                let runs = try await bench.runs(name)
                try expect(runs.map(\.state), is: [.waiting])
                try expect(runs[0].flow, is: root.id)
                try expect(runs[0].scheduledAt, is: root.scheduledAt)
                try expect(runs[0].id > root.id, "\(name) was inserted before its root")
            }
            let ids = try await bench.ids(["a", "b", "c", "d"])
            let waits = try await bench.store.waits(in: root.id, limit: 100)
            try expect(
                Set(waits),
                is: [
                    Wait(parent: ids[0], run: ids[1]), Wait(parent: ids[0], run: ids[2]),
                    Wait(parent: ids[1], run: ids[3]), Wait(parent: ids[2], run: ids[3]),
                ])
            // What waits for others is not due.
            try expect(try await bench.claim(try await bench.join()).claims.map(\.run.job), is: ["a"])
        },
        StoreLaw("runs are listed by their state, whatever state that is, and page by page") { bench in
            try await bench.applyFlow(["b": ["a"], "c": ["a"]])
            try await bench.planFlow("a", at: bench.second(0))
            func listed(_ states: Set<RunState>, after: RunID? = nil, limit: Int = 50) async throws -> [String] {
                var filter = RunFilter()
                (filter.states, filter.after, filter.limit) = (states, after, limit)
                return try await bench.store.runs(filter).map(\.job)
            }
            try expect(try await listed([.scheduled]), is: ["a"])
            try expect(try await listed([.waiting]), is: ["c", "b"])
            try expect(try await listed([.waiting, .scheduled]), is: ["c", "b", "a"])
            try expect(try await listed([.waiting], limit: 1), is: ["c"])
            try expect(try await listed([.waiting], after: try await bench.runs("c")[0].id), is: ["b"])
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .failed(Failure("x")))
            try expect(try await listed([.failed]), is: ["a"])
            try expect(try await listed([.dead]), is: [])
            try expect(try await listed([.failed, .dead]), is: ["a"])
            try expect(try await listed([.skipped]), is: ["c", "b"])
            try expect(try await listed([.waiting]), is: [])
            try expect(try await listed([.scheduled]), is: [])
        },
        StoreLaw("the end of what it follows lets a follower go, and its time begins then") { bench in
            try await bench.applyFlow(["b": ["a"]]) { $0.deadline = .seconds(30) }
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            let root = try await bench.claimOne(node)
            bench.time.advance(by: .seconds(100))
            _ = try await bench.store.renew(node, lease: StoreBench.lease)
            try await bench.settle(root, .succeeded)
            let follower = try await bench.runs("b")[0]
            try expect(follower.state, is: .scheduled)
            try expect(follower.dueAt, is: bench.second(100))
            try expect(follower.deadlineAt, is: bench.second(130))
            try expect(try await bench.claimOne(node).run.job, is: "b")
        },
        StoreLaw("a follower that is let go ahead of its flow's instant is due at that instant, and not before") {
            bench in
            try await bench.applyFlow(["b": ["a"]]) { policies in
                policies.deadline = .seconds(30)
                policies.triggerRule = .allDone
            }
            try await bench.planFlow("a", at: bench.second(8))
            _ = try await bench.store.cancel(try await bench.runs("a")[0].id, by: "law")
            let follower = try await bench.runs("b")[0]
            try expect(follower.state, is: .scheduled)
            try expect(follower.dueAt, is: bench.second(8))
            try expect(follower.deadlineAt, is: bench.second(38))
            let node = try await bench.join()
            try expect(try await bench.claim(node).claims.map(\.run.job), is: [])
            bench.time.advance(by: .seconds(8))
            try expect(try await bench.claimOne(node).run.job, is: "b")
        },
        StoreLaw("what a run hands on is kept where it succeeds, and given to those that follow it") { bench in
            try await bench.applyFlow(["b": ["a"], "c": ["a", "b"]]) { $0.triggerRule = .allDone }
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            let value = try RunValue(json: Array(#"{"rows": [1, "\u0000", "日"]}"#.utf8))
            let root = try await bench.claimOne(node)
            try await bench.settle(root, .succeeded, value: value)
            try expect(try await bench.store.value(of: root.run.id), is: value)
            let second = try await bench.claimOne(node)
            try expect(try await bench.store.input(of: second.run.id), is: ["a": value])
            try await bench.settle(second, .failed(Failure("no")), value: value)
            try expect(try await bench.store.value(of: second.run.id), is: nil)
            let third = try await bench.claimOne(node)
            try expect(try await bench.store.input(of: third.run.id), is: ["a": value])
            try expect(try await bench.store.input(of: root.run.id), is: [:])
        },
        StoreLaw("a further attempt of what it follows keeps a follower waiting") { bench in
            try await bench.applyFlow(["b": ["a"]]) { $0.retry = RetryPolicy(limit: 1, backoff: .seconds(1)) }
            try await bench.planFlow("a", at: bench.second(0))
            let claim = try await bench.claimOne(try await bench.join())
            try await bench.settle(claim, .failed(Failure("no")))
            try expect(try await bench.states("b"), is: [.waiting])
        },
        StoreLaw("where what it follows does not succeed, a follower is skipped at once, and so on down") { bench in
            try await bench.applyFlow(["b": ["a"], "c": ["b"], "d": ["c"]])
            try await bench.planFlow("a", at: bench.second(0))
            try await bench.settle(try await bench.claimOne(try await bench.join()), .failed(Failure("no")))
            for (name, words) in [("b", "a failed"), ("c", "b was skipped"), ("d", "c was skipped")] {
                let run = try await bench.runs(name)[0]
                try expect(run.state, is: .skipped)
                try expect(run.reason, is: .upstream)
                try expect(run.message, is: words)
                try expect(run.finishedAt, is: bench.now)
            }
        },
        StoreLaw("of two that end in one move, and of two moves, the last lets the follower go, once") { bench in
            for together in [true, false] {
                let root = together ? "a" : "x"
                let names = together ? ["b", "c", "d"] : ["y", "z", "w"]
                try await bench.applyFlow(
                    [names[0]: [root], names[1]: [root], names[2]: [names[0], names[1]]], root: root)
                try await bench.planFlow(root, at: bench.now)
                let node = try await bench.join(root)
                try await bench.settle(try await bench.claimOne(node), .succeeded)
                let claims = try await bench.claim(node).claims
                try expect(Set(claims.map(\.run.job)), is: [names[0], names[1]])
                if together {
                    _ = try await bench.store.settle(
                        claims.map { AttemptReport($0, .succeeded) }, deciding: StoreBench.settlement)
                } else {
                    try await bench.settle(claims[0], .succeeded)
                    try expect(try await bench.states(names[2]), is: [.waiting])
                    try await bench.settle(claims[1], .succeeded)
                    // The same report again is settling once.
                    try await bench.settle(claims[1], .succeeded)
                }
                try expect(try await bench.states(names[2]), is: [.scheduled])
                try await bench.settle(try await bench.claimOne(node), .succeeded)
            }
        },
        StoreLaw("one that starts with the first success is not started again by the second") { bench in
            try await bench.applyFlow(["b": ["a"], "c": ["a"], "d": ["b", "c"]]) { $0.triggerRule = .oneSuccess }
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            let claims = try await bench.claim(node).claims
            try await bench.settle(claims[0], .succeeded)
            let last = try await bench.claimOne(node)
            try expect(last.run.job, is: "d")
            try await bench.settle(claims[1], .failed(Failure("late")))
            try expect(try await bench.states("d"), is: [.running])
            try await bench.settle(last, .succeeded)
            try expect(try await bench.states("d"), is: [.succeeded])
        },
        StoreLaw("however a root ends, no follower waits on: cancelled, too late, lost, removed, skipped") { bench in
            try await bench.applyFlow(["b": ["a"]]) { policies in
                policies.delivery = .atMostOnce
                policies.triggerRule = .allDone
            }
            // Cancelled before it began.
            try await bench.planFlow("a", at: bench.now)
            _ = try await bench.store.cancel(try await bench.runs("a")[0].id, by: "law")
            try expect(try await bench.states("b"), is: [.scheduled])
            _ = try await bench.store.cancel(try await bench.runs("b")[0].id, by: "law")
            // Lost with its node.
            bench.time.advance(by: .seconds(1))
            try await bench.planFlow("a", at: bench.now)
            _ = try await bench.claimOne(try await bench.join("n"))
            try await bench.expire()
            _ = try await bench.reap()
            try expect(try await bench.states("a"), is: [.cancelled, .lost])
            try expect(try await bench.states("b").last, is: .scheduled)
            _ = try await bench.store.cancel(try await bench.runs("b")[1].id, by: "law")
            // Skipped, since the job is paused.
            let node = try await bench.join("o")
            try await bench.store.setPaused(true, job: "a", by: "law")
            bench.time.advance(by: .seconds(1))
            try await bench.planFlow("a", at: bench.now)
            try expect(try await bench.claim(node).refused.map(\.job), is: ["a"])
            // It is due in the same move, unless its lock must be asked for first.
            if try await bench.states("b").last == .scheduled { _ = try await bench.claim(node, nonce: 2) }
            try expect(try await bench.states("b").last, is: .running)
            try await bench.store.setPaused(false, job: "a", by: "law")
            // Too late, and nobody claims it.
            bench.time.advance(by: .seconds(1))
            try await bench.planFlow("a", at: bench.now, deadline: .seconds(5))
            bench.time.advance(by: .seconds(6))
            _ = try await bench.store.endOverdue(limit: 10, deciding: Admission.decide)
            try expect(try await bench.states("a").last, is: .missed)
            try expect(try await bench.states("b").last, is: .scheduled)
        },
        StoreLaw("a follower that is cancelled while it waits ends, and what follows it is decided on") { bench in
            try await bench.applyFlow(["b": ["a"], "c": ["b"]])
            try await bench.planFlow("a", at: bench.second(0))
            let run = try await bench.store.cancel(try await bench.runs("b")[0].id, by: "law")
            try expect(run.state, is: .cancelled)
            try expect(try await bench.states("c"), is: [.skipped])
            try await bench.settle(try await bench.claimOne(try await bench.join()), .succeeded)
            try expect(try await bench.states("b"), is: [.cancelled])
        },
        StoreLaw("a paused follower is skipped when its turn comes, and the flow goes on by its rules") { bench in
            try await bench.applyFlow(
                ["b": ["a"], "c": ["b"], "d": ["b"]],
                each: { name, policies in
                    if name == "d" { policies.triggerRule = .allDone }
                })
            try await bench.planFlow("a", at: bench.second(0))
            try await bench.store.setPaused(true, job: "b", by: "law")
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            for nonce in [1, 2] { _ = try await bench.claim(node, nonce: Int64(nonce)) }
            try expect(try await bench.states("d"), is: [.running])
            try expect(try await bench.runs("b")[0].reason, is: .paused)
            try expect(try await bench.runs("c")[0].reason, is: .upstreamSkipped)
        },
        StoreLaw("a flow goes on as it was planned when its jobs change or go") { bench in
            try await bench.applyFlow(["b": ["a"], "c": ["b"]])
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            let root = try await bench.claimOne(node)
            // b is gone, c follows the root now: for flows to come.
            try await bench.apply(bench.job("a"), bench.job("c", .after("a")), isComplete: true)
            try await bench.settle(root, .succeeded)
            let follower = try await bench.claimOne(node)
            try expect(follower.run.job, is: "b")
            try await bench.settle(follower, .succeeded)
            try expect(try await bench.claimOne(node).run.job, is: "c")
        },
        StoreLaw("what follows a root that is removed before it began does not wait on") { bench in
            try await bench.applyFlow(["b": ["a"]])
            try await bench.planFlow("a", at: bench.second(0))
            try await bench.apply(bench.job("other"), isComplete: true)
            try expect(try await bench.states("a"), is: [.cancelled])
            try expect(try await bench.states("b"), is: [.skipped])
        },
        StoreLaw("an instant to come that a change withdraws takes its flow with it") { bench in
            try await bench.applyFlow(["b": ["a"]])
            try await bench.planFlow("a", at: bench.second(5))
            try expect(try await bench.states("b"), is: [.waiting])
            try await bench.apply(bench.job("a", .every(.seconds(61))))
            try expect(try await bench.runs("a").count, is: 0)
            try expect(try await bench.runs("b").count, is: 0)
        },
        StoreLaw("a plan of an older flow is stale") { bench in
            try await bench.applyFlow(["b": ["a"]])
            let old = try await bench.record("a")
            let followers = try await bench.store.followers(planning: old)
            try await bench.apply(bench.job("c", .after("a")))
            let plan = FirePlan(
                version: old.versionID, from: old.watermark, through: bench.second(1), nextAt: nil,
                fires: [bench.fire(bench.second(1))])
            let stale = plan.followed(by: followers, edition: old.flowEdition)
            try expect(try await bench.store.plan([stale], term: nil), is: 0)
            try await bench.planFlow("a", at: bench.second(1))
            try expect(try await bench.states("c"), is: [.waiting])
        },
        StoreLaw("a wish for a root is one for its flow, once; alone it is not") { bench in
            try await bench.applyFlow(["b": ["a"]])
            let run = try await bench.store.trigger("a", requestID: "1", by: "law")
            try expect(run.flow, is: run.id)
            _ = try await bench.store.trigger("a", requestID: "1", by: "law")
            let followers = try await bench.runs("b")
            try expect(followers.map(\.state), is: [.waiting])
            try expect(followers[0].kind, is: .manual)
            try expect(followers[0].requestID, is: "1")
            let alone = try await bench.store.trigger("a", requestID: "2", alone: true, by: "law")
            try expect(alone.flow, is: nil)
            try expect(try await bench.runs("b").count, is: 1)
            let middle = try await bench.store.trigger("b", requestID: "3", by: "law")
            try expect(middle.state, is: .scheduled)
        },
        StoreLaw("jobs that follow each other in a circle, nobody, or two schedules are refused") { bench in
            try await bench.apply(bench.job("a"), bench.job("z"))
            let wrong: [(String, [JobDefinition])] = [
                ("p → q → p", [bench.job("p", .after("q")), bench.job("q", .after("p"))]),
                ("there is no job \"nobody\"", [bench.job("p", .after("nobody"))]),
                ("a → p and z → p", [bench.job("p", ScheduleDefinition(.after(["a", "z"])))]),
            ]
            for (words, jobs) in wrong {
                do {
                    _ = try await bench.store.apply(
                        ApplyRequest(jobs, source: "library", by: "law"), unless: { _, _ in false }
                    ) { job, _, now in
                        FirePlan(
                            version: JobVersion(job: job.name, generation: 1, version: 1), from: now, through: now,
                            nextAt: nil, fires: [])
                    }
                    throw LawBroken(description: "a flow was taken that cannot be: \(words)")
                } catch let error as StoreError {
                    try expect("\(error)".contains(words), "\(error) does not say \(words)")
                }
            }
            try expect(try await bench.store.jobs().map(\.name), is: ["a", "z"])
        },
        StoreLaw("a job that others follow cannot go without them") { bench in
            try await bench.applyFlow(["b": ["a"]])
            do {
                try await bench.apply(bench.job("b", .after("a")), isComplete: true)
                throw LawBroken(description: "a job that others follow was removed")
            } catch StoreError.refused {}
            try expect(try await bench.store.jobs().map(\.name), is: ["a", "b"])
        },
    ]
}

extension StoreBench {
    /// Stores a root and those that follow it, named with what they follow.
    func applyFlow(
        _ followers: [String: [String]], root: String = "a", _ change: (inout JobPolicies) -> Void = { _ in },
        each: (String, inout JobPolicies) -> Void = { _, _ in }, root changeRoot: (inout JobPolicies) -> Void = { _ in }
    ) async throws {
        var jobs = [
            job(root, .every(.seconds(60))) {
                change(&$0)
                changeRoot(&$0)
            }
        ]
        for (name, parents) in followers {
            jobs.append(
                job(name, ScheduleDefinition(.after(parents))) {
                    change(&$0)
                    each(name, &$0)
                })
        }
        _ = try await store.apply(ApplyRequest(jobs, source: "library", by: "law"), unless: { _, _ in false }) {
            job, record, now in
            FirePlan(
                version: JobVersion(job: job.name, generation: 1, version: 1), from: now, through: now, nextAt: nil,
                fires: [])
        }
    }

    /// Plans an instant of a root, and its flow.
    func planFlow(_ root: String, at moment: Timestamp, deadline: Duration? = nil) async throws {
        let record = try await record(root)
        let plan = FirePlan(
            version: record.versionID, from: record.watermark, through: max(record.watermark, moment), nextAt: nil,
            fires: [fire(moment, deadline: deadline)])
        let followers = try await store.followers(planning: record)
        try expect(
            try await store.plan([plan.followed(by: followers, edition: record.flowEdition)], term: nil), is: 1)
    }

    /// The numbers of each job's runs, in the order of the jobs.
    func ids(_ jobs: [String]) async throws -> [RunID] {
        var ids: [RunID] = []
        for job in jobs { ids += try await runs(job).map(\.id) }
        return ids
    }
}
