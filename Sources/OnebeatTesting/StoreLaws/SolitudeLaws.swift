import Onebeat

extension StoreLaw {
    /// Which run it was that took its worker with it.
    static let solitude: [StoreLaw] = [
        StoreLaw("a run that ends every worker is dead after a few, and the runs beside it survive") { bench in
            let innocent = (1...20).map { "innocent\($0)" }
            for name in innocent.prefix(7) + ["poison"] + innocent.dropFirst(7) {
                try await bench.put(name, due: bench.second(0))
            }
            var deaths = 0
            while try await bench.life("n\(deaths)", endingWith: "poison") { deaths += 1 }
            try expect(deaths, is: Settlement.crashLimit + 1)
            try expect(try await bench.states("poison"), is: [.dead])
            for name in innocent { try expect(try await bench.states(name), is: [.succeeded]) }
        },
        StoreLaw("a run that lost its workers beside others starts alone, and takes nothing with it") { bench in
            try await bench.suspect("a", "b")
            try await bench.put("c", due: bench.now)
            let node = try await bench.join("n")
            let first = try await bench.claim(node)
            try expect(first.claims.map(\.run.job), is: ["a"])
            try expect(first.hasMore, is: true)
            let second = try await bench.claim(node, isIdle: false)
            try expect(second.claims.map(\.run.job), is: ["c"], "what need not be alone:")
            try expect(second.hasWaiting, is: true)
            try await bench.settle(first.claims[0], .succeeded)
            try await bench.settle(second.claims[0], .succeeded)
            try expect(try await bench.claim(node).claims.map(\.run.job), is: ["b"])
        },
        StoreLaw("a run that must be alone waits for an idle node no longer than a while") { bench in
            try await bench.suspect("a", "b")
            let node = try await bench.join("n")
            let waiting = try await bench.claim(node, isIdle: false)
            try expect(waiting.claims, is: [])
            try expect(waiting.hasWaiting, is: true)
            for _ in 1...3 {
                bench.time.advance(by: .seconds(5))
                _ = try await bench.store.renew(node, lease: StoreBench.lease)
            }
            try expect(try await bench.claim(node, isIdle: false).claims.map(\.run.job), is: ["a", "b"])
        },
        StoreLaw("who was alone is told from the whole of what its worker was running, page by page") { bench in
            try await bench.suspect("a", "b", lives: Settlement.crashLimit - 1)
            _ = try await bench.claim(try await bench.join("n"))
            try await bench.expire()
            while try await bench.reap(limit: 1).hasMore {}
            for job in ["a", "b"] { try expect(try await bench.states(job), is: [.scheduled]) }
        },
    ]
}

extension StoreBench {
    /// Jobs with a due run each, that lost all their workers together.
    fileprivate func suspect(_ names: String..., lives: Int = Settlement.crashLimit) async throws {
        for name in names { try await put(name, due: second(0)) }
        for number in 1...lives {
            _ = try await claim(try await join("gone\(number)"))
            try await expire()
            _ = try await reap()
        }
    }

    /// One life of a worker, which does what is due until it meets a run of this job.
    /// - Returns: whether it did, and ended with all that it was running.
    fileprivate func life(_ name: String, endingWith poison: String) async throws -> Bool {
        let node = try await join(name)
        while true {
            let claims = try await claim(node, slots: 100).claims
            if claims.contains(where: { $0.run.job == poison }) { break }
            if claims.isEmpty { return false }
            for claim in claims { try await settle(claim, .succeeded) }
        }
        try await expire()
        _ = try await reap()
        return true
    }
}
