import OnebeatTesting
import Testing

@testable import Onebeat

struct SourceHistoryTests {
    private func revision(_ number: Int64, _ digest: String) -> SourceRevision {
        SourceRevision(number: number, digest: digest)
    }

    private func history(_ newestFirst: SourceRevision...) -> SourceHistory {
        SourceHistory(of: "shop", newestFirst.map { ($0, "ann", ManualTime.start) })
    }

    private func verdict(
        _ revision: SourceRevision, after history: SourceHistory, changesJobs: Bool = true, isForced: Bool = false
    ) -> String {
        switch history.decide(revision, changesJobs: changesJobs, isForced: isForced) {
        case .record: "record"
        case .keep: "keep"
        case .refuse: "refuse"
        }
    }

    @Test func theFirstRevisionOfASourceIsRecorded() {
        #expect(verdict(revision(0, "a"), after: history()) == "record")
    }

    @Test func whatIsInForceStays() {
        #expect(verdict(revision(0, "b"), after: history(revision(0, "b"), revision(0, "a"))) == "keep")
    }

    @Test func whatWasNeverSeenIsNewer() {
        #expect(verdict(revision(0, "c"), after: history(revision(0, "b"), revision(0, "a"))) == "record")
    }

    @Test func whatWasReplacedIsOlder() {
        #expect(verdict(revision(0, "a"), after: history(revision(0, "b"), revision(0, "a"))) == "refuse")
    }

    @Test func aLowerNumberIsOlderThoughItWasNeverSeen() {
        #expect(verdict(revision(6, "z"), after: history(revision(7, "b"))) == "refuse")
        #expect(verdict(revision(0, "z"), after: history(revision(7, "b"))) == "refuse")
    }

    @Test func aHigherNumberIsNewerThoughItSaysWhatWasReplaced() {
        #expect(verdict(revision(8, "a"), after: history(revision(7, "b"), revision(6, "a"))) == "record")
    }

    @Test func aHigherNumberThatWasReplacedByForceStaysBehind() {
        #expect(verdict(revision(8, "b"), after: history(revision(7, "a"), revision(8, "b"))) == "refuse")
    }

    @Test func forceTakesWhatIsOlder() {
        let history = history(revision(7, "b"), revision(6, "a"))
        #expect(verdict(revision(6, "a"), after: history, isForced: true) == "record")
    }

    @Test func whatIsOlderAndChangesNothingIsNoTrouble() {
        let history = history(revision(7, "b"), revision(6, "a"))
        #expect(verdict(revision(6, "a"), after: history, changesJobs: false) == "keep")
    }

    @Test func aRefusalSaysWhatIsInForceAndHowToGoBack() {
        guard
            case .refuse(let error) = history(revision(7, "b")).decide(
                revision(6, "a"), changesJobs: true, isForced: false)
        else {
            Issue.record("it was not refused")
            return
        }
        for words in ["revision 6", "\"shop\"", "revision 7", "ann", "2026-01-01", "revision 8", "--force"] {
            #expect(error.description.contains(words), "\(error)")
        }
    }

    @Test func theOrderOfDefinitionsSaysNothing() throws {
        let (a, b) = (JobDefinition.example("a", .manual), JobDefinition.example("b", .manual))
        let both = try SourceRevision(of: [a, b])
        #expect(try SourceRevision(of: [b, a]) == both)
        #expect(try SourceRevision(of: [a]) != both)
        #expect(try SourceRevision(of: [a, .example("b", .every(.seconds(1)))]) != both)
    }
}
