import Onebeat

extension StoreLaw {
    static let overlapping: [StoreLaw] = [
        StoreLaw("five runs by hand of a job with default policies run one after the other, in the order they came") {
            bench in
            try await bench.apply(bench.job())
            var asked: [RunID] = []
            for number in 1...5 {
                asked.append(try await bench.store.trigger("report", requestID: "\(number)", by: "ann").id)
                bench.time.advance(by: .seconds(1))
            }
            let node = try await bench.join()
            for id in asked {
                let claim = try await bench.claimOne(node)
                try expect(claim.run.id, is: id)
                try await bench.settle(claim, .succeeded)
            }
            try expect(Set(try await bench.states()), is: [.succeeded])
        },
        StoreLaw("what is caught up on runs one after the other, the oldest first, each within its deadline") { bench in
            let missed = (0..<4).map { bench.second(Double($0) * 60) }
            try await bench.apply(bench.job { $0.missed = .all })
            try await bench.plan(missed.map { bench.fire($0, deadline: .seconds(300)) })
            bench.time.advance(by: .seconds(240))
            let node = try await bench.join()
            for instant in missed.prefix(2) {
                let claim = try await bench.claimOne(node)
                try expect(claim.run.scheduledAt, is: instant)
                bench.time.advance(by: .seconds(5))
                _ = try await bench.store.renew(node, lease: .seconds(600))
                try await bench.settle(claim, .succeeded)
            }
            bench.time.advance(by: .seconds(180))
            try expect(try await bench.claimOne(node).run.scheduledAt, is: missed[3])
            try expect(try await bench.states(), is: [.succeeded, .succeeded, .missed, .running])
        },
        StoreLaw("several runs of one job in one claim keep its limit") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2)) {
                $0.overlap = .queueAll
                $0.limit = 2
            }
            bench.time.advance(by: .seconds(2))
            let claims = try await bench.claim(try await bench.join()).claims
            try expect(claims.map(\.run.scheduledAt), is: [bench.second(0), bench.second(1)])
        },
        StoreLaw("runs of several versions of one job keep its limit together") { bench in
            try await bench.put(due: bench.second(0), bench.second(2)) {
                $0.overlap = .queueAll
                $0.limit = 2
            }
            bench.time.advance(by: .seconds(2))
            try await bench.apply(
                bench.job("report", .every(.seconds(7))) {
                    $0.overlap = .queueAll
                    $0.limit = 2
                })
            let record = try await bench.record()
            let plan = FirePlan(
                version: record.versionID, from: record.watermark, through: record.watermark, nextAt: nil,
                fires: [bench.fire(bench.second(1))])
            _ = try await bench.store.plan([plan], term: nil)
            try expect(try await bench.claim(try await bench.join()).claims.count, is: 2)
        },
        StoreLaw("a run over the limit is skipped, and the skip is a row with its reason") { bench in
            try await bench.put(due: bench.second(0), bench.second(1))
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            bench.time.advance(by: .seconds(1))
            let refused = try await bench.claim(node).refused
            try expect(refused.map(\.reason), is: [.overlap])
            try await bench.settle(first, .succeeded)
            try expect(try await bench.states(), is: [.succeeded, .skipped])
        },
        StoreLaw("a held run starts when the one before it has ended") { bench in
            try await bench.put(due: bench.second(0), bench.second(1)) { $0.overlap = .queue }
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            bench.time.advance(by: .seconds(1))
            try await bench.claimNothing(node)
            try expect(try await bench.states(), is: [.running, .scheduled])
            try expect(try await bench.store.nextDue(queues: ["default"]), is: nil, "a held run is not due:")
            try await bench.settle(first, .failed(Failure("no")))
            try expect(try await bench.claimOne(node).run.scheduledAt, is: bench.second(1))
        },
        StoreLaw("queue keeps the one that waited first and skips those after it") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2), bench.second(3)) {
                $0.overlap = .queue
            }
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            bench.time.advance(by: .seconds(1))
            try await bench.claimNothing(node)
            bench.time.advance(by: .seconds(2))
            try await bench.claimNothing(node)
            try expect(try await bench.states(), is: [.running, .scheduled, .skipped, .skipped])
            try await bench.settle(first, .succeeded)
            try expect(try await bench.claimOne(node).run.scheduledAt, is: bench.second(1))
        },
        StoreLaw("queue_all starts every run in its turn") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2)) { $0.overlap = .queueAll }
            bench.time.advance(by: .seconds(2))
            let node = try await bench.join()
            for number in 0..<3 {
                let claim = try await bench.claimOne(node)
                try expect(claim.run.scheduledAt, is: bench.second(Double(number)))
                try await bench.settle(claim, .succeeded)
            }
            try expect(try await bench.states(), is: [.succeeded, .succeeded, .succeeded])
        },
        StoreLaw("cancel asks the active run to end and starts the new one after it") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2)) { $0.overlap = .cancel }
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            bench.time.advance(by: .seconds(1))
            try await bench.claimNothing(node)
            try expect(try await bench.store.cancelRequests(of: node), is: [first.run.id])
            bench.time.advance(by: .seconds(1))
            try await bench.claimNothing(node)
            try await bench.settle(first, .cancelled)
            try expect(try await bench.claimOne(node).run.scheduledAt, is: bench.second(2))
            try expect(try await bench.states(), is: [.cancelled, .cancelled, .running])
            try expect(try await bench.reasons(), is: [.replaced, .replaced, nil])
        },
        StoreLaw("allow starts runs side by side") { bench in
            try await bench.put(due: bench.second(0), bench.second(1)) { $0.overlap = .allow }
            bench.time.advance(by: .seconds(1))
            try expect(try await bench.claim(try await bench.join()).claims.count, is: 2)
        },
        StoreLaw("a held run that is too late when its turn comes is missed, and lets the next one go") { bench in
            try await bench.put(due: bench.second(0)) { $0.overlap = .queueAll }
            try await bench.plan([bench.fire(bench.second(1), deadline: .seconds(1)), bench.fire(bench.second(2))])
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            bench.time.advance(by: .seconds(2))
            try await bench.claimNothing(node)
            bench.time.advance(by: .seconds(2))
            try await bench.settle(first, .succeeded)
            try expect(try await bench.claimOne(node).run.scheduledAt, is: bench.second(2))
            try expect(try await bench.states(), is: [.succeeded, .missed, .running])
        },
        StoreLaw("a due run waits for a run by hand and starts after it, however late") { bench in
            try await bench.put(due: bench.second(1), deadline: .seconds(1))
            let byHand = try await bench.store.trigger("report", requestID: "r", by: "ann")
            let node = try await bench.join()
            let claim = try await bench.claimOne(node)
            try expect(claim.run.id, is: byHand.id)
            bench.time.advance(by: .seconds(1))
            try await bench.claimNothing(node)
            bench.time.advance(by: .seconds(5))
            try await bench.settle(claim, .succeeded)
            try expect(try await bench.claimOne(node).run.scheduledAt, is: bench.second(1))
        },
        StoreLaw("a run that waits between attempts gives its place away, and waits for its turn again") { bench in
            try await bench.put(due: bench.second(0), bench.second(1)) {
                $0.overlap = .queue
                $0.retry = RetryPolicy(limit: 1, backoff: .seconds(2), jitter: 0)
            }
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            bench.time.advance(by: .seconds(1))
            try await bench.claimNothing(node)
            try await bench.settle(first, .failed(Failure("no")))
            let second = try await bench.claimOne(node)
            try expect(second.run.scheduledAt, is: bench.second(1))
            bench.time.advance(by: .seconds(2))
            try await bench.claimNothing(node)
            try await bench.settle(second, .succeeded)
            let again = try await bench.claimOne(node)
            try expect(again.run.id, is: first.run.id)
            try expect(again.attempt, is: 2)
        },
        StoreLaw("a raised limit lets held runs go") { bench in
            try await bench.put(due: bench.second(0), bench.second(1)) { $0.overlap = .queueAll }
            bench.time.advance(by: .seconds(1))
            let node = try await bench.join()
            _ = try await bench.claimOne(node)
            try await bench.claimNothing(node)
            try await bench.apply(
                bench.job {
                    $0.overlap = .queueAll
                    $0.limit = 2
                })
            try expect(try await bench.store.nextDue(queues: ["default"]), is: bench.second(1))
        },
        StoreLaw("a held run with nothing in its way is found by the safety net") { bench in
            try await bench.put(due: bench.second(0)) { $0.overlap = .queue }
            let node = try await bench.join()
            // The end of another program's lock releases nothing: it stands for any way a release could get lost.
            var locks = LockView()
            locks.asked = ["report"]
            locks.heldElsewhere = ["report": "a program"]
            _ = try await bench.store.claim(
                ClaimRequest(node: node, queues: ["default"], slots: 1, nonce: ClaimNonce(1), locks: locks),
                deciding: Admission.decide)
            try expect(try await bench.store.nextDue(queues: ["default"]), is: nil)
            try expect(try await bench.store.releaseHeld(limit: 10), is: 1)
            try expect(try await bench.store.releaseHeld(limit: 10), is: 0)
            _ = try await bench.claimOne(node)
        },
        StoreLaw("the end of a delayed job's run sets its next instant") { bench in
            try await bench.apply(bench.job("report", .delay(.seconds(30))), nextAt: bench.second(0))
            try await bench.plan([bench.fire(bench.second(0))])
            try expect(try await bench.record().nextAt, is: nil)
            let claim = try await bench.claimOne(try await bench.join())
            bench.time.advance(by: .seconds(5))
            try expect(try await bench.record().nextAt, is: nil)
            try await bench.settle(claim, .failed(Failure("no")))
            try expect(try await bench.record().nextAt, is: bench.second(35))
        },
        StoreLaw("an edit of a delayed job whose run is open leaves its next instant to the end of that run") { bench in
            let job = bench.job("report", .delay(.seconds(30)))
            try await bench.apply(job, nextAt: bench.second(0))
            try await bench.plan([bench.fire(bench.second(0))])
            for edit in 1...2 {
                // Due the first time, and running the second.
                let node = try await bench.join("n\(edit)")
                let claim = edit == 2 ? try await bench.claimOne(node) : nil
                var edited = job
                edited.description = "\(edit)"
                try await bench.apply(edited, nextAt: bench.second(20))
                try expect(try await bench.record().nextAt, is: nil)
                guard let claim else { continue }
                bench.time.advance(by: .seconds(7))
                try await bench.settle(claim, .succeeded)
                try expect(try await bench.record().nextAt, is: bench.second(37))
            }
        },
        StoreLaw("of several open runs of a job that became a delayed one, the last end sets the next instant") {
            bench in
            try await bench.put(due: bench.second(0), bench.second(1)) { $0.overlap = .allow }
            bench.time.advance(by: .seconds(1))
            let claims = try await bench.claim(try await bench.join()).claims
            try await bench.apply(
                bench.job("report", .delay(.seconds(30))) { $0.overlap = .allow }, nextAt: bench.second(9))
            try expect(try await bench.record().nextAt, is: nil)
            try await bench.settle(claims[0], .succeeded)
            try expect(try await bench.record().nextAt, is: nil)
            bench.time.advance(by: .seconds(4))
            try await bench.settle(claims[1], .succeeded)
            try expect(try await bench.record().nextAt, is: bench.second(35))
        },
        StoreLaw("a delayed job goes on after a run that was skipped, and not before its retries are over") { bench in
            try await bench.apply(
                bench.job("report", .delay(.seconds(30))) { $0.retry = RetryPolicy(limit: 1, backoff: .seconds(1)) },
                nextAt: bench.second(0))
            try await bench.plan([bench.fire(bench.second(0))])
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .failed(Failure("no")))
            try expect(try await bench.record().nextAt, is: nil)
            bench.time.advance(by: .seconds(1))
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            try expect(try await bench.record().nextAt, is: bench.second(31))
            try await bench.store.setPaused(true, job: "report", by: "ann")
            bench.time.advance(by: .seconds(30))
            try await bench.plan([bench.fire(bench.second(31))])
            try await bench.claimNothing(try await bench.join("b"))
            try expect(try await bench.record().nextAt, is: bench.second(61))
        },
        StoreLaw("a run by hand leaves a delayed job's next instant alone") { bench in
            try await bench.apply(bench.job("report", .delay(.seconds(30))), nextAt: bench.second(90))
            _ = try await bench.store.trigger("report", requestID: "r", by: "ann")
            try await bench.settle(try await bench.claimOne(try await bench.join()), .succeeded)
            try expect(try await bench.record().nextAt, is: bench.second(90))
        },
    ]
}
