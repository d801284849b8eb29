import Onebeat

extension StoreLaw {
    static let needing: [StoreLaw] = [
        StoreLaw("a due run waits for the success that its job needs, takes no slot, and starts when it comes") {
            bench in
            try await bench.apply(bench.job("load") { $0.overlap = .queueAll })
            try await bench.putNeeding(["load": .within(.seconds(100))])
            try await bench.plan([bench.fire(bench.second(-200)), bench.fire(bench.second(-50))], of: "load")
            let node = try await bench.join()
            let first = try await bench.claim(node, slots: 3)
            try expect(first.claims.map(\.run.job), is: ["load"])
            try expect(try await bench.states("report"), is: [.scheduled])
            try expect(try await bench.runs("report")[0].message, is: "waits for load (within 1m40s)")
            // Too old, and then one that failed.
            try await bench.settle(first.claims[0], .succeeded)
            let second = try await bench.claimOne(node)
            try expect(second.run.scheduledAt, is: bench.second(-50))
            try await bench.settle(second, .failed(Failure("no")))
            try await bench.claimNothing(node)
            _ = try await bench.store.mark(second.run.id, as: .succeeded, because: "by hand", by: "ann")
            let claim = try await bench.claimOne(node)
            try expect(claim.run.job, is: "report")
            try expect(claim.run.message, is: nil)
        },
        StoreLaw("a success that was there before will do") { bench in
            try await bench.apply(bench.job("load"))
            try await bench.plan([bench.fire(bench.second(-3600))], of: "load")
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            // 1 January 2026, in a zone where it has begun an hour before the one in UTC.
            try await bench.putNeeding(["load": .sameDay], zone: "Europe/Berlin")
            try expect(try await bench.claimOne(node).run.job, is: "report")
        },
        StoreLaw("a success of another day will not do") { bench in
            try await bench.apply(bench.job("load"))
            try await bench.plan([bench.fire(bench.second(-3600))], of: "load")
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            try await bench.putNeeding(["load": .sameDay])
            try await bench.claimNothing(node)
        },
        StoreLaw("a run whose need does not come is missed at its deadline, and says for what") { bench in
            try await bench.apply(bench.job("load"))
            try await bench.putNeeding(["load": .sameDay], deadline: .seconds(60))
            let node = try await bench.join()
            try await bench.claimNothing(node)
            bench.time.advance(by: .seconds(61))
            let ended = try await bench.store.endOverdue(limit: 9, deciding: Admission.decide)
            try expect(ended.map(\.state), is: [.missed])
            try expect(try await bench.reasons("report"), is: [.upstream])
            try expect(try await bench.runs("report")[0].message, is: "load (same_day) did not succeed")
        },
        StoreLaw("what waits for another job keeps nothing of its own job waiting that does not") { bench in
            try await bench.apply(bench.job("load"))
            try await bench.putNeeding(["load": .sameDay])
            let node = try await bench.join()
            try await bench.claimNothing(node)
            _ = try await bench.store.trigger("report", requestID: "first", by: "ann")
            let first = try await bench.claimOne(node)
            _ = try await bench.store.trigger("report", requestID: "second", by: "ann")
            try await bench.claimNothing(node)
            try await bench.settle(first, .succeeded)
            // The one that waits for the other job has been due for longest, and is let go first.
            let early = try await bench.claim(node).claims
            _ = try await bench.store.releaseHeld(limit: 9)
            let claims = early + (try await bench.claim(node).claims)
            try expect(claims.map(\.run.requestID), is: ["second"])
            try expect(try await bench.states("report").filter { $0 == .scheduled }.count, is: 1)
        },
        StoreLaw("a run by hand waits for no other job") { bench in
            try await bench.apply(bench.job("load"))
            try await bench.putNeeding(["load": .sameDay])
            let node = try await bench.join()
            try await bench.claimNothing(node)
            _ = try await bench.store.trigger("report", requestID: "r", by: "ann")
            try expect(try await bench.claimOne(node).run.kind, is: .manual)
        },
        StoreLaw("a definition that needs nothing any more lets its runs go") { bench in
            try await bench.apply(bench.job("load"))
            try await bench.putNeeding(["load": .sameDay])
            let node = try await bench.join()
            try await bench.claimNothing(node)
            try await bench.apply(bench.job(), fires: [bench.fire(bench.second(0))])
            try expect(try await bench.claimOne(node).run.scheduledAt, is: bench.second(0))
        },
    ]
}

extension StoreBench {
    fileprivate func putNeeding(
        _ needs: [String: Need], zone: String = "UTC", deadline: Duration? = nil
    ) async throws {
        var definition = job("report", ScheduleDefinition(.every(.seconds(60)), timezone: zone))
        definition.needs = needs
        try await apply(definition)
        try await plan([fire(second(0), deadline: deadline)], of: "report")
    }
}
