import Foundation
import OnebeatSQLite
import OnebeatTesting
import Testing

@testable import Onebeat

@Suite(.timeLimit(.minutes(1)))
struct FirstLookTests {
    private let time = ManualTime()

    /// Two processes on one file, of which one has just started after the clock stepped.
    private func whenClockIs(
        off step: Duration, _ body: (_ node: NodeID, _ old: SQLiteStore, _ new: SQLiteStore) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("look-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("onebeat.db").path
        let old = try SQLiteStore(path: path, time: time)
        let node = NodeID(name: "a", boot: "a1")
        let record = NodeRecord(id: node, slots: 2, queues: ["default"], version: "1", processID: 1)
        _ = try await old.join(record, lease: LeaseLengths().held(slots: 2))
        time.set(time.now() + step)
        try await body(node, old, try SQLiteStore(path: path, time: time))
    }

    @Test(arguments: [Duration.seconds(315_360_000), .seconds(20), .seconds(-20)])
    func aProcessThatStartsWhileTheClockIsOffBelievesTheNodes(_ step: Duration) async throws {
        try await whenClockIs(off: step) { node, old, new in
            #expect(try await new.now() == ManualTime.start + step)
            async let look: Void = FirstLook.agree(new, time: time)
            await time.sleepers(1)
            _ = try await old.renew(node, lease: LeaseLengths().held(slots: 2))
            time.advance(by: FirstLook.pause)
            try await look
            #expect(try await new.now() == ManualTime.start + FirstLook.pause)
        }
    }

    @Test func aNodeThatFellSilentDoesNotSpeakForAClockThatWasSetBack() async throws {
        try await whenClockIs(off: .zero) { node, old, _ in
            let silent = NodeRecord(
                id: NodeID(name: "b", boot: "b1"), slots: 2, queues: ["default"], version: "1", processID: 1)
            _ = try await old.join(silent, lease: LeaseLengths().held(slots: 2))
            time.advance(by: .seconds(20))
            _ = try await old.renew(node, lease: LeaseLengths().held(slots: 2))
            time.set(time.now() - .seconds(20))
            let new = try SQLiteStore(path: try #require(old.path), time: time)
            async let look: Void = FirstLook.agree(new, time: time)
            await time.sleepers(1)
            _ = try await old.renew(node, lease: LeaseLengths().held(slots: 2))
            time.advance(by: FirstLook.pause)
            try await look
            #expect(try await new.now() == ManualTime.start + .seconds(20) + FirstLook.pause)
        }
    }

    @Test func aClockThatIsSetRightWhileAProcessStartsDoesNotLeaveItBehind() async throws {
        try await whenClockIs(off: .seconds(15)) { node, old, new in
            #expect(try await new.now() == ManualTime.start + .seconds(15))
            time.set(time.now() - .seconds(15))
            async let look: Void = FirstLook.agree(new, time: time)
            await time.sleepers(1)
            _ = try await old.renew(node, lease: LeaseLengths().held(slots: 2))
            time.advance(by: FirstLook.pause)
            try await look
            #expect(try await new.now() == ManualTime.start + FirstLook.pause)
        }
    }

    @Test func whereNoNodeLivesTheClockIsBelieved() async throws {
        try await whenClockIs(off: .seconds(3600)) { _, _, new in
            async let look: Void = FirstLook.agree(new, time: time)
            for _ in 0..<20 {
                await time.sleepers(1)
                time.advance(by: FirstLook.pause)
            }
            try await look
            #expect(try await new.now() == ManualTime.start + .seconds(3604))
        }
    }

    @Test func aClockThatTheNodesAgreeWithIsNotDoubted() async throws {
        try await whenClockIs(off: .seconds(9)) { _, _, new in
            try await FirstLook.agree(new, time: time)
            #expect(try await new.now() == ManualTime.start + .seconds(9))
        }
    }
}
