import Onebeat

extension StoreLaw {
    static let spreading: [StoreLaw] = [
        StoreLaw("a job with a list has a run for each element, which follows what it followed, and one outcome") {
            bench in
            try await bench.applyEach()
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            bench.time.advance(by: .seconds(5))
            try await bench.settle(try await bench.claimOne(node), .succeeded, value: try bench.list(3))
            let runs = try await bench.runs("b")
            try expect(runs.map(\.state), is: [.waiting, .scheduled, .scheduled, .scheduled])
            try expect(runs.map(\.element), is: [nil, 0, 1, 2])
            try expect(Set(runs.map(\.flow)), is: [runs[0].flow])
            try expect(Set(runs.map(\.scheduledAt)), is: [bench.second(0)])
            try expect(runs[3].key, is: "\(runs[0].key)[2]")
            try expect(runs[1].dueAt, is: bench.second(5))
            try expect(runs[1].deadlineAt, is: bench.second(5) + JobPolicies().deadline)
            let root = try await bench.runs("a")[0].id
            let elements = runs.dropFirst().map(\.id)
            let last = try await bench.runs("c")[0].id
            try expect(
                Set(try await bench.store.waits(in: root, limit: 100)),
                is: Set(
                    elements.flatMap { [Wait(parent: root, run: $0), Wait(parent: $0, run: runs[0].id)] }
                        + [Wait(parent: runs[0].id, run: last)]))
            let claims = try await bench.claim(node).claims
            try expect(claims.map(\.run.element), is: [0, 1, 2])
            try expect(try await bench.store.input(of: claims[1].run.id), is: ["a": try bench.list(3)])
            for claim in claims.dropLast() { try await bench.settle(claim, .succeeded) }
            try expect(try await bench.states("b")[0], is: .waiting)
            try expect(try await bench.states("c"), is: [.waiting])
            try expect(try await bench.status("b").status, is: "running")
            try await bench.settle(claims[2], .succeeded)
            let whole = try await bench.runs("b")[0]
            try expect(whole.state, is: .succeeded)
            try expect(whole.finishedAt, is: bench.second(5))
            try expect(whole.message, is: "3 of 3 succeeded")
            try expect(whole.attempt, is: 0)
            try expect(try await bench.status("b").status, is: "success")
            try expect(try await bench.status("b").run, is: whole.id)
            try expect(try await bench.states("c"), is: [.scheduled])
        },
        StoreLaw("by the trigger rule the ends of the elements say how the whole ended, once all have ended") { bench in
            let cases: [(TriggerRule, RunState, RunState)] = [
                (.allSuccess, .failed, .skipped), (.allDone, .succeeded, .scheduled),
                (.oneSuccess, .succeeded, .scheduled), (.noneFailed, .failed, .skipped),
            ]
            for (index, (rule, whole, next)) in cases.enumerated() {
                try await bench.applyEach { $0.triggerRule = rule }
                try await bench.planFlow("a", at: bench.now)
                let node = try await bench.join("n\(index)")
                try await bench.settle(try await bench.claimOne(node), .succeeded, value: try bench.list(2))
                let claims = try await bench.claim(node, nonce: 2).claims
                try await bench.settle(claims[0], .succeeded)
                let run = try await bench.runs("b")[3 * index]
                try expect(run.state, is: .waiting, "\(rule)")
                try await bench.settle(claims[1], .failed(Failure("no")))
                try expect(try await bench.run(run.id).state, is: whole, "\(rule)")
                try expect(try await bench.states("c")[index], is: next, "\(rule)")
                let failures = try await bench.status("b").failuresInARow
                try expect(failures, is: whole == .failed ? 1 : 0, "\(rule)")
                if next == .scheduled { try await bench.settle(try await bench.claimOne(node), .succeeded) }
                bench.time.advance(by: .seconds(1))
            }
        },
        StoreLaw("where there is no list, one that is too long, or none of its elements, the whole ends at once") {
            bench in
            let cases: [(RunValue?, RunState, String)] = [
                (nil, .failed, "handed on nothing"),
                (try RunValue(json: Array(#"{"other": 1}"#.utf8)), .failed, "items"),
                (try RunValue(json: Array(#"{"items": "x"}"#.utf8)), .failed, "no list"),
                (try bench.list(1001), .failed, "1001"), (try bench.list(0), .succeeded, "empty"),
            ]
            for (index, (value, state, words)) in cases.enumerated() {
                try await bench.applyEach()
                try await bench.planFlow("a", at: bench.now)
                let node = try await bench.join("n\(index)")
                try await bench.settle(try await bench.claimOne(node), .succeeded, value: value)
                let runs = try await bench.runs("b")
                try expect(runs.count, is: index + 1)
                try expect(runs[index].state, is: state)
                try expect(runs[index].message?.contains(words) == true, "\(runs[index].message ?? "") has no \(words)")
                try expect(try await bench.states("c")[index], is: state == .failed ? .skipped : .scheduled)
                let status = try await bench.status("b")
                try expect(status.run, is: runs[index].id)
                try expect(status.failuresInARow, is: state == .failed ? index + 1 : 0)
                if state == .succeeded { try await bench.settle(try await bench.claimOne(node), .succeeded) }
                bench.time.advance(by: .seconds(1))
            }
        },
        StoreLaw("where all elements are skipped since their job is paused, the whole is, and nothing counts as failed")
        {
            bench in
            for rule in [TriggerRule.allSuccess, .noneFailed] {
                try await bench.applyEach { $0.triggerRule = rule }
                try await bench.store.setPaused(true, job: "b", by: "law")
                try await bench.planFlow("a", at: bench.now)
                let node = try await bench.join("\(rule)")
                try await bench.settle(try await bench.claimOne(node), .succeeded, value: try bench.list(2))
                try await bench.claimNothing(node)
                let runs = try await bench.runs("b").suffix(3)
                try expect(runs.map(\.state), is: [.skipped, .skipped, .skipped], "\(rule)")
                try expect(runs.map(\.reason), is: [.paused, .paused, .paused], "\(rule)")
                try expect(try await bench.runs("c").last?.reason, is: .upstreamSkipped, "\(rule)")
                bench.time.advance(by: .seconds(1))
            }
        },
        StoreLaw("what the elements of one list hand on can be the list of the next job") { bench in
            try await bench.applyEach(thenEach: true)
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded, value: try bench.list(3))
            for claim in try await bench.claim(node, nonce: 2).claims {
                try await bench.settle(claim, .succeeded, value: try RunValue(claim.run.element ?? 9))
            }
            let claims = try await bench.claim(node, nonce: 3).claims
            try expect(claims.map(\.run.job), is: ["c", "c", "c"])
            try expect(claims.map(\.run.element), is: [0, 1, 2])
            try expect(try await bench.store.input(of: claims[2].run.id)["b"]?.json, is: "[0, 1, 2]")
        },
        StoreLaw("elements wait for one another by the limit, and are never skipped for that") { bench in
            try await bench.applyEach {
                $0.limit = 2
                $0.deadline = .seconds(3)
            }
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded, value: try bench.list(5))
            var done = 0
            for nonce in Int64(2)...9 where done < 5 {
                let claims = try await bench.claim(node, nonce: nonce).claims
                try expect(claims.count <= 2, "\(claims.count) at a time")
                bench.time.advance(by: .seconds(2))
                _ = try await bench.store.renew(node, lease: StoreBench.lease)
                for claim in claims { try await bench.settle(claim, .succeeded) }
                done += claims.count
            }
            try expect(try await bench.states("b"), is: Array(repeating: .succeeded, count: 6))
        },
        StoreLaw("what elements hand on is handed on as a list, with null for one that handed on nothing") { bench in
            try await bench.applyEach { $0.triggerRule = .allDone }
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded, value: try bench.list(3))
            for claim in try await bench.claim(node, nonce: 2).claims {
                let element = claim.run.element ?? 9
                let value = try RunValue(json: Array("{\"n\": \(element)}".utf8))
                try await bench.settle(claim, element == 1 ? .failed(Failure("no")) : .succeeded, value: value)
            }
            let last = try await bench.claimOne(node)
            try expect(
                try await bench.store.input(of: last.run.id)["b"]?.json, is: #"[{"n": 0}, null, {"n": 2}]"#)
        },
        StoreLaw("what elements hand on together has a bound") { bench in
            try await bench.applyEach()
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join(slots: 100)
            try await bench.settle(try await bench.claimOne(node), .succeeded, value: try bench.list(20))
            let large = try RunValue(String(repeating: "x", count: 60_000))
            for claim in try await bench.claim(node, slots: 50, nonce: 2).claims {
                try await bench.settle(claim, .succeeded, value: large)
            }
            let last = try await bench.claimOne(node)
            try await expectRefused { _ = try await bench.store.input(of: last.run.id) }
        },
        StoreLaw("whoever cancels the whole cancels its elements") { bench in
            try await bench.applyEach { $0.limit = 1 }
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded, value: try bench.list(3))
            let running = try await bench.claimOne(node)
            let whole = try await bench.runs("b")[0]
            try expect(try await bench.store.cancel(whole.id, by: "ann").state, is: .cancelled)
            try expect(try await bench.states("b"), is: [.cancelled, .running, .cancelled, .cancelled])
            try expect(try await bench.run(running.run.id).isCancelRequested, "the running one goes on")
            try await bench.settle(running, .cancelled)
            try expect(try await bench.states("b")[0], is: .cancelled)
            try expect(try await bench.status("b").status, is: "cancelled")
        },
        StoreLaw("an element is retried alone, and the whole with all its elements") { bench in
            try await bench.applyEach()
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            let list = try bench.list(2)
            try await bench.settle(try await bench.claimOne(node), .succeeded, value: list)
            for claim in try await bench.claim(node, nonce: 2).claims {
                try await bench.settle(claim, .failed(Failure("no")))
            }
            let runs = try await bench.runs("b")
            let element = try await bench.store.retry(runs[2].id, downstream: false, by: "ann")
            try expect(element.element, is: 1)
            let claim = try await bench.claimOne(node)
            try expect(claim.run.id, is: element.id)
            try expect(try await bench.store.input(of: element.id), is: ["a": list])
            try await bench.settle(claim, .succeeded)
            try await expectRefused { _ = try await bench.store.retry(runs[1].id, downstream: true, by: "ann") }
            let whole = try await bench.store.retry(runs[0].id, downstream: true, by: "ann")
            try expect(whole.state, is: .waiting)
            try expect(whole.element, is: nil)
            let claims = try await bench.claim(node, nonce: 9).claims
            try expect(claims.map(\.run.element), is: [0, 1])
            try expect(Set(claims.map(\.run.flow)), is: [whole.id])
            for claim in claims { try await bench.settle(claim, .succeeded) }
            try expect(try await bench.run(whole.id).state, is: .succeeded)
            try expect(try await bench.states("c"), is: [.skipped, .scheduled])
        },
        StoreLaw("a retry of what hands on the list spreads it anew") { bench in
            try await bench.applyEach()
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            let root = try await bench.claimOne(node)
            try await bench.settle(root, .succeeded, value: try bench.list(2))
            for claim in try await bench.claim(node, nonce: 2).claims { try await bench.settle(claim, .succeeded) }
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            let again = try await bench.store.retry(root.run.id, downstream: true, by: "ann")
            try expect(try await bench.runs("b").count, is: 4)
            try await bench.settle(try await bench.claimOne(node), .succeeded, value: try bench.list(1))
            let claim = try await bench.claimOne(node)
            try expect(claim.run.element, is: 0)
            try expect(claim.run.flow, is: again.id)
            try await bench.settle(claim, .succeeded)
            try expect(try await bench.states("c"), is: [.succeeded, .scheduled])
        },
        StoreLaw("an element's end does not stand for its job: the whole's does") { bench in
            try await bench.applyEach()
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded, value: try bench.list(3))
            let claims = try await bench.claim(node, nonce: 2).claims
            try await bench.settle(claims[0], .failed(Failure("no")))
            try expect(try await bench.store.newestEnds(of: ["b"]).map(\.id), is: [])
            for claim in claims.dropFirst() { try await bench.settle(claim, .succeeded) }
            let whole = try await bench.runs("b")[0]
            try expect(whole.state, is: .failed)
            try expect(try await bench.store.newestEnds(of: ["b"]).map(\.id), is: [whole.id])
            try expect(try await bench.store.newestRuns(of: ["b"], states: [], each: 9).map(\.id), is: [whole.id])
            try expect(try await bench.status("b").failuresInARow, is: 1)
        },
        StoreLaw("a root that looks at its whole flow is skipped while an earlier one is open") { bench in
            try await bench.applyFlow(["b": ["a"], "c": ["b"]]) { _ in
            } each: { _, _ in
            } root: {
                $0.overlapScope = .flow
            }
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            bench.time.advance(by: .seconds(60))
            _ = try await bench.store.renew(node, lease: StoreBench.lease)
            let follower = try await bench.claimOne(node)
            try await bench.planFlow("a", at: bench.second(60))
            try await bench.planFlow("a", at: bench.second(120))
            try await bench.claimNothing(node)
            let skipped = try await bench.runs("a")[1]
            try expect(skipped.state, is: .skipped)
            try expect(skipped.reason, is: .overlap)
            let flow = try await bench.runs("a")[0].id
            try expect(skipped.message, is: "its flow of run \(flow) is still open")
            try expect(try await bench.states("b")[1], is: .skipped)
            try await bench.settle(follower, .succeeded)
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            bench.time.advance(by: .seconds(60))
            _ = try await bench.store.renew(node, lease: StoreBench.lease)
            // What is planned ahead, and what follows that, is not open yet.
            try await bench.planFlow("a", at: bench.second(125))
            try expect(try await bench.claimOne(node).run.scheduledAt, is: bench.second(120))
        },
    ]
}

extension StoreBench {
    /// `a`, then `b` for each of the items that `a` hands on, then `c`.
    /// - Parameter thenEach: whether `c` runs for each of what the elements of `b` hand on.
    func applyEach(thenEach: Bool = false, _ change: (inout JobPolicies) -> Void = { _ in }) async throws {
        let list = job("b", ScheduleDefinition(.after(["a"]))) {
            $0.overlap = .allow
            change(&$0)
        }
        var spread = list
        spread.each = Each(in: "a", at: ["items"])
        var last = job("c", ScheduleDefinition(.after(["b"]))) { $0.overlap = thenEach ? .allow : $0.overlap }
        if thenEach { last.each = Each(in: "b") }
        let jobs = [job("a", .every(.seconds(60))), spread, last]
        _ = try await store.apply(ApplyRequest(jobs, source: "library", by: "law"), unless: { _, _ in false }) {
            job, record, now in
            let watermark = max(record?.watermark ?? now, now)
            return FirePlan(
                version: JobVersion(job: job.name, generation: 1, version: (record?.version ?? 0) + 1),
                from: watermark, through: watermark, nextAt: nil, fires: [])
        }
    }

    func list(_ count: Int) throws -> RunValue {
        try RunValue(JSONValue.object(["items": .array((0..<count).map { .string("e\($0)") })]))
    }
}
