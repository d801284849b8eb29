import Onebeat

extension StoreLaw {
    static let planning: [StoreLaw] = [
        StoreLaw("a plan's rows and its watermark move together") { bench in
            try await bench.apply(bench.job())
            let inserted = try await bench.plan(
                [bench.fire(bench.second(60), deadline: .seconds(9))], nextAt: bench.second(120))
            try expect(inserted, is: 1)
            let record = try await bench.record()
            try expect(record.watermark, is: bench.second(60))
            try expect(record.nextAt, is: bench.second(120))
            let runs = try await bench.runs()
            try expect(runs.map(\.scheduledAt), is: [bench.second(60)])
            try expect(runs[0].deadlineAt, is: bench.second(69))
            try expect(runs[0].state, is: .scheduled)
            try expect(runs[0].kind, is: .scheduled)
            try expect(runs[0].version, is: record.versionID)
        },
        StoreLaw("an instant planned twice is one run") { bench in
            try await bench.apply(bench.job())
            let record = try await bench.record()
            let plan = FirePlan(
                version: record.versionID, from: record.watermark, through: record.watermark, nextAt: nil,
                fires: [bench.fire(bench.second(60))])
            try expect(try await bench.store.plan([plan], term: nil), is: 1)
            try expect(try await bench.store.plan([plan], term: nil), is: 0)
            try expect(try await bench.runs().count, is: 1)
        },
        StoreLaw("planning again leaves a row that has moved on as it is") { bench in
            try await bench.put(due: bench.second(0))
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .succeeded)
            let record = try await bench.record()
            let again = FirePlan(
                version: record.versionID, from: record.watermark, through: record.watermark, nextAt: nil,
                fires: [bench.fire(bench.second(0))])
            _ = try await bench.store.plan([again], term: nil)
            try expect(try await bench.states(), is: [.succeeded])
        },
        StoreLaw("a plan from an older watermark is passed over") { bench in
            try await bench.apply(bench.job())
            let record = try await bench.record()
            let plan = FirePlan(
                version: record.versionID, from: record.watermark, through: bench.second(60),
                nextAt: bench.second(120), fires: [bench.fire(bench.second(60))])
            _ = try await bench.store.plan([plan], term: nil)
            var late = plan
            late.fires = [bench.fire(bench.second(30))]
            late.through = bench.second(30)
            try expect(try await bench.store.plan([late], term: nil), is: 0)
            try expect(try await bench.record().watermark, is: bench.second(60))
            try expect(try await bench.runs().map(\.scheduledAt), is: [bench.second(60)])
        },
        StoreLaw("a plan for a version no longer in force is passed over, the others are not") { bench in
            try await bench.apply(bench.job("old"), bench.job("other"))
            let old = try await bench.record("old")
            let other = try await bench.record("other")
            try await bench.apply(bench.job("old", .every(.seconds(7))))
            let plans = [old, other].map {
                FirePlan(
                    version: $0.versionID, from: $0.watermark, through: bench.second(60), nextAt: nil,
                    fires: [bench.fire(bench.second(60))])
            }
            try expect(try await bench.store.plan(plans, term: nil), is: 1)
            try expect(try await bench.runs("old").count, is: 0)
            try expect(try await bench.runs("other").count, is: 1)
        },
        StoreLaw("a term that is over plans nothing") { bench in
            try await bench.apply(bench.job())
            let first = try await bench.join("a")
            let second = try await bench.join("b")
            guard let old = try await bench.store.lead(first, lease: .seconds(3)) else {
                throw LawBroken(description: "a free lead was not given")
            }
            try await bench.store.resign(first)
            let new = try await bench.store.lead(second, lease: .seconds(3))
            try await expectFenced("a plan of an old term") {
                try await bench.plan([bench.fire(bench.second(60))], term: old)
            }
            try expect(try await bench.runs().count, is: 0)
            try expect(try await bench.plan([bench.fire(bench.second(60))], term: new), is: 1)
        },
        StoreLaw("missed instants are one row with its range, its count and its reason") { bench in
            try await bench.apply(bench.job())
            try await bench.plan([
                PlannedFire(
                    scheduledAt: bench.second(60), dueAt: bench.second(60), missed: .coalesced,
                    rangeEnd: bench.second(240), count: 4)
            ])
            let run = try await bench.runs()[0]
            try expect(run.state, is: .missed)
            try expect(run.reason, is: .coalesced)
            try expect(run.rangeEnd, is: bench.second(240))
            try expect(run.count, is: 4)
            try expect(run.finishedAt, is: bench.now)
            try expect(try await bench.store.runCounts()[.missed], is: 4)
        },
        StoreLaw("a missed row is never claimed") { bench in
            try await bench.apply(bench.job())
            try await bench.plan([
                PlannedFire(scheduledAt: bench.second(0), dueAt: bench.second(0), missed: .tooLate)
            ])
            try await bench.claimNothing(try await bench.join())
        },
        StoreLaw("what is plannable comes by its next instant, the most urgent first") { bench in
            try await bench.apply(bench.job("late"), nextAt: bench.second(9))
            try await bench.apply(bench.job("soon"), nextAt: bench.second(1))
            try await bench.apply(bench.job("far"), nextAt: bench.second(11))
            try await bench.apply(bench.job("never"))
            let jobs = try await bench.store.plannable(through: bench.second(10), limit: 10)
            try expect(jobs.map(\.name), is: ["soon", "late"])
            try expect(try await bench.store.plannable(through: bench.second(10), limit: 1).map(\.name), is: ["soon"])
            let later = try await bench.store.plannable(from: bench.second(2), through: bench.second(10), limit: 9)
            try expect(later.map(\.name), is: ["late"])
        },
        StoreLaw("a removed job is not plannable") { bench in
            try await bench.apply(bench.job(), nextAt: bench.second(1))
            let record = try await bench.record()
            try await bench.apply(isComplete: true)
            try expect(try await bench.store.plannable(through: bench.second(10), limit: 10).count, is: 0)
            let plan = FirePlan(
                version: record.versionID, from: record.watermark, through: bench.second(1), nextAt: nil,
                fires: [bench.fire(bench.second(1))])
            try expect(try await bench.store.plan([plan], term: nil), is: 0)
            try expect(try await bench.runs().count, is: 0)
        },
        StoreLaw("the watermark stays where it is when the store's clock is set back") { bench in
            bench.time.advance(by: .seconds(600))
            try await bench.apply(bench.job())
            bench.time.set(ManualTime.start)
            try await bench.apply(bench.job("report", .every(.seconds(7))))
            try expect(try await bench.record().watermark, is: bench.second(600))
        },
    ]
}
