import Testing

/// Several nodes on one file.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct SharedStoreTests {
    @Test func twoNodesShareTheWorkAndNeverDoubleIt() async throws {
        try await Sandbox.with { box in
            try box.writeCountedScript(lasting: 0.3)
            let names = (1...6).map { "job\($0)" }
            try box.configure(
                names.map { "\($0): {every: 1s, missed: all, run: sh counted.sh}" }.joined(separator: "\n"))
            let a = try await box.up("a", options: ["--slots", "2"])
            let b = try await box.up("b", options: ["--slots", "2"])
            #expect(try await eventually(within: .seconds(60)) { box.effects().count >= 60 })
            try await a.stop()
            try await b.stop()

            let starts = box.lines("starts").map { String($0.split(separator: " ")[0]) }
            #expect(Set(starts).count == starts.count, "a run was started twice")
            for name in names {
                try await box.expectNoGapAndNoDouble(in: name, every: 1)
                let succeeded = try await box.keys(of: name, in: "succeeded")
                #expect(box.effects(of: name) == succeeded.sorted())
            }
            let workers = try await box.query("SELECT DISTINCT node FROM runs WHERE state = 'succeeded' ORDER BY node")
            #expect(workers == [["a"], ["b"]])
            let fences = try await box.query("SELECT count(*), count(DISTINCT fence) FROM attempts")
            #expect(fences[0][0] == fences[0][1], "two attempts share a fence")
        }
    }

    @Test func whenTheLeaderLeavesAnotherPlansAndNothingIsLate() async throws {
        try await Sandbox.with { box in
            try box.configure("tick: {every: 1s, run: \"true\"}")
            let a = try await box.up("a")
            let b = try await box.up("b")
            #expect(
                try await eventually(within: .seconds(20)) {
                    try await box.query("SELECT count(*) >= 3 FROM runs WHERE state = 'succeeded'") == [["1"]]
                })
            try await a.stop()
            let passed = try await box.query("SELECT count(*) FROM runs WHERE state = 'succeeded'")
            #expect(
                try await eventually(within: .seconds(30)) {
                    try await box.query("SELECT count(*) >= \(passed[0][0]) + 12 FROM runs WHERE state = 'succeeded'")
                        == [["1"]]
                })
            try await b.stop()
            try await box.expectNoGapAndNoDouble(in: "tick", every: 1)
            #expect(
                try await box.query("SELECT count(*) FROM runs WHERE state IN ('missed', 'skipped', 'failed')") == [
                    ["0"]
                ])
        }
    }
}
