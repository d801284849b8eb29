import Onebeat

extension StoreLaw {
    static let leasing: [StoreLaw] = [
        StoreLaw("a lease is granted and renewed, and the store's clock says when it ends, for people") { bench in
            let record = NodeRecord(
                id: NodeID(name: "a", boot: "a1"), roles: [.beat, .worker], slots: 3, queues: ["default", "mail"],
                version: "9", processID: 7, zones: "2025b", skew: .milliseconds(-3))
            try expect(try await bench.store.join(record, lease: .seconds(10)), is: bench.second(0))
            bench.time.advance(by: .seconds(4))
            try expect(
                try await bench.store.renew(record.id, lease: .seconds(10), skew: .milliseconds(7)), is: bench.second(4)
            )
            var expected = record
            expected.joinedAt = bench.second(0)
            expected.leaseUntil = bench.second(14)
            expected.renewals = 1
            expected.skew = .milliseconds(7)
            try expect(try await bench.store.nodes(limit: 10), is: [expected])
        },
        StoreLaw("a lease that was declared over is never regained") { bench in
            let node = try await bench.join()
            try await bench.expire()
            try expect(try await bench.reap().dead, is: [node])
            try await expectFenced("a renewal") { _ = try await bench.store.renew(node, lease: .seconds(10)) }
            try await expectFenced("a lead") { _ = try await bench.store.lead(node, lease: .seconds(3)) }
        },
        StoreLaw("a renewal never shortens a lease") { bench in
            let node = try await bench.join()
            _ = try await bench.store.renew(node, lease: .seconds(1))
            try expect(try await bench.store.nodes(limit: 1)[0].leaseUntil, is: bench.second(10))
            _ = try await bench.reap()
            bench.time.advance(by: .seconds(9.9))
            try expect(try await bench.reap().dead, is: [])
        },
        StoreLaw("joining twice under one boot is joining once") { bench in
            _ = try await bench.join()
            _ = try await bench.join()
            try expect(try await bench.store.nodes(limit: 10).count, is: 1)
            try expect(try await bench.store.events(job: nil, limit: 10).map(\.kind), is: ["node.joined"])
        },
        StoreLaw("a node without a role comes and goes without a trace, unless it dies") { bench in
            func join(_ boot: String) async throws -> NodeID {
                let id = NodeID(name: "a", boot: boot)
                let record = NodeRecord(id: id, roles: [], slots: 1, queues: [], version: "1", processID: 1)
                _ = try await bench.store.join(record, lease: StoreBench.lease)
                return id
            }
            try await bench.store.leave(try await join("a1"))
            try expect(try await bench.store.nodes(limit: 10), is: [])
            try expect(try await bench.store.events(job: nil, limit: 10), is: [])
            let dying = try await join("a2")
            try await bench.expire()
            try expect(try await bench.reap().dead, is: [dying])
            try await bench.store.leave(dying)
            try expect(try await bench.store.nodes(limit: 10).map(\.id), is: [dying])
        },
        StoreLaw("two lives of one name are two nodes") { bench in
            try await bench.put(due: bench.second(0))
            let first = try await bench.join("a", boot: "a1")
            let claim = try await bench.claimOne(first)
            let second = try await bench.join("a", boot: "a2")
            _ = try await bench.store.cancel(claim.run.id, by: "ann")
            try expect(try await bench.store.cancelRequests(of: second), is: [])
            try await bench.store.leave(second)
            try expect(try await bench.reap(), is: ReapResult())
        },
        StoreLaw("nobody is declared dead, and nothing is taken over, before the lease was seen to its end") { bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            _ = try await bench.claimOne(node)
            bench.time.advance(by: StoreBench.lease * 2)
            try expect(try await bench.reap(), is: ReapResult())
            bench.time.advance(by: StoreBench.lease - .microseconds(1))
            try expect(try await bench.reap(), is: ReapResult(nextEnd: .microseconds(1)))
            try expect(try await bench.states(), is: [.running])
            // It was late, and nobody had said so.
            _ = try await bench.store.renew(node, lease: StoreBench.lease)
            bench.time.advance(by: .seconds(1))
            try expect(try await bench.reap(), is: ReapResult())
        },
        StoreLaw("no step of the store's clock, on or back, ends a lease or keeps one alive") { bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            _ = try await bench.claimOne(node)
            let term = try await bench.store.lead(node, lease: .seconds(3))
            let lock = HeldLock(LockName(job: "prices"), token: "a")
            let answer = try await bench.store.take(lock, lease: StoreBench.lease)
            let other = HeldLock(LockName(job: "prices"), token: "b")
            let stranger = try await bench.join("z")
            for step in [Duration.seconds(20), .seconds(3_650 * 86_400), .seconds(-7_300 * 86_400)] {
                bench.time.set(bench.now + step)
                bench.time.advance(by: .seconds(1))
                try expect(try await bench.reap().dead, is: [], "step of \(step)")
                try expect(try await bench.store.take(other, lease: StoreBench.lease), is: .heldBy("a"))
                try expect(try await bench.store.lead(stranger, lease: .seconds(3)), is: nil)
                _ = try await bench.store.renew(node, lease: StoreBench.lease)
                _ = try await bench.store.renew(stranger, lease: StoreBench.lease)
                try expect(try await bench.store.lead(node, lease: .seconds(3)), is: term)
                try await bench.store.extend(lock, lease: StoreBench.lease)
                try expect(try await bench.store.take(lock, lease: StoreBench.lease), is: answer)
            }
            // The clock is ten years behind by now, and the leases end all the same.
            _ = try await bench.reap()
            _ = try await bench.store.take(other, lease: StoreBench.lease)
            bench.time.advance(by: StoreBench.lease)
            try expect(Set(try await bench.reap().dead), is: [node, stranger])
            try expect(try await bench.store.take(other, lease: StoreBench.lease) != .heldBy("a"), "the lock goes on")
        },
        StoreLaw("a node is declared dead once, and its runs are due again under a crash more") { bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            let claim = try await bench.claimOne(node)
            try await bench.expire()
            let result = try await bench.reap()
            try expect(result.dead, is: [node])
            try expect(result.runs, is: try await bench.runs())
            try expect(result.hasMore, is: false)
            let run = try await bench.run(claim.run.id)
            try expect(run.state, is: .scheduled)
            try expect(run.reason, is: .workerLost)
            try expect(run.crashes, is: 1)
            try expect(try await bench.store.attempts(of: run.id).map(\.outcome), is: ["lost"])
            try expect(try await bench.reap(), is: ReapResult())
            try expect(try await bench.store.nodes(limit: 10).map(\.isGone), is: [true])
        },
        StoreLaw("a run of an at-most-once job is lost with its worker, and never started again") { bench in
            try await bench.put(due: bench.second(0)) { $0.delivery = .atMostOnce }
            _ = try await bench.claimOne(try await bench.join("a"))
            try await bench.expire()
            _ = try await bench.reap()
            try expect(try await bench.states(), is: [.lost])
            try await bench.claimNothing(try await bench.join("b"))
        },
        StoreLaw("a run that loses its third worker is dead") { bench in
            try await bench.put(due: bench.second(0))
            for number in 1...Settlement.crashLimit {
                let claim = try await bench.claimOne(try await bench.join("n\(number)"))
                try expect(claim.attempt, is: number)
                try await bench.expire()
                _ = try await bench.reap()
            }
            try expect(try await bench.states(), is: [.dead])
            try expect(try await bench.reasons(), is: [.workerLost])
        },
        StoreLaw("a run whose cancellation was asked for ends as cancelled when its worker is lost") { bench in
            try await bench.put(due: bench.second(0))
            let claim = try await bench.claimOne(try await bench.join())
            _ = try await bench.store.cancel(claim.run.id, by: "ann")
            try await bench.expire()
            _ = try await bench.reap()
            try expect(try await bench.states(), is: [.cancelled])
        },
        StoreLaw("a reaping settles no more than its limit, and the next one goes on") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2)) { $0.overlap = .allow }
            bench.time.advance(by: .seconds(2))
            _ = try await bench.claim(try await bench.join())
            try await bench.expire()
            let first = try await bench.reap(limit: 2)
            try expect(first.runs.count, is: 2)
            try expect(first.hasMore, is: true)
            let second = try await bench.reap(limit: 2)
            try expect(second.runs.count, is: 1)
            try expect(second.dead, is: [])
        },
        StoreLaw("the end of a lost run lets a held one go") { bench in
            try await bench.put(due: bench.second(0), bench.second(1)) {
                $0.overlap = .queue
                $0.delivery = .atMostOnce
            }
            bench.time.advance(by: .seconds(1))
            let node = try await bench.join("a")
            _ = try await bench.claimOne(node)
            try await bench.claimNothing(node)
            try await bench.expire()
            _ = try await bench.reap()
            try expect(try await bench.claimOne(try await bench.join("b")).run.scheduledAt, is: bench.second(1))
        },
        StoreLaw("a node that left in good order is not declared dead") { bench in
            let node = try await bench.join()
            try await bench.store.leave(node)
            try await bench.expire()
            try expect(try await bench.reap().dead, is: [])
            let kinds = try await bench.store.events(job: nil, limit: 10).map(\.kind)
            try expect(kinds, is: ["node.left", "node.joined"])
        },
        StoreLaw("the runs of a buried node are taken over at once, and it is never heard again") { bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join("a")
            let claim = try await bench.claimOne(node)
            try await bench.store.bury(node)
            try await bench.store.bury(node)
            try expect(try await bench.reap().runs.map(\.id), is: [claim.run.id])
            let second = try await bench.claimOne(try await bench.join("b"))
            try expect(second.fence > claim.fence, "the fence did not grow")
            try expect(try await bench.settle(claim, .succeeded), is: .fenced)
            try await expectFenced("a renewal") { _ = try await bench.store.renew(node, lease: StoreBench.lease) }
            let kinds = try await bench.store.events(job: nil, limit: 10).map(\.kind)
            try expect(kinds.filter { $0 == "node.dead" }.count, is: 1)
        },
        StoreLaw("one node leads at a time, and keeps its term while it renews") { bench in
            let a = try await bench.join("a")
            let b = try await bench.join("b")
            let term = try await bench.store.lead(a, lease: .seconds(3))
            try expect(term != nil, "a free lead was not given")
            try expect(try await bench.store.lead(b, lease: .seconds(3)), is: nil)
            bench.time.advance(by: .seconds(2))
            try expect(try await bench.store.lead(a, lease: .seconds(3)), is: term)
            bench.time.advance(by: .seconds(2))
            try expect(try await bench.store.lead(b, lease: .seconds(3)), is: nil)
            try expect(try await bench.store.nodes(limit: 10).filter(\.isLeader).map(\.id), is: [a])
        },
        StoreLaw("each change of the lead is a higher term") { bench in
            let a = try await bench.join("a")
            let b = try await bench.join("b")
            var terms: [Term] = []
            for node in [a, b, a] {
                // A look, and another one when the lease is over.
                for _ in 0..<2 {
                    if let term = try await bench.store.lead(node, lease: .seconds(3)), terms.last != term {
                        terms.append(term)
                    }
                    bench.time.advance(by: .seconds(3))
                }
            }
            try expect(terms.count, is: 3)
            try expect(terms == terms.sorted() && Set(terms).count == 3, "terms do not grow: \(terms)")
        },
        StoreLaw("a lead that nobody took meanwhile goes on under its term") { bench in
            let node = try await bench.join()
            let first = try await bench.store.lead(node, lease: .seconds(3))
            bench.time.advance(by: .seconds(30))
            try expect(try await bench.store.lead(node, lease: .seconds(3)), is: first)
        },
        StoreLaw("the lead of a node that is gone is free at once") { bench in
            let a = try await bench.join("a")
            let b = try await bench.join("b")
            let first = try await bench.store.lead(a, lease: .seconds(3))
            try await bench.store.bury(a)
            try expect(try await bench.store.nodes(limit: 10).filter { $0.isLeader && !$0.isGone }, is: [])
            let second = try await bench.store.lead(b, lease: .seconds(3))
            try expect(second != nil && second != first, "the lead of a dead node was not given")
        },
        StoreLaw("whoever resigns gives the lead away at once, and only its own") { bench in
            let a = try await bench.join("a")
            let b = try await bench.join("b")
            let first = try await bench.store.lead(a, lease: .seconds(3))
            try await bench.store.resign(b)
            try expect(try await bench.store.lead(b, lease: .seconds(3)), is: nil)
            try await bench.store.resign(a)
            let second = try await bench.store.lead(b, lease: .seconds(3))
            try expect(second != nil && second != first, "a lead given up is free under a new term")
        },
        StoreLaw("a node without a lease cannot lead") { bench in
            try await expectFenced("a lead") {
                _ = try await bench.store.lead(NodeID(name: "z", boot: "z"), lease: .seconds(3))
            }
        },
        StoreLaw("the store tells its own time") { bench in
            bench.time.advance(by: .seconds(77))
            try expect(try await bench.store.now(), is: bench.second(77))
        },
    ]
}
