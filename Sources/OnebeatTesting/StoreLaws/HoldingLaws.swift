import Onebeat

extension StoreBench {
    fileprivate func lock(_ token: String, _ name: String = "prices") -> HeldLock {
        HeldLock(LockName(job: name), token: token)
    }

    fileprivate func take(
        _ token: String, _ name: String = "prices", lease: Duration = StoreBench.lease
    ) async throws -> LeaseAnswer {
        try await store.take(lock(token, name), lease: lease)
    }

    /// Lets the lock's lease end under the eyes of one who waits for it.
    fileprivate func watchToEnd(_ name: String = "prices") async throws {
        guard case .heldBy = try await take("watch", name) else { throw LawBroken(description: "\(name) is free") }
        time.advance(by: Self.lease)
    }

    /// The fence of a lock that must be had.
    fileprivate func hold(
        _ token: String, _ name: String = "prices", _ file: String = #fileID, _ line: Int = #line
    ) async throws -> Fence {
        let answer = try await take(token, name)
        guard case .held(let fence) = answer else {
            throw LawBroken(description: "\(file):\(line): \(token) did not get \(name): \(answer)")
        }
        return fence
    }

    fileprivate func extend(_ token: String, lease: Duration = StoreBench.lease) async throws {
        try await store.extend(lock(token), lease: lease)
    }
}

extension StoreLaw {
    static let holding: [StoreLaw] = [
        StoreLaw("one token holds a lock, until others saw its lease to the end, and they are told whose it is") {
            bench in
            _ = try await bench.hold("a")
            bench.time.advance(by: StoreBench.lease)
            try expect(try await bench.take("b"), is: .heldBy("a"))
            bench.time.advance(by: StoreBench.lease - .microseconds(1))
            try expect(try await bench.take("b"), is: .heldBy("a"))
            bench.time.advance(by: .microseconds(1))
            _ = try await bench.hold("b")
            try expect(try await bench.take("a"), is: .heldBy("b"))
        },
        StoreLaw("each holder of a lock has a higher fence than all before it, one that had it before too") { bench in
            var fences: [Fence] = []
            for (token, next) in [("a", "b"), ("b", "c"), ("c", "a"), ("a", "b")] {
                fences.append(try await bench.hold(token))
                try expect(try await bench.take(next), is: .heldBy(token))
                bench.time.advance(by: StoreBench.lease)
            }
            try expect(fences == fences.sorted() && Set(fences).count == 4, "fences do not grow: \(fences)")
        },
        StoreLaw("a lock that is extended in time stays with its token under its fence") { bench in
            let fence = try await bench.hold("a")
            for _ in 0..<3 {
                bench.time.advance(by: .seconds(7))
                try await bench.extend("a")
                try expect(try await bench.take("b"), is: .heldBy("a"))
            }
            try expect(try await bench.take("a"), is: .held(fence))
        },
        StoreLaw("taking a lock again with the token that holds it is taking it once, and extends it") { bench in
            let fence = try await bench.hold("a")
            bench.time.advance(by: .seconds(7))
            try expect(try await bench.take("a"), is: .held(fence))
            bench.time.advance(by: .seconds(7))
            try expect(try await bench.take("b"), is: .heldBy("a"))
        },
        StoreLaw("neither an extension nor taking again shortens a lock") { bench in
            let fence = try await bench.hold("a")
            try await bench.extend("a", lease: .seconds(1))
            try expect(try await bench.take("a", lease: .seconds(1)), is: .held(fence))
            try expect(try await bench.take("b"), is: .heldBy("a"))
            bench.time.advance(by: .seconds(9))
            try expect(try await bench.take("b"), is: .heldBy("a"))
        },
        StoreLaw("a lock that another took is never regained by extending it") { bench in
            try await expectFenced("an extension of what nobody held") { try await bench.extend("a") }
            _ = try await bench.hold("a")
            try await bench.watchToEnd()
            _ = try await bench.hold("b")
            try await expectFenced("an extension of another's lock") { try await bench.extend("a") }
            try await bench.extend("b")
            try await bench.store.giveUp(bench.lock("b"))
            try await expectFenced("an extension of what was given up") { try await bench.extend("b") }
        },
        StoreLaw("a lock that is given up is free at once, under a higher fence") { bench in
            let first = try await bench.hold("a")
            try await bench.store.giveUp(bench.lock("a"))
            let second = try await bench.hold("b")
            try await bench.store.giveUp(bench.lock("b"))
            let third = try await bench.hold("a")
            try expect(first < second && second < third, "fences do not grow: \([first, second, third])")
        },
        StoreLaw("who gives up a lock too late, or never had it, changes nothing") { bench in
            try await bench.store.giveUp(bench.lock("a"))
            _ = try await bench.hold("a")
            try await bench.watchToEnd()
            let fence = try await bench.hold("b")
            try await bench.store.giveUp(bench.lock("a"))
            try await bench.store.giveUp(bench.lock("b", "stock"))
            try expect(try await bench.take("c"), is: .heldBy("b"))
            try expect(try await bench.take("b"), is: .held(fence))
        },
        StoreLaw("locks of different names are apart, and none is the lead") { bench in
            _ = try await bench.hold("a", "prices")
            _ = try await bench.hold("b", "Prices")
            _ = try await bench.hold("c", "prices ")
            let node = try await bench.join()
            let term = try await bench.store.lead(node, lease: .seconds(3))
            _ = try await bench.hold("d", "beat")
            _ = try await bench.hold(node.boot, "lead")
            try await bench.store.giveUp(bench.lock(node.boot, "beat"))
            try expect(try await bench.store.nodes(limit: 1).map(\.isLeader), is: [true])
            try expect(try await bench.store.lead(node, lease: .seconds(3)), is: term)
            try await bench.store.resign(node)
            try expect(try await bench.take("e", "beat"), is: .heldBy("d"))
        },
        StoreLaw("the fences of a lock go on growing when nothing of its last holder is left") { bench in
            let first = try await bench.hold("a")
            try await bench.watchToEnd()
            for number in 0..<30 {
                _ = try await bench.hold("other", "other\(number)")
                try await bench.store.giveUp(bench.lock("other", "other\(number)"))
            }
            try expect(try await bench.hold("a") > first, "the fence did not grow")
        },
        StoreLaw("a lock and the runs of jobs draw from one row of fences") { bench in
            try await bench.put(due: bench.second(0))
            let first = try await bench.hold("a")
            let claim = try await bench.claimOne(try await bench.join())
            try await bench.store.giveUp(bench.lock("a"))
            let second = try await bench.hold("b")
            try expect(first < claim.fence && claim.fence < second, "\(first), \(claim.fence), \(second)")
        },
    ]
}
