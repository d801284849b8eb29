import Onebeat

extension StoreLaw {
    /// What somebody else's workers have goes on there while no node watches it.
    static let remote: [StoreLaw] = [
        StoreLaw("cancelling a task that somebody else's workers may have leaves it to who adopts it") { bench in
            try await bench.apply(task())
            try await bench.plan([bench.fire(bench.second(0))], of: "report")
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .interrupted)
            let run = try await bench.store.cancel(try await bench.runs()[0].id, by: "ann")
            try expect(run.state, is: .scheduled)
            try expect(run.isCancelRequested, is: true)
            let adopted = try await bench.claimOne(node)
            try expect(adopted.run.isCancelRequested, is: true)
            try expect(try await bench.store.cancelRequests(of: node), is: [run.id])
            try await bench.settle(adopted, .lost)
            let again = try await bench.claimOne(node)
            try await bench.settle(again, .cancelled)
            try expect(try await bench.states(), is: [.cancelled])
        },
        StoreLaw("a task whose job is removed while no node watches it is watched to its end") { bench in
            try await bench.apply(task())
            try await bench.plan([bench.fire(bench.second(0)), bench.fire(bench.second(1))], of: "report")
            let node = try await bench.join()
            try await bench.settle(try await bench.claimOne(node), .interrupted)
            bench.time.advance(by: .seconds(1))
            try await bench.apply(isComplete: true)
            try expect(try await bench.states(), is: [.scheduled, .cancelled])
            let adopted = try await bench.claimOne(node)
            try expect(adopted.run.isCancelRequested, is: false)
            try await bench.settle(adopted, .succeeded)
            try expect(try await bench.states(), is: [.succeeded, .cancelled])
        },
        StoreLaw("a task that a newer one replaces is told so, whoever comes to end it") { bench in
            try await bench.apply(task { $0.overlap = .cancel })
            try await bench.plan([bench.fire(bench.second(0)), bench.fire(bench.second(1))], of: "report")
            let node = try await bench.join()
            let first = try await bench.claimOne(node)
            bench.time.advance(by: .seconds(1))
            try await bench.claimNothing(node)
            for end in [Outcome.interrupted, .lost, .notStarted] {
                try await bench.settle(end == .interrupted ? first : try await bench.claimOne(node), end)
                try expect(try await bench.run(first.run.id).state, is: .scheduled)
            }
            try await bench.settle(try await bench.claimOne(node), .cancelled)
            try expect(try await bench.run(first.run.id).reason, is: .replaced)
            try expect(try await bench.claimOne(node).run.scheduledAt, is: bench.second(1))
        },
    ]

    private static func task(_ change: (inout JobPolicies) -> Void = { _ in }) -> JobDefinition {
        var policies = JobPolicies()
        change(&policies)
        return JobDefinition(
            name: "report", schedule: .every(.seconds(60)), work: .celery(CeleryCall(task: "a.b")), policies: policies)
    }
}
