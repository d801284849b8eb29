import OnebeatTesting
import Testing

@testable import Onebeat

/// Whom a settlement tells of what it makes due.
struct OwnRoomTests {
    private let room = OwnRoom(slots: 2, queues: ["default", "mail"], abilities: .only(["process"]))

    private func changes(lettingGo count: Int, _ change: (inout Run) -> Void = { _ in }) -> Changes {
        var changes = Changes(at: ManualTime.start)
        for _ in 0..<count {
            changes.letGo(
                .example {
                    $0.need = "process"
                    change(&$0)
                })
        }
        return changes
    }

    private func tells(_ changes: Changes, _ room: OwnRoom?) -> Bool {
        changes.hasDue(by: ManualTime.start + .seconds(1), beyond: room)
    }

    @Test func nobodyIsToldOfWhatTheNodeClaimsItself() {
        #expect(!tells(changes(lettingGo: 2), room))
        #expect(tells(changes(lettingGo: 2), nil))
        #expect(!tells(changes(lettingGo: 0), nil))
    }

    @Test func othersAreToldOfWhatItHasNoRoomFor() {
        #expect(tells(changes(lettingGo: 3), room))
        #expect(!tells(changes(lettingGo: 1) { $0.queue = "mail" }, room))
        #expect(tells(changes(lettingGo: 1) { $0.queue = "reports" }, room))
        #expect(tells(changes(lettingGo: 1) { $0.need = "celery" }, room))
    }

    @Test func othersAreToldOfAFurtherAttempt() throws {
        var changes = changes(lettingGo: 1)
        _ = try changes.settle(.running(), .failed(Failure("exit 1")), as: .again(at: ManualTime.start, nil))
        #expect(tells(changes, room))
    }
}
