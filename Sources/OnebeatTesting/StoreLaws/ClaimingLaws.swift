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
            let claims = try await bench.claim(node, nonce: "first").claims
            try expect(try await bench.store.claims(nonce: "first"), is: claims)
            try expect(try await bench.store.claims(nonce: "second"), is: [])
            try await bench.settle(claims[0], .succeeded)
            try expect(try await bench.store.claims(nonce: "first"), is: [])
        },
        StoreLaw("a nonce of an earlier attempt names nothing once the run is claimed again") { bench in
            try await bench.put(due: bench.second(0))
            let a = try await bench.join("a")
            _ = try await bench.claim(a, nonce: "first")
            try await bench.expire()
            _ = try await bench.reap()
            try expect(try await bench.store.claims(nonce: "first"), is: [])
            let b = try await bench.join("b")
            _ = try await bench.claim(b, nonce: "second")
            try expect(try await bench.store.claims(nonce: "first"), is: [])
            try expect(try await bench.store.claims(nonce: "second").map(\.attempt), is: [2])
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
