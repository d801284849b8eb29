import Onebeat

extension StoreLaw {
    static let seeing: [StoreLaw] = [
        StoreLaw("a job that is not as it was seen is neither paused nor run, and one that is, is") { bench in
            let store = bench.store
            try await bench.apply(bench.job())
            let seen = JobSight(try await bench.record())
            try await store.setPaused(true, job: "report", asSeen: seen, by: "ann")
            try await expectChanged("a pause that was seen to be none") {
                try await store.setPaused(true, job: "report", asSeen: seen, by: "bob")
            }
            try await expectChanged("a job that was seen to go on") {
                _ = try await store.trigger("report", requestID: "r", alone: false, asSeen: seen, by: "bob")
            }
            try await store.setPaused(false, job: "report", asSeen: JobSight(try await bench.record()), by: "ann")
            let run = try await store.trigger("report", requestID: "r", alone: false, asSeen: seen, by: "ann")
            try expect(
                try await store.trigger("report", requestID: "r", alone: true, asSeen: seen, by: "bob").id, is: run.id)
            try await bench.apply(bench.job("report", .every(.seconds(7))))
            try await expectChanged("another definition") {
                _ = try await store.trigger("report", requestID: "s", alone: true, asSeen: seen, by: "bob")
            }
            try await expectNotFound("the job") {
                try await store.setPaused(true, job: "nobody", asSeen: seen, by: "bob")
            }
            let events = try await store.events(job: "report", limit: 20)
            try expect(events.filter { $0.actor == "bob" }.count, is: 0)
            try expect(try await bench.runs().map(\.id), is: [run.id])
        },
        StoreLaw("a root is run with its flow where it is as it was seen") { bench in
            try await bench.apply(bench.job("root"), bench.job("leaf", ScheduleDefinition(.after(["root"]))))
            let seen = JobSight(try await bench.record("root"))
            try await bench.store.setPaused(true, job: "root", by: "ann")
            try await expectChanged("a pause") {
                _ = try await bench.store.trigger("root", requestID: "r", alone: false, asSeen: seen, by: "bob")
            }
            try await bench.store.setPaused(false, job: "root", by: "ann")
            let run = try await bench.store.trigger("root", requestID: "r", alone: false, asSeen: seen, by: "bob")
            try expect(run.flow, is: run.id)
            try expect(try await bench.states("leaf"), is: [.waiting])
            try expect(
                try await bench.store.trigger("root", requestID: "r", alone: false, asSeen: seen, by: "bob").id,
                is: run.id)
        },
        StoreLaw("a word on a job is taken where the job is as it was seen") { bench in
            try await bench.apply(bench.elsewhere())
            let seen = JobSight(try await bench.record())
            try await bench.store.setPaused(true, job: "report", by: "ann")
            try await expectChanged("a pause") {
                _ = try await bench.store.signal(JobSignal(.success, of: "report", by: "bob"), asSeen: seen)
            }
            try expect(try await bench.runs().count, is: 0)
            let now = JobSight(try await bench.record())
            try expect(
                try await bench.store.signal(JobSignal(.success, of: "report", by: "bob"), asSeen: now).state,
                is: .succeeded)
        },
        StoreLaw("a run that is not as it was seen is neither cancelled, done again nor marked") { bench in
            let store = bench.store
            try await bench.put(due: bench.now)
            let seen = RunSight(try await bench.runs()[0])
            let claim = try await bench.claimOne(try await bench.join())
            try await expectChanged("a run that has started") {
                _ = try await store.cancel(claim.run.id, asSeen: seen, by: "bob")
            }
            try expect(try await bench.run(claim.run.id).isCancelRequested, is: false)
            _ = try await store.cancel(
                claim.run.id, asSeen: RunSight(try await bench.run(claim.run.id)), by: "ann")
            try await bench.settle(claim, .failed(Failure("exit 1", exitCode: 1)))
            let ended = RunSight(try await bench.run(claim.run.id))
            try await expectChanged("one that has ended") {
                _ = try await store.retry(claim.run.id, downstream: false, asSeen: seen, by: "bob")
            }
            _ = try await store.mark(claim.run.id, as: .succeeded, because: "x", asSeen: ended, by: "ann")
            try await expectChanged("one that is marked") {
                _ = try await store.mark(claim.run.id, as: .failed, because: "y", asSeen: ended, by: "bob")
            }
            try await expectChanged("one that is marked") {
                _ = try await store.retry(claim.run.id, downstream: false, asSeen: ended, by: "bob")
            }
            let marked = RunSight(
                try await bench.run(claim.run.id), mark: try await store.mark(of: claim.run.id))
            try expect(marked.mark?.state, is: .succeeded)
            let again = try await store.retry(claim.run.id, downstream: false, asSeen: marked, by: "ann")
            try expect(
                try await store.retry(claim.run.id, downstream: false, asSeen: marked, by: "ann").id, is: again.id)
        },
        StoreLaw("what a source defines is changed only where the source is as it was seen") { bench in
            let store = bench.store
            try await bench.apply(bench.job("a"), source: "shop", revision: 1, asSeen: SourceSight(nil))
            let first = SourceSight(try await store.history(of: "shop").current)
            try await expectChanged("a source that had nothing") {
                try await bench.apply(bench.job("b"), source: "shop", revision: 2, asSeen: SourceSight(nil))
            }
            try await bench.apply(bench.job("b"), source: "shop", revision: 2, asSeen: first)
            let before = try await store.jobs()
            try await expectChanged("a source that has another revision") {
                try await bench.apply(
                    bench.job("c"), source: "shop", revision: 3, isComplete: true, isForced: true, asSeen: first)
            }
            try expect(try await store.jobs(), is: before)
            try expect(try await store.history(of: "shop").current?.number, is: 2)
        },
        StoreLaw("of two who saw the same at one moment, one changes it") { bench in
            let store = bench.store
            try await bench.apply(bench.job(), source: "shop", revision: 1)
            try await bench.apply(bench.job("root"))
            let source = SourceSight(try await store.history(of: "shop").current)
            let jobs = [bench.job("report", .every(.seconds(7))), bench.job("report", .every(.seconds(8)))]
            let applied = await one(of: 2) { number in
                try await bench.apply(jobs[number], source: "shop", revision: 2 + Int64(number), asSeen: source)
            }
            try expect(applied, is: 1)
            let job = JobSight(try await bench.record())
            let paused = await one(of: 4) { number in
                try await store.setPaused(true, job: "report", asSeen: job, by: "\(number)")
            }
            try expect(paused, is: 1)
            let run = try await store.trigger("root", requestID: "r", by: "ann")
            let seen = RunSight(run)
            let cancelled = await one(of: 4) { number in
                _ = try await store.cancel(run.id, asSeen: seen, by: "\(number)")
            }
            try expect(cancelled, is: 1)
            let ended = RunSight(try await bench.run(run.id))
            let marked = await one(of: 4) { number in
                _ = try await store.mark(run.id, as: .succeeded, because: "x", asSeen: ended, by: "\(number)")
            }
            try expect(marked, is: 1)
            let events = try await store.events(job: nil, limit: 100)
            for kind in ["job.paused", "run.cancel_requested", "run.marked"] {
                try expect(events.filter { $0.kind == kind }.count, is: 1, kind)
            }
        },
    ]

    /// How many of so many who do something at one time do it; the others find that what they saw has changed.
    private static func one(of count: Int, _ act: @escaping @Sendable (Int) async throws -> Void) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for number in 0..<count {
                group.addTask {
                    do {
                        try await act(number)
                        return 1
                    } catch StoreError.changed {
                        return 0
                    } catch {
                        // Anything else is no answer to that.
                        return 100
                    }
                }
            }
            return await group.reduce(0, +)
        }
    }
}
