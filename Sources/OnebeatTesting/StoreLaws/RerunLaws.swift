import Onebeat

extension StoreLaw {
    static let reruns: [StoreLaw] = [
        StoreLaw("a retry is for the same due instant, follows the definition in force, and asked twice is one run") {
            bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            let claim = try await bench.claimOne(node)
            try await bench.settle(claim, .failed(Failure("no")))
            try await bench.apply(bench.job { $0.priority = 7 })
            bench.time.advance(by: .seconds(5))
            let run = try await bench.store.retry(claim.run.id, downstream: false, by: "ann")
            try expect(run.scheduledAt, is: bench.second(0))
            try expect(run.dueAt, is: bench.second(5))
            try expect(run.kind, is: .manual)
            try expect(run.state, is: .scheduled)
            try expect(run.priority, is: 7)
            try expect(run.version.version, is: 2)
            try expect(try await bench.store.retry(claim.run.id, downstream: true, by: "bob"), is: run)
            try expect(try await bench.runs().count, is: 2)
            try expect(try await bench.claimOne(node).run.id, is: run.id)
            try expect(try await bench.run(claim.run.id).state, is: .failed)
        },
        StoreLaw("a run that has not ended is neither retried nor marked") { bench in
            try await bench.put(due: bench.second(0))
            let id = try await bench.runs()[0].id
            try await expectRefused { _ = try await bench.store.retry(id, downstream: false, by: "ann") }
            try await expectRefused { _ = try await bench.store.mark(id, as: .succeeded, because: "x", by: "ann") }
            try await expectNotFound("run 99") {
                _ = try await bench.store.retry(RunID(99), downstream: false, by: "a")
            }
            try await expectNotFound("run 99") {
                _ = try await bench.store.mark(RunID(99), as: .failed, because: "x", by: "ann")
            }
        },
        StoreLaw("a retry with what hung on the run is a flow of its own, beside what else that follows") { bench in
            try await bench.applyFlow(["b": ["a"], "c": ["a"], "d": ["b", "c"]])
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            try await bench.work(node, failing: [])
            let values = try RunValue(json: Array("5".utf8))
            for claim in try await bench.claim(node, nonce: 9).claims {
                try await bench.settle(claim, claim.run.job == "c" ? .succeeded : .failed(Failure("no")), value: values)
            }
            try expect(try await bench.states("d"), is: [.skipped])
            let old = try await bench.ids(["a", "b", "c", "d"])
            let run = try await bench.store.retry(old[1], downstream: true, by: "ann")
            try expect(run.flow, is: run.id)
            let again = try await bench.runs("d")[1]
            try expect(again.state, is: .waiting)
            try expect(again.flow, is: run.id)
            try expect(again.scheduledAt, is: bench.second(0))
            try expect(
                Set(try await bench.store.waits(in: run.id, limit: 9)),
                is: [
                    Wait(parent: old[0], run: run.id), Wait(parent: run.id, run: again.id),
                    Wait(parent: old[2], run: again.id),
                ])
            let claim = try await bench.claimOne(node)
            try await bench.settle(claim, .succeeded, value: values)
            try expect(try await bench.states("d"), is: [.skipped, .scheduled])
            try expect(try await bench.store.input(of: again.id), is: ["b": values, "c": values])
            try expect(try await bench.states("a"), is: [.succeeded])
        },
        StoreLaw("a failed run that is marked as succeeded lets those go that were skipped for it, and so on down") {
            bench in
            try await bench.applyFlow(["b": ["a"], "c": ["b"], "d": ["c"], "x": ["a"]]) { policies in
                policies.deadline = .seconds(30)
            } each: { name, policies in
                if name == "x" { policies.triggerRule = .oneFailed }
            }
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            try await bench.work(node, failing: ["a"])
            for name in ["b", "c", "d"] { try expect(try await bench.states(name), is: [.skipped], name) }
            try expect(try await bench.states("x"), is: [.scheduled])
            let root = try await bench.runs("a")[0]
            bench.time.advance(by: .seconds(2))
            let touched = try await bench.store.mark(root.id, as: .succeeded, because: "done by hand", by: "ann")
            try expect(touched.map(\.job), is: ["b", "c", "d"])
            try expect(try await bench.states("a"), is: [.failed])
            try expect(try await bench.states("b"), is: [.skipped, .scheduled])
            try expect(try await bench.states("c"), is: [.skipped, .waiting])
            let revived = try await bench.runs("b")[1]
            try expect(revived.flow, is: root.flow)
            try expect(revived.deadlineAt, is: bench.second(32))
            let mark = try await bench.store.mark(of: root.id)
            try expect(mark, is: RunMark(.succeeded, because: "done by hand", by: "ann", at: bench.second(2)))
            try expect(try await bench.store.mark(of: revived.id), is: nil)
            try expect(
                try await bench.store.marks(in: root.flow ?? root.id, limit: 9),
                is: [root.id: mark].compactMapValues(\.self))
            try expect(try await bench.store.marks(in: revived.id, limit: 9), is: [:])
            // What is said twice changes nothing more.
            try expect(
                try await bench.store.mark(root.id, as: .succeeded, because: "again", by: "ann").map(\.job), is: [])
            for _ in 0..<3 { try await bench.work(node, failing: []) }
            try expect(try await bench.states("d"), is: [.skipped, .succeeded])
        },
        StoreLaw("a run that is marked as failed keeps those from starting that wait") { bench in
            try await bench.applyFlow(["b": ["a"], "c": ["a", "b"], "x": ["a"]]) { _ in
            } each: { name, policies in
                if name == "x" { policies.triggerRule = .oneFailed }
            }
            try await bench.planFlow("a", at: bench.second(0))
            let node = try await bench.join()
            try await bench.work(node, failing: [])
            try expect(try await bench.states("x"), is: [.skipped])
            let root = try await bench.runs("a")[0]
            let touched = try await bench.store.mark(root.id, as: .failed, because: "wrong data", by: "ann")
            try expect(Set(touched.map(\.job)), is: ["c", "x"])
            try expect(try await bench.states("c"), is: [.skipped])
            try expect(try await bench.reasons("c"), is: [.upstream])
            try expect(try await bench.states("x"), is: [.skipped, .scheduled])
            // It has begun, or may have.
            try expect(try await bench.states("b"), is: [.scheduled])
        },
    ]
}

extension StoreBench {
    /// Claims what is due and ends it.
    fileprivate func work(_ node: NodeID, failing names: Set<String>) async throws {
        let claims = try await claim(node, nonce: Int64(time.uptime().inSeconds) + 20).claims
        for claim in claims {
            if claim.run.job == "x" { continue }
            try await settle(claim, names.contains(claim.run.job) ? .failed(Failure("no")) : .succeeded)
        }
    }
}
