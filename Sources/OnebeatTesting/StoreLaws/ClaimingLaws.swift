import Onebeat

extension StoreLaw {
    static let claiming: [StoreLaw] = [
        StoreLaw("a due run is claimed once") { bench in
            try await bench.put(due: bench.second(0))
            let a = try await bench.join("a")
            let b = try await bench.join("b")
            let claim = try await bench.claimOne(a)
            try await bench.claimNothing(b)
            let run = try await bench.run(claim.run.id)
            try expect(run, is: claim.run)
            try expect(run.state, is: .running)
            try expect(run.attempt, is: 1)
            try expect(run.node, is: "a")
            try expect(run.boot, is: a.boot)
            try expect(run.startedAt, is: bench.now)
            try expect(claim.definition, is: bench.job())
        },
        StoreLaw("no run is claimed before it is due by the store's clock") { bench in
            try await bench.put(due: bench.second(5))
            let node = try await bench.join()
            bench.time.advance(by: .seconds(5) - .microseconds(1))
            try await bench.claimNothing(node)
            bench.time.advance(by: .microseconds(1))
            _ = try await bench.claimOne(node)
        },
        StoreLaw("the higher priority is claimed first, then the longest due") { bench in
            try await bench.put("old", due: bench.second(0))
            try await bench.put("new", due: bench.second(2))
            try await bench.put("urgent", due: bench.second(3)) { $0.priority = 1 }
            try await bench.put("idle", due: bench.second(0)) { $0.priority = -1 }
            bench.time.advance(by: .seconds(3))
            let node = try await bench.join()
            var order: [String] = []
            while let claim = try await bench.claim(node, slots: 1).claims.first { order.append(claim.run.job) }
            try expect(order, is: ["urgent", "old", "new", "idle"])
        },
        StoreLaw("a claim takes as many as it has slots, and says that there are more") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2)) { $0.overlap = .allow }
            bench.time.advance(by: .seconds(2))
            let node = try await bench.join()
            let first = try await bench.claim(node, slots: 2)
            try expect(first.claims.map(\.run.scheduledAt), is: [bench.second(0), bench.second(1)])
            try expect(first.hasMore, is: true)
            let second = try await bench.claim(node, slots: 2)
            try expect(second.claims.map(\.run.scheduledAt), is: [bench.second(2)])
            try expect(second.hasMore, is: false)
        },
        StoreLaw("a worker claims only from the queues it serves") { bench in
            try await bench.put(due: bench.second(0)) { $0.queue = "mail" }
            let node = try await bench.join()
            try await bench.claimNothing(node)
            try expect(try await bench.claim(node, queues: ["default", "mail"]).claims.count, is: 1)
        },
        StoreLaw("a worker claims only what it can do, and leaves the rest due for those who can") { bench in
            for name in ["a", "b"] { try await bench.put(name, due: bench.second(0)) }
            var shell = bench.job("c")
            shell.work = .shell("true", ProcessSettings())
            try await bench.apply(shell)
            _ = try await bench.store.trigger("c", requestID: "1", by: "ann")
            let one = Abilities.only(["handler:b", "http"])
            let node = try await bench.join()
            try expect(
                try await bench.store.dueRuns(queues: ["default"], abilities: one, within: .zero, limit: 9)
                    .map(\.run.need), is: ["handler:b"])
            try expect(try await bench.store.nextDue(queues: ["default"], abilities: one), is: bench.second(0))
            let claimed = try await bench.claim(node, abilities: one)
            try expect(claimed.claims.map(\.run.job), is: ["b"])
            try expect(claimed.hasMore, is: false)
            try expect(claimed.nextDue, is: nil)
            try expect(try await bench.claim(node, abilities: one).claims, is: [])
            try expect(try await bench.store.nextDue(queues: ["default"], abilities: one), is: nil)
            try expect(try await bench.states("a") + bench.states("c"), is: [.scheduled, .scheduled])
            try expect(try await bench.claim(node, abilities: .only(["run"])).claims.map(\.run.job), is: ["c"])
            try expect(try await bench.claim(node).claims.map(\.run.job), is: ["a"])
        },
        StoreLaw("runs of what cannot be done here do not keep a claim from those behind them") { bench in
            let many = (0..<40).map { bench.second(Double($0) / 100) }
            try await bench.apply(bench.job("others", .every(.seconds(60))) { $0.overlap = .allow })
            try await bench.plan(many.map { bench.fire($0) }, of: "others")
            try await bench.put("own", due: bench.second(1)) { $0.overlap = .allow }
            bench.time.advance(by: .seconds(1))
            let own = Abilities.only(["handler:own"])
            let claimed = try await bench.claim(try await bench.join(), slots: 2, abilities: own).claims
            try expect(claimed.map(\.run.job), is: ["own"])
        },
        StoreLaw("an edit gives planned runs the need of the new work") { bench in
            try await bench.put(due: bench.second(9))
            var shell = bench.job()
            shell.work = .shell("true", ProcessSettings())
            try await bench.apply(shell, fires: [bench.fire(bench.second(9))])
            try expect(try await bench.runs().map(\.need), is: ["run"])
        },
        StoreLaw("what a node can do is kept with it") { bench in
            let id = NodeID(name: "a", boot: "a1")
            for (boot, abilities) in [("a1", Abilities.everything), ("a2", .only(["http", "run"])), ("a3", .only([]))] {
                let record = NodeRecord(
                    id: NodeID(name: id.name, boot: boot), slots: 1, queues: ["default"], abilities: abilities,
                    version: "1", processID: 1)
                _ = try await bench.store.join(record, lease: StoreBench.lease)
                let kept = try await bench.store.nodes(limit: 9).first { $0.id.boot == boot }
                try expect(kept?.abilities, is: abilities)
            }
        },
        StoreLaw("fences grow over all runs of the store, and no two are equal") { bench in
            let node = try await bench.join()
            var fences: [Fence] = []
            for number in 0..<3 {
                try await bench.put("job\(number)", due: bench.now, bench.now + .seconds(1)) { $0.overlap = .allow }
                bench.time.advance(by: .seconds(1))
                fences += try await bench.claim(node).claims.map(\.fence)
            }
            try expect(fences.count, is: 6)
            try expect(fences == fences.sorted() && Set(fences).count == 6, "fences do not grow: \(fences)")
            try expect(fences[0] > Fence(0), "zero is no attempt's fence")
        },
        StoreLaw("a node whose lease was declared over claims nothing") { bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            try await bench.expire()
            _ = try await bench.reap()
            try await expectFenced("a claim") { _ = try await bench.claim(node) }
            try expect(try await bench.states(), is: [.scheduled])
        },
        StoreLaw("a node that left, or never joined, claims nothing") { bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            try await bench.store.leave(node)
            try await expectFenced("a claim") { _ = try await bench.claim(node) }
            try await expectFenced("a claim") { _ = try await bench.claim(NodeID(name: "z", boot: "z")) }
            try expect(try await bench.states(), is: [.scheduled])
        },
        StoreLaw("a claim whose reply was lost is read back by its nonce while it runs") { bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            let claims = try await bench.claim(node, nonce: 2).claims
            try expect(try await bench.store.readBack(ClaimNonce(1), of: node), is: [])
            try expect(try await bench.store.readBack(ClaimNonce(2), of: node), is: claims)
            try await bench.settle(claims[0], .succeeded)
            try expect(try await bench.store.readBack(ClaimNonce(2), of: node), is: [])
        },
        StoreLaw("a nonce of an earlier attempt names nothing once the run is claimed again") { bench in
            try await bench.put(due: bench.second(0))
            let a = try await bench.join("a")
            _ = try await bench.claim(a)
            try await bench.expire()
            _ = try await bench.reap()
            try expect(try await bench.store.readBack(ClaimNonce(1), of: a), is: [])
            let b = try await bench.join("b")
            _ = try await bench.claim(b)
            try expect(try await bench.store.readBack(ClaimNonce(1), of: a), is: [])
            try expect(try await bench.store.readBack(ClaimNonce(1), of: b).map(\.attempt), is: [2])
        },
        StoreLaw("a claim that arrives after it was read back brings nothing, and neither does one sent before it") {
            bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            try expect(try await bench.store.readBack(ClaimNonce(2), of: node), is: [])
            for late: Int64 in [2, 1] {
                try await expectFenced("claim \(late)") { _ = try await bench.claim(node, nonce: late) }
            }
            try expect(try await bench.states(), is: [.scheduled])
            try expect(try await bench.claim(node, nonce: 3).claims.count, is: 1)
            let other = try await bench.join("b")
            try await bench.put("other", due: bench.second(0))
            try expect(try await bench.claim(other, nonce: 1).claims.count, is: 1)
        },
        StoreLaw("what runs under one life of a node is found page by page, and nothing else") { bench in
            for name in ["a", "b", "c", "ended", "due"] { try await bench.put(name, due: bench.second(0)) }
            let node = try await bench.join()
            let claims = try await bench.claim(node, slots: 4).claims.sorted { $0.run.id < $1.run.id }
            _ = try await bench.claim(try await bench.join("b"))
            try await bench.settle(claims[3], .succeeded)
            let page = try await bench.store.running(of: node, after: nil, limit: 2)
            try expect(page, is: Array(claims.prefix(2)))
            try expect(try await bench.store.running(of: node, after: page[1].run.id, limit: 2), is: [claims[2]])
        },
        StoreLaw("a claim, and the settlement of it, hand out the run as it is stored") { bench in
            try await bench.put(due: bench.second(0)) { $0.retry = RetryPolicy(limit: 1, backoff: .seconds(1)) }
            let node = try await bench.join()
            for outcome in [Outcome.failed(Failure("no", exitCode: 3)), .succeeded] {
                let claim = try await bench.claimOne(node)
                try expect(claim.run, is: try await bench.store.run(claim.run.id))
                guard case .settled(let run) = try await bench.settle(claim, outcome) else {
                    throw LawBroken(description: "the settlement was refused")
                }
                try expect(run, is: try await bench.store.run(run.id))
                bench.time.advance(by: .seconds(1))
            }
        },
        StoreLaw("an attempt has its row from the claim on") { bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            let claim = try await bench.claimOne(node)
            let attempts = try await bench.store.attempts(of: claim.run.id)
            let expected = Attempt(
                run: claim.run.id, number: 1, fence: claim.fence, node: "a", boot: node.boot, startedAt: bench.now)
            try expect(attempts, is: [expected])
        },
        StoreLaw("a run past its deadline is recorded as missed by whoever reaches for it") { bench in
            try await bench.put(due: bench.second(0), deadline: .seconds(2))
            bench.time.advance(by: .seconds(2) + .microseconds(1))
            let result = try await bench.claim(try await bench.join())
            try expect(result.claims.count, is: 0)
            try expect(result.refused.map(\.state), is: [.missed])
            try expect(result.refused.map(\.reason), is: [.tooLate])
            try expect(try await bench.runs(), is: result.refused)
            try expect(try await bench.runs()[0].finishedAt, is: bench.now)
        },
        StoreLaw("a run past its deadline ends where nobody claims it, a page at a time, waiting for its turn or not") {
            bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2), deadline: .seconds(2)) {
                $0.queue = "nobody"
                $0.overlap = .queueAll
            }
            try await bench.put("later", due: bench.second(0), deadline: .seconds(900)) { $0.queue = "nobody" }
            bench.time.advance(by: .seconds(1))
            let claim = try await bench.claim(try await bench.join(), slots: 1, queues: ["nobody"]).claims
            try expect(claim.map(\.run.scheduledAt), is: [bench.second(0)])
            _ = try await bench.claim(try await bench.join("b"), slots: 2, queues: ["nobody"])
            bench.time.advance(by: .seconds(2))
            func end(_ limit: Int) async throws -> [Run] {
                try await bench.store.endOverdue(limit: limit, deciding: Admission.decide)
            }
            try expect(try await end(9), is: [])
            bench.time.advance(by: .seconds(2))
            let first = try await end(1)
            try expect(first.map(\.reason), is: [.tooLate])
            try expect(try await end(9).map(\.state), is: [.missed])
            try expect(try await end(9), is: [])
            try expect(try await bench.states(), is: [.running, .missed, .missed])
            try expect(try await bench.run(first[0].id), is: first[0])
            try expect(try await bench.states("later").contains(.missed), is: false)
        },
        StoreLaw("a further attempt past the deadline is not ended") { bench in
            try await bench.put(due: bench.second(0), deadline: .seconds(2)) { $0.retry.limit = 1 }
            try await bench.settle(try await bench.claimOne(try await bench.join()), .failed(Failure("no")))
            bench.time.advance(by: .seconds(60))
            try expect(try await bench.store.endOverdue(limit: 9, deciding: Admission.decide), is: [])
        },
        StoreLaw("what nobody has claimed is told by queue and need, the longest due first") { bench in
            try await bench.put("a", due: bench.second(3), bench.second(4)) { $0.queue = "mail" }
            try await bench.put("b", due: bench.second(1))
            try await bench.put("c", due: bench.second(9))
            bench.time.advance(by: .seconds(10))
            let b = UnclaimedRuns(queue: "default", need: "handler:b", job: "b", count: 1, since: bench.second(1))
            let a = UnclaimedRuns(queue: "mail", need: "handler:a", job: "a", count: 2, since: bench.second(3))
            try expect(try await bench.store.unclaimed(for: .seconds(5), limit: 9), is: [b, a])
            try expect(try await bench.store.unclaimed(for: .seconds(5), limit: 1), is: [b])
        },
        StoreLaw("a due run of a paused job is skipped, and the next one runs after it is resumed") { bench in
            try await bench.put(due: bench.second(0), bench.second(1))
            let node = try await bench.join()
            try await bench.store.setPaused(true, job: "report", by: "ann")
            try await bench.claimNothing(node)
            try await bench.store.setPaused(false, job: "report", by: "ann")
            bench.time.advance(by: .seconds(1))
            try expect(try await bench.claimOne(node).run.scheduledAt, is: bench.second(1))
            try expect(try await bench.states(), is: [.skipped, .running])
            try expect(try await bench.reasons(), is: [.paused, nil])
        },
        StoreLaw("the next due time is that of the earliest run that may be claimed") { bench in
            try expect(try await bench.store.nextDue(queues: ["default"]), is: nil)
            try await bench.put("a", due: bench.second(9)) { $0.priority = 3 }
            try await bench.put("b", due: bench.second(4))
            try await bench.put("c", due: bench.second(1)) { $0.queue = "mail" }
            try expect(try await bench.store.nextDue(queues: ["default"]), is: bench.second(4))
            try expect(try await bench.store.nextDue(queues: ["default", "mail"]), is: bench.second(1))
        },
        StoreLaw("a claim says when the next run of its queues is due") { bench in
            try await bench.put(due: bench.second(0), bench.second(7)) { $0.overlap = .allow }
            try await bench.put("mail", due: bench.second(3)) { $0.queue = "mail" }
            let node = try await bench.join()
            try expect(try await bench.claim(node).nextDue, is: bench.second(7))
            try expect(try await bench.claim(node, queues: ["default", "mail"]).nextDue, is: bench.second(3))
            bench.time.advance(by: .seconds(7))
            try expect(try await bench.claim(node).nextDue, is: nil)
        },
    ]
}
