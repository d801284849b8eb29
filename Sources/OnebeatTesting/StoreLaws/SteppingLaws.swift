import Onebeat

extension StoreBench {
    /// Steps the store's clock, and has it seen: nobody knows of a step between two looks.
    fileprivate func step(by length: Duration) async throws {
        _ = try await store.now()
        time.set(now + length)
        _ = try await store.now()
    }

    /// Lets time pass under the eyes of somebody who asks what time it is.
    fileprivate func pass(_ seconds: Int) async throws {
        for _ in 0..<seconds {
            time.advance(by: .seconds(1))
            _ = try await store.now()
        }
    }

    static fileprivate let steps: [Duration] = [
        .seconds(15), .seconds(315_360_000), .seconds(-20), .seconds(-315_360_000),
    ]
}

extension StoreLaw {
    static let stepping: [StoreLaw] = [
        StoreLaw("a step of the store's clock that passes leaves no trace in what is due, asked for or settled") {
            bench in
            for (number, step) in StoreBench.steps.enumerated() {
                let name = "job\(number)"
                let start = try await bench.store.now()
                try await bench.apply(bench.job(name) { $0.overlap = .allow })
                try await bench.plan([bench.fire(start + .seconds(10))], of: name)
                let node = try await bench.join(name)
                try await bench.step(by: step)
                try expect(try await bench.store.now(), is: start)
                try await bench.claimNothing(node)
                let asked = try await bench.store.trigger(name, requestID: "r", by: "ann")
                try expect(asked.dueAt, is: start)
                let claim = try await bench.claimOne(node)
                try expect(claim.run.startedAt, is: start)
                guard case .settled(let run) = try await bench.settle(claim, .succeeded) else {
                    throw LawBroken(description: "the outcome was refused")
                }
                try expect(run.finishedAt, is: start)
                try await bench.pass(10)
                try expect(try await bench.claimOne(node).run.startedAt, is: start + .seconds(10))
                try await bench.step(by: .zero - step)
                try expect(try await bench.store.now(), is: start + .seconds(10))
                try expect(bench.store.clock.steps.count, is: 0)
            }
        },
        StoreLaw("a step of the store's clock that stays is followed after half a minute, on or back") { bench in
            for (number, step) in StoreBench.steps.enumerated() {
                let start = try await bench.store.now()
                try await bench.step(by: step)
                try await bench.pass(29)
                try expect(try await bench.store.now(), is: start + .seconds(29))
                try expect(bench.store.clock.deviation, is: step)
                try await bench.pass(1)
                try expect(try await bench.store.now(), is: start + step + .seconds(30))
                try expect(bench.store.clock.deviation, is: nil)
                try expect(bench.store.clock.steps.count, is: number + 1)
            }
        },
        StoreLaw("a job that a clock had taken too far is found, and taken back without what was missed too early") {
            bench in
            try await bench.apply(bench.job(), bench.job("other"))
            let early = PlannedFire(
                scheduledAt: bench.second(60), dueAt: bench.second(60), missed: .coalesced,
                rangeEnd: bench.second(6000), count: 100)
            let run = bench.fire(bench.second(6060))
            try await bench.plan([early, run])
            var filter = JobFilter()
            filter.plannedBeyond = bench.second(20)
            try expect(try await bench.store.jobs(filter).map(\.name), is: ["report"])
            let rows = try await bench.runs()
            var plan = FirePlan(
                version: try await bench.record().versionID, from: bench.second(0), through: bench.second(30),
                nextAt: bench.second(60), fires: [], withdrawn: [rows[0].id, rows[1].id])
            try expect(try await bench.store.plan([plan], term: nil), is: 0)
            try expect(try await bench.runs().count, is: 2, "a stale plan takes nothing back")
            plan.from = bench.second(6060)
            _ = try await bench.store.plan([plan], term: nil)
            try expect(try await bench.runs().map(\.scheduledAt), is: [bench.second(6060)], "runs stay")
            try expect(try await bench.record().watermark, is: bench.second(30))
            try expect(try await bench.record().nextAt, is: bench.second(60))
            try expect(try await bench.store.jobs(filter).map(\.name), is: ["report"])
            filter.plannedBeyond = bench.second(30)
            try expect(try await bench.store.jobs(filter).map(\.name), is: [])
        },
        StoreLaw("a delay that a clock had taken too far is found") { bench in
            try await bench.apply(bench.job("soon", .delay(.seconds(60))), nextAt: bench.second(70))
            try await bench.apply(bench.job("late", .delay(.seconds(60))), nextAt: bench.second(90))
            var filter = JobFilter()
            filter.plannedBeyond = bench.second(20)
            try expect(try await bench.store.jobs(filter).map(\.name), is: ["late"])
        },
    ]
}
