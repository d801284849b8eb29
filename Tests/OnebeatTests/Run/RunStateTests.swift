import Testing

@testable import Onebeat

struct RunStateTests {
    /// The diagram of docs/architecture.md, written out once more by hand.
    private static let legal: [RunState: Set<RunState>] = [
        .waiting: [.scheduled, .skipped, .cancelled, .succeeded, .failed],
        .scheduled: [.running, .skipped, .missed, .cancelled],
        .running: [.scheduled, .succeeded, .failed, .timedOut, .cancelled, .lost, .dead],
    ]

    @Test(arguments: RunState.allCases)
    func aStateIsFollowedByThoseOfTheDiagramAndNoOther(_ state: RunState) {
        #expect(state.followers == Self.legal[state] ?? [])
    }

    @Test(arguments: RunState.allCases)
    func exactlyTheKnownStatesWithoutFollowersAreTerminal(_ state: RunState) {
        #expect(state.isTerminal == (Self.legal[state] == nil && state != .unknown))
    }

    @Test func theStoredWordsStayWhatTheyAre() {
        let words = "waiting scheduled running succeeded failed timed_out cancelled lost dead skipped missed unknown"
        #expect(RunState.allCases.map(\.rawValue).joined(separator: " ") == words)
    }

    @Test func aDueRunIsNamedByJobAndInstant() {
        #expect(Run.example().key == "report@2026-01-01T00:00:00Z")
    }

    @Test func aRunByHandIsNamedByItsRequestToo() {
        let run = Run.example {
            $0.kind = .manual
            $0.requestID = "r1"
        }
        #expect(run.key == "report@2026-01-01T00:00:00Z#r1")
    }

    @Test func aRunThatNeverStartedHasNoLateness() {
        #expect(Run.example().lateness == nil)
    }

    @Test func latenessCountsFromWhenTheRunMayStart() {
        #expect(Run.example { $0.startedAt = $0.dueAt + .seconds(2) }.lateness == .seconds(2))
    }
}
