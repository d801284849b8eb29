import Onebeat

extension StoreLaw {
    static let emitting: [StoreLaw] = [
        StoreLaw("an event starts each job that is on it, once for each of its ids, with what it brings") { bench in
            for name in ["a", "b"] { try await bench.apply(bench.job(name, .event("arrived")), source: name) }
            try await bench.apply(bench.job("c", .event("left")), source: "c")
            let data = try RunValue(json: Array(#"{"path": "x"}"#.utf8))
            let emission = Emission("arrived", id: "1", data: data, by: "ann")
            let runs = try await bench.store.emit(emission)
            try expect(runs.map(\.job), is: ["a", "b"])
            try expect(runs.map(\.state), is: [.scheduled, .scheduled])
            try expect(runs.map(\.scheduledAt), is: [bench.now, bench.now])
            bench.time.advance(by: .seconds(5))
            try expect(try await bench.store.emit(emission), is: runs, "the same event again")
            try expect(try await bench.runs("a").count, is: 1)
            try expect(try await bench.store.input(of: runs[0].id), is: ["event": data])
            try expect(try await bench.store.emit(Emission("arrived", id: "2", by: "ann")).count, is: 2)
            try expect(try await bench.store.input(of: try await bench.runs("a")[1].id), is: [:])
            try expect(try await bench.store.emit(Emission("nobody", id: "1", by: "ann")), is: [])
            try expect(try await bench.runs("c"), is: [])
            try expect(try await bench.claim(try await bench.join()).claims.count, is: 2, "one of each job")
        },
        StoreLaw("an event starts the flow of a job that others follow") { bench in
            try await bench.apply(bench.job("a", .event("arrived")), bench.job("b", .after("a")))
            let run = try await bench.store.emit(Emission("arrived", id: "1", by: "ann"))[0]
            try expect(run.flow, is: run.id)
            try expect(try await bench.runs("b").map(\.flow), is: [run.id])
            try expect(try await bench.states("b"), is: [.waiting])
        },
        StoreLaw("an event's run of a paused job is skipped, and a removed one has none") { bench in
            try await bench.apply(bench.job("a", .event("arrived")), bench.job("b", .after("a")), source: "x")
            try await bench.apply(bench.job("c", .event("arrived")), source: "y")
            try await bench.store.setPaused(true, job: "a", by: "ann")
            try await bench.apply(source: "y", isComplete: true)
            let runs = try await bench.store.emit(Emission("arrived", id: "1", by: "ann"))
            try expect(runs.map(\.job), is: ["a"])
            try expect(runs.map(\.state), is: [.skipped])
            try expect(runs.map(\.reason), is: [.paused])
            try expect(try await bench.states("b"), is: [.skipped])
        },
        StoreLaw("a job that starts on another event from now on is not started by the old one") { bench in
            try await bench.apply(bench.job("a", .event("arrived")))
            try await bench.apply(bench.job("a", .event("left")))
            try expect(try await bench.store.emit(Emission("arrived", id: "1", by: "ann")), is: [])
            try expect(try await bench.store.emit(Emission("left", id: "1", by: "ann")).map(\.job), is: ["a"])
            try await bench.apply(bench.job("a"))
            try expect(try await bench.store.emit(Emission("left", id: "2", by: "ann")), is: [])
        },
    ]
}
