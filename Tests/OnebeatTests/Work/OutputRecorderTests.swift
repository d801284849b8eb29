import OnebeatTesting
import Testing

@testable import Onebeat

@Suite(.timeLimit(.minutes(1)))
struct OutputRecorderTests {
    private let share = NodeSettings.standardOutput / 2

    private func recorder(_ bench: LoopBench) -> OutputRecorder {
        OutputRecorder(store: bench.store, clock: bench.parts.clock, bell: Bell())
    }

    private func kept(_ bench: LoopBench) async throws -> [LogPiece] {
        try await bench.store.logs(of: RunID(1), after: nil, limit: 100_000)
    }

    private struct Counting: StoreWrapper {
        let base: any Store
        let commits: Counter

        func appendLog(_ pieces: [LogPiece], dropping dropped: [LogPiece.ID]) async throws(StoreError) {
            commits.increment()
            // A commit takes its time.
            for _ in 0..<100 { await Task.yield() }
            try await base.appendLog(pieces, dropping: dropped)
        }
    }

    @Test func attemptsThatEndTogetherShareTheirCommits() async throws {
        let commits = Counter()
        let bench = try LoopBench { store, _ in Counting(base: store, commits: commits) }
        let recorder = recorder(bench)
        await withTaskGroup(of: Void.self) { group in
            for number in 1...200 {
                group.addTask {
                    var claim = Claim.example(.running(Int64(number)))
                    claim.run.attempt = 1
                    let output = recorder.output(of: claim)
                    await output.write(Array("\(number)\n".utf8), to: .stdout)
                    await output.finish()
                    let kept = try? await bench.store.logs(of: RunID(Int64(number)), after: nil, limit: 9)
                    #expect(kept?.map(\.bytes) == [Array("\(number)\n".utf8)])
                }
            }
        }
        #expect(commits.count < 100)
    }

    @Test func littleOutputIsKeptAsItCame() async throws {
        let bench = try LoopBench()
        let output = recorder(bench).output(of: .example())
        await output.write(Array("one\n".utf8), to: .stdout)
        await output.write([], to: .stdout)
        await output.write([0xff, 0], to: .stderr)
        await output.finish()
        let pieces = try await kept(bench)
        #expect(pieces.map(\.bytes) == [Array("one\n".utf8), [0xff, 0]])
        #expect(pieces.map(\.stream) == [.stdout, .stderr])
        #expect(pieces.map(\.id.position.attempt) == [1, 1])
    }

    @Test func ofAJobWhoseOutputIsSecretOnlyMarksAreKept() async throws {
        let bench = try LoopBench()
        var claim = Claim.example()
        claim.definition.hasSecretOutput = true
        let output = recorder(bench).output(of: claim)
        await output.write(Array("hush\n".utf8), to: .stdout)
        await output.write(Array("hush\n".utf8), to: .stderr)
        await output.write(Array("[onebeat: cut]\n".utf8), to: .note)
        #expect(await output.finish() == nil)
        #expect(try await kept(bench).map(\.stream) == [.note])
    }

    @Test func ofMuchOutputTheBeginningAndTheEndAreKeptAndTheCutIsMarkedBetweenThem() async throws {
        let bench = try LoopBench()
        let recorder = recorder(bench)
        let output = recorder.output(of: .example())
        let piece = 10_000
        let number = 100
        for index in 0..<number {
            await output.write(Array(repeating: UInt8(index), count: piece), to: .stdout)
            await recorder.flush()
        }
        await output.finish()
        let pieces = try await kept(bench)
        let marks = pieces.filter { $0.stream == .note }
        let bytes = pieces.filter { $0.stream == .stdout }.flatMap(\.bytes)
        #expect(marks.count == 1)
        #expect(bytes.count <= 2 * share)
        #expect(bytes.count > 2 * share - piece)
        #expect(bytes.first == 0)
        #expect(bytes.last == UInt8(number - 1))
        let cut = number * piece - bytes.count
        #expect(String(decoding: marks[0].bytes, as: UTF8.self).contains("\(cut) bytes"))
        let head = pieces.prefix { $0.stream != .note }.flatMap(\.bytes)
        #expect(head.count == share)
    }

