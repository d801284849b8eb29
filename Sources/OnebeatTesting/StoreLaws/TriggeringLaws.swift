import Onebeat

extension StoreLaw {
    static let triggering: [StoreLaw] = [
        StoreLaw("a run by hand is due at once, and is named by its request") { bench in
            try await bench.apply(bench.job { $0.priority = 4 })
            let run = try await bench.store.trigger("report", requestID: "r1", by: "ann")
            try expect(run.kind, is: .manual)
            try expect(run.requestID, is: "r1")
            try expect(run.state, is: .scheduled)
            try expect(run.dueAt, is: bench.now)
            try expect(run.deadlineAt, is: nil)
            try expect(run.priority, is: 4)
            try expect(try await bench.claimOne(try await bench.join()).run.id, is: run.id)
            let events = try await bench.store.events(job: "report", limit: 1)
            try expect(events.map(\.kind), is: ["run.triggered"])
            try expect(events.map(\.actor), is: ["ann"])
        },
        StoreLaw("the same request twice is the same run, whenever it comes") { bench in
            try await bench.apply(bench.job())
            let first = try await bench.store.trigger("report", requestID: "r1", by: "ann")
            bench.time.advance(by: .seconds(30))
            try expect(try await bench.store.trigger("report", requestID: "r1", by: "bob"), is: first)
            _ = try await bench.store.trigger("report", requestID: "r2", by: "ann")
            try expect(try await bench.runs().count, is: 2)
        },
        StoreLaw("a NUL is no text's end: what stands before it is another name") { bench in
            try await bench.apply(bench.job())
            try expect(try await bench.store.job("report\0x"), is: nil)
            try expect(try await bench.store.events(job: "report\0x", limit: 10).count, is: 0)
            var filter = RunFilter()
            filter.job = "report\0"
            let first = try await bench.store.trigger("report", requestID: "r", by: "ann\0")
            let second = try await bench.store.trigger("report", requestID: "r\0", by: "ann")
            let third = try await bench.store.trigger("report", requestID: "r\0x", by: "ann")
            try expect(Set([first.id, second.id, third.id]).count, is: 3)
            try expect(try await bench.store.runs(filter).count, is: 0)
            try expect(try await bench.store.trigger("report", requestID: "r\0x", by: "ann").id, is: third.id)
        },
        StoreLaw("a run by hand and a due run of one instant are two runs") { bench in
            try await bench.apply(bench.job { $0.overlap = .allow })
            _ = try await bench.store.trigger("report", requestID: "r1", by: "ann")
            try expect(try await bench.plan([bench.fire(bench.now)]), is: 1)
            try expect(try await bench.claim(try await bench.join()).claims.count, is: 2)
        },
        StoreLaw("a run by hand leaves watermark and next instant alone") { bench in
            try await bench.apply(bench.job(), nextAt: bench.second(60))
            let before = try await bench.record()
            bench.time.advance(by: .seconds(59))
            _ = try await bench.store.trigger("report", requestID: "r1", by: "ann")
            try expect(try await bench.record(), is: before)
        },
        StoreLaw("a run by hand starts while its job is paused") { bench in
            try await bench.apply(bench.job())
            try await bench.store.setPaused(true, job: "report", by: "ann")
            _ = try await bench.store.trigger("report", requestID: "r1", by: "ann")
            _ = try await bench.claimOne(try await bench.join())
        },
        StoreLaw("a run by hand is withdrawn with its job, but not by an edit of it") { bench in
            try await bench.apply(bench.job())
            _ = try await bench.store.trigger("report", requestID: "r1", by: "ann")
            try await bench.apply(bench.job("report", .every(.seconds(7))))
            try expect(try await bench.states(), is: [.scheduled])
            try await bench.apply(isComplete: true)
            try expect(try await bench.states(), is: [.cancelled])
        },
        StoreLaw("a job that is not there cannot be run by hand") { bench in
            try await expectNotFound("the job") {
                _ = try await bench.store.trigger("report", requestID: "r1", by: "ann")
            }
        },
    ]
}
