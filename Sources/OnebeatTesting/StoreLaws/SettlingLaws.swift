import Onebeat

extension StoreLaw {
    static let settling: [StoreLaw] = [
        StoreLaw("an attempt that was stopped at its time-out says after how long") { bench in
            try await bench.put(due: bench.second(0)) { $0.timeout = .seconds(20) }
            let claim = try await bench.claimOne(try await bench.join())
            try await bench.settle(claim, .timedOut)
            let run = try await bench.run(claim.run.id)
            try expect(run.state, is: .timedOut)
            try expect(run.message, is: "stopped after 20s, its time-out")
            try expect(try await bench.store.attempts(of: run.id).map(\.message), is: [run.message])
        },
        StoreLaw("an outcome ends the run, its attempt and its status row together") { bench in
            try await bench.put(due: bench.second(0))
            let claim = try await bench.claimOne(try await bench.join())
            bench.time.advance(by: .seconds(4))
            let result = try await bench.settle(claim, .failed(Failure("disk full", exitCode: 3)))
            let run = try await bench.run(claim.run.id)
            try expect(result, is: .settled(run))
            try expect(run.state, is: .failed)
            try expect(run.message, is: "disk full")
            try expect(run.exitCode, is: 3)
            try expect(run.finishedAt, is: bench.second(4))
            try expect(run.failures, is: 1)
            let attempt = try await bench.store.attempts(of: run.id)[0]
            try expect(attempt.outcome, is: "failed")
            try expect(attempt.message, is: "disk full")
            try expect(attempt.exitCode, is: 3)
            try expect(attempt.finishedAt, is: bench.second(4))
            try expect(try await bench.status().status, is: "failed")
        },
        StoreLaw("an old fence cannot settle a run that runs again") { bench in
            try await bench.put(due: bench.second(0))
            let first = try await bench.claimOne(try await bench.join("a"))
            try await bench.expire()
            _ = try await bench.reap()
            let second = try await bench.claimOne(try await bench.join("b"))
            try expect(try await bench.settle(first, .succeeded), is: .fenced)
            try expect(try await bench.states(), is: [.running])
            guard case .settled = try await bench.settle(second, .succeeded) else {
                throw LawBroken(description: "the newest attempt was refused")
            }
            try expect(try await bench.states(), is: [.succeeded])
        },
        StoreLaw("an old fence cannot settle a run that waits to run again") { bench in
            try await bench.put(due: bench.second(0))
            let claim = try await bench.claimOne(try await bench.join())
            try await bench.expire()
            _ = try await bench.reap()
            try expect(try await bench.settle(claim, .succeeded), is: .fenced)
            try expect(try await bench.states(), is: [.scheduled])
        },
        StoreLaw("a report that comes after the run was given up changes nothing") { bench in
            try await bench.put(due: bench.second(0)) { $0.delivery = .atMostOnce }
            let claim = try await bench.claimOne(try await bench.join())
            try await bench.expire()
            _ = try await bench.reap()
            try expect(try await bench.settle(claim, .succeeded), is: .fenced)
            try expect(try await bench.states(), is: [.lost])
        },
        StoreLaw("a report sent twice is settled once and answered the same") { bench in
            try await bench.put(due: bench.second(0))
            let claim = try await bench.claimOne(try await bench.join())
            let first = try await bench.settle(claim, .succeeded)
            bench.time.advance(by: .seconds(1))
            try expect(try await bench.settle(claim, .succeeded), is: first)
            try expect(try await bench.runs()[0].finishedAt, is: bench.second(0))
        },
        StoreLaw("a failure sent twice counts once against the retries") { bench in
            try await bench.put(due: bench.second(0)) { $0.retry.limit = 3 }
            let claim = try await bench.claimOne(try await bench.join())
            try await bench.settle(claim, .failed(Failure("no")))
            try await bench.settle(claim, .failed(Failure("no")))
            try expect(try await bench.runs()[0].failures, is: 1)
        },
        StoreLaw("of many reports each stands for itself") { bench in
            try await bench.put("a", due: bench.second(0))
            try await bench.put("b", due: bench.second(0))
            let node = try await bench.join()
            let claims = try await bench.claim(node).claims
            var stale = claims[0]
            stale.run.fence = Fence(0)
            let results = try await bench.store.settle(
                [AttemptReport(stale, .succeeded), AttemptReport(claims[1], .succeeded)],
                deciding: StoreBench.settlement)
            try expect(results[0], is: .fenced)
            try expect(results[1], is: .settled(try await bench.run(claims[1].run.id)))
        },
        StoreLaw("a failed run with retries left is due again after its pause, under the next attempt and fence") {
            bench in
            try await bench.put(due: bench.second(0)) { $0.retry = RetryPolicy(limit: 2, backoff: .seconds(5)) }
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            try await bench.settle(first, .failed(Failure("no", exitCode: 1)))
            let waiting = try await bench.run(first.run.id)
            try expect(waiting.state, is: .scheduled)
            try expect(waiting.dueAt, is: bench.second(5))
            try expect(waiting.scheduledAt, is: bench.second(0))
            try expect(waiting.finishedAt, is: nil)
            bench.time.advance(by: .seconds(5) - .microseconds(1))
            try await bench.claimNothing(node)
            bench.time.advance(by: .microseconds(1))
            let second = try await bench.claimOne(node)
            try expect(second.attempt, is: 2)
            try expect(second.fence > first.fence, "the second fence is not higher")
            try expect(second.run.key, is: first.run.key)
            try await bench.settle(second, .succeeded)
            let attempts = try await bench.store.attempts(of: first.run.id)
            try expect(attempts.map(\.outcome), is: ["failed", "succeeded"])
            try expect(attempts.map(\.number), is: [1, 2])
        },
        StoreLaw("a run that ended well after a failure has no trace of it in its own row") { bench in
            try await bench.put(due: bench.second(0)) { $0.retry = RetryPolicy(limit: 1, backoff: .seconds(1)) }
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .failed(Failure("no", exitCode: 9)))
            bench.time.advance(by: .seconds(2))
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            let run = try await bench.runs()[0]
            try expect(run.message, is: nil)
            try expect(run.reason, is: nil)
            try expect(run.failures, is: 1)
        },
        StoreLaw("a run handed back is due at once, and no crash is counted") { bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .interrupted)
            let again = try await bench.claimOne(node)
            try expect(again.attempt, is: 2)
            try expect(again.run.crashes, is: 0)
        },
        StoreLaw("a run of which nothing began is due again at once, also at most once, and nothing is counted") {
            bench in
            try await bench.put(due: bench.second(0)) { $0.delivery = .atMostOnce }
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .notStarted)
            try expect(try await bench.reasons(), is: [.handedBack])
            let again = try await bench.claimOne(node)
            try expect([again.attempt, again.run.crashes, again.run.failures], is: [2, 0, 0])
            _ = try await bench.store.cancel(again.run.id, by: "ann")
            try await bench.settle(again, .notStarted)
            try expect(try await bench.states(), is: [.cancelled])
        },
        StoreLaw("a move that is not in the table of states is refused") { bench in
            try await bench.put(due: bench.second(0))
            let claim = try await bench.claimOne(try await bench.join())
            do {
                _ = try await bench.store.settle(
                    [AttemptReport(claim, .succeeded)], deciding: { _, _, _, _ in .end(.missed, nil) })
                throw LawBroken(description: "a running run was made a missed one")
            } catch StoreError.refused {}
            try expect(try await bench.states(), is: [.running])
        },
        StoreLaw("cancelling a run that waits ends it at once") { bench in
            try await bench.put(due: bench.second(0))
            let run = try await bench.store.cancel(try await bench.runs()[0].id, by: "ann")
            try expect(run.state, is: .cancelled)
            try expect(run.reason, is: .requested)
            try expect(run.finishedAt, is: bench.now)
            try await bench.claimNothing(try await bench.join())
        },
        StoreLaw("cancelling a run that runs is told to its node and to no other") { bench in
            try await bench.put(due: bench.second(0))
            let a = try await bench.join("a")
            let b = try await bench.join("b")
            let claim = try await bench.claimOne(a)
            let run = try await bench.store.cancel(claim.run.id, by: "ann")
            try expect(run.state, is: .running)
            try expect(run.isCancelRequested, is: true)
            try expect(try await bench.store.cancelRequests(of: a), is: [run.id])
            try expect(try await bench.store.cancelRequests(of: b), is: [])
            try await bench.settle(claim, .cancelled)
            try expect(try await bench.states(), is: [.cancelled])
            try expect(try await bench.store.cancelRequests(of: a), is: [])
        },
        StoreLaw("cancelling a run that has ended changes nothing") { bench in
            try await bench.put(due: bench.second(0))
            try await bench.settle(try await bench.claimOne(try await bench.join()), .succeeded)
            let before = try await bench.runs()
            try expect(try await bench.store.cancel(before[0].id, by: "ann"), is: before[0])
            try expect(try await bench.runs(), is: before)
        },
        StoreLaw("a run that is not there cannot be cancelled") { bench in
            try await expectNotFound("the run") { _ = try await bench.store.cancel(RunID(99), by: "ann") }
        },
        StoreLaw("cancelling one held run lets no other past the active one") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2)) { $0.overlap = .queueAll }
            bench.time.advance(by: .seconds(2))
            let node = try await bench.join()
            _ = try await bench.claimOne(node)
            try await bench.claimNothing(node)
            _ = try await bench.store.cancel(try await bench.runs()[1].id, by: "ann")
            try await bench.claimNothing(node)
            try expect(try await bench.states(), is: [.running, .cancelled, .scheduled])
        },
        StoreLaw("cancelling the run that a release woke lets the next one go") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2)) { $0.overlap = .queueAll }
            bench.time.advance(by: .seconds(2))
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            try await bench.claimNothing(node)
            try await bench.settle(first, .succeeded)
            _ = try await bench.store.cancel(try await bench.runs()[1].id, by: "ann")
            _ = try await bench.store.releaseHeld(limit: 10)
            try expect(try await bench.claimOne(node).run.scheduledAt, is: bench.second(2))
        },
        StoreLaw("the status row follows the newest fence and remembers the last success") { bench in
            try await bench.put(due: bench.second(0), bench.second(1), bench.second(2), bench.second(3))
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            var status = try await bench.status()
            try expect(status.status, is: "running")
            try expect(status.node, is: "a")
            try expect(status.run, is: first.run.id)
            try expect(status.fence, is: first.fence)
            try expect(status.lastRunAt, is: bench.second(0))
            try await bench.settle(first, .succeeded)
            for _ in 1...2 {
                bench.time.advance(by: .seconds(1))
                try await bench.settle(try await bench.claimOne(node), .failed(Failure("no")))
            }
            status = try await bench.status()
            try expect(status.status, is: "failed")
            try expect(status.failuresInARow, is: 2)
            try expect(status.lastSuccessAt, is: bench.second(0))
            bench.time.advance(by: .seconds(1))
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            status = try await bench.status()
            try expect(status.status, is: "success")
            try expect(status.failuresInARow, is: 0)
            try expect(status.lastSuccessAt, is: bench.second(3))
        },
        StoreLaw("the end of an older run does not take the status row from a newer one") { bench in
            try await bench.put(due: bench.second(0), bench.second(1)) { $0.overlap = .allow }
            bench.time.advance(by: .seconds(1))
            let claims = try await bench.claim(try await bench.join()).claims
            try await bench.settle(claims[0], .failed(Failure("no")))
            let status = try await bench.status()
            try expect(status.run, is: claims[1].run.id)
            try expect(status.status, is: "running")
        },
    ]
}
