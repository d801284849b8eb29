import Onebeat

extension StoreLaw {
    private static func incident(
        _ job: String = "report", _ kind: AlertKind = .failed, since: Timestamp = ManualTime.start, isNews: Bool = false
    ) -> Incident {
        Incident(rule: "alerts/ops/run", kind: kind, job: job, since: since, summary: "exit code 1", isNews: isNews)
    }

    static let alerts: [StoreLaw] = [
        StoreLaw("an incident is kept once, whoever finds it, also when it is over") { bench in
            let first = try await bench.store.open([incident("a"), incident("b"), incident("a", .missed)])
            try expect(first.map(\.job).sorted(), is: ["a", "a", "b"])
            try expect(Set(first.map(\.id)).count, is: 3)
            try expect(try await bench.store.open([incident("b"), incident("c")]).map(\.job), is: ["c"])
            let b = try await bench.store.incidents(openOnly: true, limit: 9).first { $0.job == "b" }
            try await bench.store.close([b?.id ?? 0])
            try expect(try await bench.store.open([incident("b")]), is: [])
            try expect(try await bench.store.incidents(openOnly: true, limit: 9).count, is: 3)
            let again = try await bench.store.open([incident("b", since: bench.second(1))])
            try expect(again.map(\.job), is: ["b"])
        },
        StoreLaw("incidents and silences are listed page by page, the newest first") { bench in
            _ = try await bench.store.open(["a", "b", "c"].map { incident($0) })
            let all = try await bench.store.incidents(openOnly: false, limit: 9)
            try expect(all.map(\.id), is: all.map(\.id).sorted(by: >))
            try await bench.store.close([all[1].id])
            let rest = try await bench.store.incidents(openOnly: false, before: all[0].id, limit: 1)
            try expect(rest.map(\.id), is: [all[1].id])
            let open = try await bench.store.incidents(openOnly: true, before: all[0].id, limit: 9)
            try expect(open.map(\.id), is: [all[2].id])
            try expect(try await bench.store.incidents(openOnly: false, before: all[2].id, limit: 9), is: [])
            let first = try await bench.store.silence("a", for: .seconds(60), because: "x", by: "ann")
            let second = try await bench.store.silence("b", for: .seconds(60), because: "x", by: "ann")
            let now = try await bench.store.now()
            try expect(try await bench.store.silences(endingFrom: now, before: second.id, limit: 9), is: [first])
            try expect(try await bench.store.silences(endingFrom: now, before: first.id, limit: 9), is: [])
        },
        StoreLaw("incidents of a rule go into one message once the first is old enough") { bench in
            _ = try await bench.store.open([incident("a")])
            try await bench.store.gather("alerts/ops/run", olderThan: .seconds(10))
            try expect(try await bench.store.unsent(limit: 9).count, is: 0)
            bench.time.advance(by: .seconds(9))
            _ = try await bench.store.open([incident("b"), incident("c", .recovered, isNews: true)])
            bench.time.advance(by: .seconds(1))
            try await bench.store.gather("alerts/other", olderThan: .seconds(10))
            try await bench.store.gather("alerts/ops/run", olderThan: .seconds(10))
            let messages = try await bench.store.unsent(limit: 9)
            try expect(messages.map(\.rule), is: ["alerts/ops/run"])
            let batch = messages[0].batch
            try expect(try await bench.store.incidents(of: batch).map(\.job), is: ["a", "b", "c"])
            try await bench.store.sent(batch)
            try expect(try await bench.store.unsent(limit: 9).count, is: 0)
            _ = try await bench.store.open([incident("d")])
            bench.time.advance(by: .seconds(10))
            try await bench.store.gather("alerts/ops/run", olderThan: .seconds(10))
            try expect(try await bench.store.unsent(limit: 9).count, is: 1)
            try expect(try await bench.store.incidents(of: batch).count, is: 3)
        },
        StoreLaw("news is over as soon as it is kept") { bench in
            let kept = try await bench.store.open([incident("a", .recovered, isNews: true)])
            try expect(kept.first?.closedAt, is: kept.first?.openedAt)
            try expect(try await bench.store.incidents(openOnly: true, limit: 9), is: [])
            try expect(try await bench.store.incidents(openOnly: false, limit: 9).map(\.isNews), is: [true])
        },
        StoreLaw("a silence has an end, may be ended before, and events say who did") { bench in
            let long = try await bench.store.silence("report*", for: .seconds(60), because: "moving", by: "ann")
            let short = try await bench.store.silence("b", for: .seconds(5), because: "x", by: "ann")
            try expect(long.until.duration(since: long.from), is: .seconds(60))
            let now = try await bench.store.now()
            try expect(try await bench.store.silences(endingFrom: now, limit: 9).map(\.id), is: [short.id, long.id])
            bench.time.advance(by: .seconds(10))
            let later = try await bench.store.now()
            try expect(try await bench.store.silences(endingFrom: later, limit: 9), is: [long])
            try await bench.store.endSilence(long.id, by: "bob")
            try await bench.store.endSilence(long.id, by: "bob")
            try await bench.store.endSilence(short.id, by: "bob")
            bench.time.advance(by: .seconds(1))
            let last = try await bench.store.now()
            try expect(try await bench.store.silences(endingFrom: last, limit: 9), is: [])
            try expect(
                try await bench.store.silences(endingFrom: now, limit: 9).map(\.until), is: [short.until, later])
            let events = try await bench.store.events(job: nil, limit: 9).filter { $0.kind.hasPrefix("alert.") }
            try expect(events.map(\.actor), is: ["bob", "ann", "ann"])
            do {
                try await bench.store.endSilence(9999, by: "ann")
                throw LawBroken(description: "a silence that is not there was ended")
            } catch StoreError.notFound {}
        },
        StoreLaw("who has seen an incident stays, and an event says so") { bench in
            let id = try await bench.store.open([incident("a")])[0].id
            try await bench.store.acknowledge(id, by: "ann")
            try await bench.store.acknowledge(id, by: "bob")
            try expect(try await bench.store.incidents(openOnly: true, limit: 1).map(\.acknowledgedBy), is: ["ann"])
            let events = try await bench.store.events(job: nil, limit: 9).filter { $0.kind == "alert.acknowledged" }
            try expect(events.map(\.actor), is: ["bob", "ann"])
            do {
                try await bench.store.acknowledge(9999, by: "ann")
                throw LawBroken(description: "an incident that is not there was acknowledged")
            } catch StoreError.notFound {}
        },
    ]
}
