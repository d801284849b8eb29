import Onebeat

extension StoreBench {
    /// Claims as a worker does that asked for these locks.
    fileprivate func claim(
        _ node: NodeID, slots: Int = 10, asked: Set<String>, heldElsewhere: [String: String] = [:]
    ) async throws -> ClaimResult {
        var view = LockView()
        view.asked = asked
        view.heldElsewhere = heldElsewhere
        return try await store.claim(
            ClaimRequest(node: node, queues: ["default"], slots: slots, nonce: ClaimNonce(1), locks: view),
            deciding: Admission.decide)
    }
}

extension StoreLaw {
    static let locking: [StoreLaw] = [
        StoreLaw("due runs are told in the order of the claim, with their definitions, and those due in a while") {
            bench in
            try await bench.put("low", due: bench.second(0), bench.second(1)) { $0.overlap = .queueAll }
            try await bench.put("high", due: bench.second(1)) { $0.priority = 5 }
            try await bench.put("other", due: bench.second(1)) { $0.queue = "mail" }
            try await bench.put("later", due: bench.second(9))
            bench.time.advance(by: .seconds(1))
            func due(within ahead: Duration = .zero, limit: Int = 10) async throws -> [DueRun] {
                try await bench.store.dueRuns(queues: ["default"], within: ahead, limit: limit)
            }
            let runs = try await due()
            try expect(runs.map(\.run.job), is: ["high", "low", "low"])
            try expect(runs.map(\.run.scheduledAt), is: [bench.second(1), bench.second(0), bench.second(1)])
            try expect(runs[1].definition.policies.overlap, is: .queueAll)
            try expect(try await due(limit: 1).map(\.run.job), is: ["high"])
            try expect(try await due(within: .seconds(7)).count, is: 3)
            try expect(try await due(within: .seconds(8)).last?.run.job, is: "later")
            let node = try await bench.join()
            _ = try await bench.claim(node)
            try expect(try await due(), is: [])
        },
        StoreLaw("a run whose job's lock is held elsewhere is skipped, and the row names the holder") { bench in
            try await bench.put(due: bench.second(0))
            let result = try await bench.claim(
                try await bench.join(), asked: ["report"], heldElsewhere: ["report": "3f2a"])
            try expect(result.claims, is: [])
            try expect(result.refused.map(\.reason), is: [.overlap])
            let run = try await bench.runs()[0]
            try expect(run.state, is: .skipped)
            try expect(run.message, is: "lock:job:report is held by 3f2a")
        },
        StoreLaw("a queued run waits for the lock, says so, and starts when it is free") { bench in
            try await bench.put(due: bench.second(0), bench.second(1)) { $0.overlap = .queue }
            bench.time.advance(by: .seconds(1))
            let node = try await bench.join()
            for _ in 0..<3 {
                let result = try await bench.claim(node, asked: ["report"], heldElsewhere: ["report": "3f2a"])
                try expect(result.claims, is: [])
                try expect(try await bench.store.nextDue(queues: ["default"]), is: nil, "a held run is not due:")
                try expect(try await bench.states(), is: [.scheduled, .skipped])
                try expect(try await bench.runs()[0].message, is: "lock:job:report is held by 3f2a")
                try expect(try await bench.store.releaseHeld(limit: 10), is: 1)
            }
            let claims = try await bench.claim(node, asked: ["report"]).claims
            try expect(claims.map(\.run.scheduledAt), is: [bench.second(0)])
            try expect(try await bench.runs()[0].message, is: nil)
        },
        StoreLaw("a further attempt waits for the lock and keeps the words on the one before") { bench in
            try await bench.put(due: bench.second(0)) {
                $0.retry = RetryPolicy(limit: 1, backoff: .seconds(1), jitter: 0)
            }
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .failed(Failure("no")))
            bench.time.advance(by: .seconds(1))
            let result = try await bench.claim(node, asked: ["report"], heldElsewhere: ["report": "3f2a"])
            try expect(result, is: ClaimResult(claims: [], refused: [], hasMore: false))
            try expect(try await bench.runs()[0].message, is: "no")
            try expect(try await bench.store.releaseHeld(limit: 10), is: 1)
            try expect(try await bench.claim(node, asked: ["report"]).claims.map(\.attempt), is: [2])
        },
        StoreLaw("runs whose lock was not asked for stay due, and those behind them are claimed") { bench in
            for number in 0..<5 { try await bench.put("guarded\(number)", due: bench.second(0)) }
            try await bench.put("asked", due: bench.second(1))
            try await bench.put("wide", due: bench.second(1)) { $0.limit = 2 }
            try await bench.put("open", due: bench.second(1), bench.second(2)) { $0.overlap = .allow }
            bench.time.advance(by: .seconds(2))
            let node = try await bench.join()
            let first = try await bench.claim(node, slots: 3, asked: ["asked"])
            try expect(first.claims.map(\.run.job), is: ["asked", "wide", "open"])
            let second = try await bench.claim(node, slots: 3, asked: [])
            try expect(second.claims.map(\.run.job), is: ["open"])
            try expect(second.hasMore, is: false, "what is passed over is nothing more to claim:")
            try expect(second.passedOver, is: true)
            try expect(try await bench.store.nextDue(queues: ["default"]), is: bench.second(0))
            let third = try await bench.claim(node)
            try expect(third.claims.count, is: 5)
            try expect(third.passedOver, is: false)
        },
        StoreLaw("a lock that is held elsewhere does not hide that the job is active here") { bench in
            try await bench.put(due: bench.second(0), bench.second(1))
            let node = try await bench.join()
            _ = try await bench.claimOne(node)
            bench.time.advance(by: .seconds(1))
            let result = try await bench.claim(node, asked: ["report"], heldElsewhere: ["report": "3f2a"])
            try expect(result.refused.map(\.reason), is: [.overlap])
            try expect(result.refused.map(\.message), is: [nil])
        },
    ]
}
