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
        StoreLaw("what is held back is in no message until it is let go, and then as old as that") { bench in
            var held = ["a", "b", "c", "d"].map { incident($0) }
            for place in held.indices { held[place].heldBy = "silence 1" }
            held[3].isNews = true
            let kept = try await bench.store.open(held)
            try expect(kept.map(\.isHeld), is: [true, true, true, true])
            try await bench.store.close([kept[1].id])
            bench.time.advance(by: .seconds(60))
            try await bench.store.gather("alerts/ops/run", olderThan: .zero)
            try expect(try await bench.store.unsent(limit: 9).count, is: 0)
            var known = kept
            for place in known.indices { (known[place].summary, known[place].run) = ("still so", RunID(7)) }
            // One that is over, news, and one that nobody held stay as they are.
            let other = try await bench.store.open([incident("e")])[0]
            try await bench.store.release(known + [other])
            try await bench.store.release(known)
            let all = try await bench.store.incidents(openOnly: false, limit: 9).sorted { $0.id < $1.id }
            let now = try await bench.store.now()
            try expect(all.map(\.releasedAt), is: [now, nil, now, nil, nil])
            try expect(all.map(\.summary), is: ["still so", "exit code 1", "still so", "exit code 1", "exit code 1"])
            try expect(all[0].run, is: RunID(7))
            try expect(all.map(\.heldBy), is: ["silence 1", "silence 1", "silence 1", "silence 1", nil])
            try expect(all.map(\.isHeld), is: [false, true, false, true, false])
            bench.time.advance(by: .seconds(9))
            try await bench.store.gather("alerts/ops/run", olderThan: .seconds(10))
            try expect(try await bench.store.unsent(limit: 9).count, is: 0)
            bench.time.advance(by: .seconds(1))
            try await bench.store.gather("alerts/ops/run", olderThan: .seconds(10))
            let batch = try await bench.store.unsent(limit: 9).first?.batch ?? 0
            try expect(try await bench.store.incidents(of: batch).map(\.job), is: ["a", "c", "e"])
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
        StoreLaw("who has seen an incident has seen the trouble, by whichever channel it was told") { bench in
            func found(_ rule: String, _ job: String = "a", _ kind: AlertKind = .failed, isNews: Bool = false)
                -> Incident
            {
                Incident(
                    rule: rule, kind: kind, job: job, since: bench.second(0), summary: "exit code 1", isNews: isNews)
            }
            let first = try await bench.store.open([
                found("alerts/ops/slack"), found("alerts/ops/email"), found("alerts/boss/run"),
                found("alerts/ops/email", "a", .late), found("alerts/ops/email", "b"),
            ])
            func number(_ rule: String, _ job: String = "a", _ kind: AlertKind = .failed) -> Int64 {
                first.first { $0.rule == rule && $0.job == job && $0.kind == kind.rawValue }?.id ?? 0
            }
            func isSeen(_ rule: String, _ job: String = "a", _ kind: AlertKind = .failed) async throws -> String? {
                let all = try await bench.store.incidents(openOnly: false, limit: 9)
                return all.first { $0.id == number(rule, job, kind) }?.acknowledgedBy
            }
            try await bench.store.acknowledge(number("alerts/ops/slack"), by: "ann")
            for rule in ["alerts/ops/slack", "alerts/ops/email", "alerts/boss/run"] {
                try expect(try await isSeen(rule), is: "ann")
            }
            try expect(try await isSeen("alerts/ops/email", "a", .late), is: nil)
            try expect(try await isSeen("alerts/ops/email", "b"), is: nil)
            // A reminder stands for what it reminds of; one that is over for nothing that came after it.
            bench.time.advance(by: .seconds(9))
            let reminder = try await bench.store.open([
                Incident(
                    rule: "alerts/ops/email", kind: .failed, job: "b", since: bench.second(9), summary: "still so",
                    isNews: true)
            ])[0]
            try await bench.store.close([number("alerts/ops/email", "a", .late)])
            let again = try await bench.store.open([
                Incident(rule: "alerts/ops/email", kind: .late, job: "a", since: bench.second(9), summary: "late")
            ])[0]
            try await bench.store.acknowledge(reminder.id, by: "bob")
            try expect(try await isSeen("alerts/ops/email", "b"), is: "bob")
            try await bench.store.acknowledge(number("alerts/ops/email", "a", .late), by: "bob")
            let open = try await bench.store.incidents(openOnly: true, limit: 9)
            try expect(open.first { $0.id == again.id }?.acknowledgedBy, is: nil)
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
