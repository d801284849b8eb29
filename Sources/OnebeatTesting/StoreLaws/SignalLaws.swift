import Onebeat

extension StoreLaw {
    static let signalling: [StoreLaw] = [
        StoreLaw("a start and its success are one run, with the time between as its length") { bench in
            try await bench.apply(bench.elsewhere())
            let begun = try await bench.signal(.start)
            try expect(begun.state, is: .running)
            try expect(begun.startedAt, is: bench.now)
            bench.time.advance(by: .seconds(90))
            let ended = try await bench.signal(.success, message: "4 GB")
            try expect(ended.id, is: begun.id)
            try expect(ended.state, is: .succeeded)
            try expect(ended.message, is: "4 GB")
            try expect(ended.finishedAt?.duration(since: begun.startedAt ?? bench.now), is: .seconds(90))
            try expect(try await bench.run(begun.id), is: ended)
            try expect(try await bench.status().lastSuccessAt, is: bench.now)
            let attempts = try await bench.store.attempts(of: begun.id)
            try expect(attempts.map(\.outcome), is: ["succeeded"])
            try expect(attempts.map(\.node), is: ["ann"], "who told of it")
            let words = try await bench.store.events(job: "report", limit: 9).filter { $0.kind == "run.signalled" }
            try expect(words.map(\.actor), is: ["ann", "ann"])
        },
        StoreLaw("an end without a start is a run of its own, and a failure is counted") { bench in
            try await bench.apply(bench.elsewhere())
            try expect(try await bench.signal(.success).state, is: .succeeded)
            let failed = try await bench.signal(.fail, message: "disk full", exitCode: 3)
            try expect(failed.state, is: .failed)
            try expect(failed.exitCode, is: 3)
            try expect(try await bench.status().failuresInARow, is: 1)
            try expect(try await bench.signal(.success).message, is: nil)
            try expect(try await bench.status().failuresInARow, is: 0)
            try expect(try await bench.states(), is: [.succeeded, .failed, .succeeded])
        },
        StoreLaw("words of one id are one run, and the same word twice is one word") { bench in
            try await bench.apply(bench.elsewhere())
            let first = try await bench.signal(.start, id: "a")
            try expect(try await bench.signal(.start, id: "a"), is: first)
            let second = try await bench.signal(.start, id: "b")
            try expect(first.id != second.id, "two ids are two runs")
            try expect(try await bench.signal(.success, id: "a").id, is: first.id)
            let end = try await bench.signal(.fail, id: "b")
            try expect(end.id, is: second.id)
            try expect(try await bench.signal(.fail, id: "b"), is: end, "it has ended:")
            try expect(try await bench.signal(.start, id: "b"), is: end, "its start comes late:")
            try expect(try await bench.states(), is: [.succeeded, .failed])
        },
        StoreLaw("a word that no run of its id can take is refused, and none is lost in silence") { bench in
            try await bench.apply(bench.elsewhere(grace: .seconds(60)))
            _ = try await bench.signal(.fail, id: "a")
            try await expectRefused { _ = try await bench.signal(.success, id: "a") }
            _ = try await bench.signal(.success, id: "b")
            try await expectRefused { _ = try await bench.signal(.fail, id: "b") }
            bench.time.advance(by: .seconds(61))
            try await expectRefused { _ = try await bench.signal(.success, id: "b") }
            try await expectRefused { _ = try await bench.signal(.start, id: "b") }
            try expect(try await bench.states(), is: [.failed, .succeeded])
        },
        StoreLaw("a run of which no word came is lost when the next begins") { bench in
            try await bench.apply(bench.elsewhere())
            let first = try await bench.signal(.start)
            let second = try await bench.signal(.start)
            try expect(try await bench.run(first.id).state, is: .lost)
            try expect(try await bench.status().failuresInARow, is: 1)
            try expect(try await bench.signal(.success).id, is: second.id)
            try expect(try await bench.status().failuresInARow, is: 0)
        },
        StoreLaw("a run of an id is lost once its grace is over and another is told of") { bench in
            try await bench.apply(bench.elsewhere(grace: .seconds(60)))
            let first = try await bench.signal(.start, id: "a")
            bench.time.advance(by: .seconds(60))
            _ = try await bench.signal(.success, id: "b")
            try expect(try await bench.run(first.id).state, is: .running)
            bench.time.advance(by: .seconds(1))
            _ = try await bench.signal(.success, id: "c")
            try expect(try await bench.run(first.id).state, is: .lost)
        },
        StoreLaw("nobody claims, reaps or waits for what runs elsewhere") { bench in
            try await bench.apply(bench.elsewhere())
            let node = try await bench.join()
            let run = try await bench.signal(.start)
            try await bench.claimNothing(node)
            try await bench.expire()
            try expect(try await bench.reap().runs, is: [])
            try expect(try await bench.run(run.id).state, is: .running)
            try expect(try await bench.store.cancel(run.id, by: "ann").state, is: .cancelled)
            try expect(try await bench.run(run.id).state, is: .cancelled)
            try expect(try await bench.signal(.success).state, is: .succeeded, "it did end, elsewhere:")
        },
        StoreLaw("what runs elsewhere is lost with its job, and where its job is run by nodes from now on") { bench in
            try await bench.apply(bench.elsewhere(), source: "a")
            let removed = try await bench.signal(.start)
            try await bench.apply(source: "a", isComplete: true)
            try expect(try await bench.reap().runs.map(\.id), is: [removed.id])
            try expect(try await bench.run(removed.id).state, is: .lost)
            try await bench.apply(bench.elsewhere(), source: "a")
            let changed = try await bench.signal(.start)
            try expect(try await bench.reap().runs, is: [])
            try await bench.apply(bench.job(), source: "a")
            try expect(try await bench.reap().runs.map(\.id), is: [changed.id])
        },
        StoreLaw("what follows a job that runs elsewhere starts when its success is told of") { bench in
            try await bench.apply(bench.elsewhere(), bench.job("load", .after("report")))
            let run = try await bench.signal(.start)
            try expect(run.flow, is: run.id)
            try expect(try await bench.states("load"), is: [.waiting])
            _ = try await bench.signal(.success)
            try expect(try await bench.states("load"), is: [.scheduled])
            _ = try await bench.signal(.fail)
            try expect(try await bench.states("load"), is: [.scheduled, .skipped])
        },
        StoreLaw("nothing is told of jobs that nodes run, or that there are not") { bench in
            try await bench.apply(bench.job())
            try await expectRefused { _ = try await bench.signal(.success) }
            try await expectNotFound("a job nobody stored") {
                _ = try await bench.store.signal(JobSignal(.success, of: "nobody", by: "ann"))
            }
            try expect(try await bench.runs(), is: [])
        },
    ]
}

extension StoreBench {
    func elsewhere(grace: Duration = .seconds(3600)) -> JobDefinition {
        JobDefinition(
            name: "report", schedule: .manual, work: .signal(SignalWatch(.every(.seconds(86_400)), grace: grace)))
    }

    fileprivate func signal(
        _ word: JobSignal.Word, id: String? = nil, message: String? = nil, exitCode: Int? = nil
    ) async throws -> Run {
        try await store.signal(
            JobSignal(word, of: "report", id: id, message: message, exitCode: exitCode, by: "ann"))
    }
}