    /// A writer of single bytes made a row of each: 441,420 rows of 524 KB.
    @Test func smallWritesShareARow() async throws {
        let bench = try LoopBench()
        let recorder = recorder(bench)
        let output = recorder.output(of: .example())
        for index in 0..<30_000 {
            await output.write([UInt8(ascii: "x")], to: .stdout)
            if index % 3000 == 0 { _ = try await bench.turn(recorder) }
        }
        await output.write(Array("!\n".utf8), to: .stderr)
        await output.write(Array("y".utf8), to: .stdout)
        await output.finish()
        let pieces = try await kept(bench)
        #expect(pieces.count <= 12)
        #expect(pieces.flatMap(\.bytes) == Array(repeating: UInt8(ascii: "x"), count: 30_000) + Array("!\ny".utf8))
    }

    @Test func theBeginningOfALineWaitsAMomentForTheRestAndNoLonger() async throws {
        let bench = try LoopBench()
        let recorder = recorder(bench)
        let output = recorder.output(of: .example())
        await output.write(Array("50".utf8), to: .stdout)
        #expect(try await bench.turn(recorder) == .after(.milliseconds(200)))
        #expect(try await kept(bench).isEmpty)
        await output.write(Array(" %\n".utf8), to: .stdout)
        _ = try await bench.turn(recorder)
        #expect(try await kept(bench).map(\.bytes) == [Array("50 %\n".utf8)])
        await output.write(Array("60".utf8), to: .stdout)
        bench.time.advance(by: OutputRecorder.lineHold)
        _ = try await bench.turn(recorder)
        #expect(try await kept(bench).count == 2)
    }

    @Test func smallWritesAreCutAsLargeOnesAre() async throws {
        let bench = try LoopBench()
        let recorder = recorder(bench)
        let output = recorder.output(of: .example())
        let piece = 1000
        for index in 0..<1000 {
            await output.write(Array(repeating: UInt8(truncatingIfNeeded: index), count: piece), to: .stdout)
            if index % 100 == 0 { await recorder.flush() }
        }
        await output.finish()
        let pieces = try await kept(bench)
        let bytes = pieces.filter { $0.stream == .stdout }.flatMap(\.bytes)
        #expect(bytes.count <= 2 * share && bytes.count > 2 * share - OutputRecorder.pieceSize - piece)
        let mark = try #require(pieces.first { $0.stream == .note })
        #expect(String(decoding: mark.bytes, as: UTF8.self).contains("\(1000 * piece - bytes.count) bytes"))
        #expect(bytes.last == UInt8(truncatingIfNeeded: 999))
    }

    @Test func oneHugeWriteIsBoundedToo() async throws {
        let bench = try LoopBench()
        let output = recorder(bench).output(of: .example())
        await output.write(Array(repeating: 1, count: 3 * share), to: .stdout)
        await output.finish()
        let pieces = try await kept(bench)
        #expect(pieces.map(\.bytes.count)[0] == share)
        #expect(pieces[1].stream == .note)
        #expect(pieces[2].bytes.count == share)
        #expect(pieces.count == 3)
    }

    @Test func whatTheStoreDidNotTakeWaitsInItsOrder() async throws {
        let isDown = Counter()
        let bench = try LoopBench { store, _ in
            FaultyStore(
                store, dice: Dice(seed: 1), faults: { StoreFaults(unavailable: isDown.count == 1 ? 1 : 0) })
        }
        let recorder = recorder(bench)
        let output = recorder.output(of: .example())
        isDown.increment()
        await output.write([1, 10], to: .stdout)
        await #expect(throws: StoreError.self) { try await bench.turn(recorder) }
        await output.write([2, 10], to: .stdout)
        isDown.increment()
        _ = try await bench.turn(recorder)
        #expect(try await kept(bench).flatMap(\.bytes) == [1, 10, 2, 10])
        #expect(try await bench.turn(recorder) == .after(.seconds(60)))
    }

    @Test func aWriterIsHeldBackWhileTheStoreIsBehind() async throws {
        let bench = try LoopBench()
        let recorder = recorder(bench)
        let output = recorder.output(of: .example())
        for _ in 0..<4 { await output.write(Array(repeating: 1, count: share * 2), to: .stdout) }
        let writer = Task { await output.write([9], to: .stdout) }
        await bench.time.sleepers(1)
        _ = try await bench.turn(recorder)
        bench.time.advance(by: .seconds(1))
        await writer.value
    }
}
