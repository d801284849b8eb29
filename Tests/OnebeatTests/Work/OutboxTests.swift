import OnebeatTesting
import Testing

@testable import Onebeat

@Suite(.timeLimit(.minutes(1)))
struct OutboxTests {
    private func report(_ run: Int64) -> AttemptReport { AttemptReport(.example(.running(run)), .succeeded) }

    @Test func aReportRingsAndWaitsUntilItIsDropped() async {
        let bell = Bell()
        let outbox = Outbox(ringing: bell)
        outbox.put(report(1))
        await bell.wait()
        #expect(outbox.first(10) == [report(1)])
        #expect(outbox.first(10) == [report(1)])
        outbox.drop(1)
        #expect(outbox.isEmpty)
    }

    @Test func theOldestReportsComeFirst() {
        let outbox = Outbox(ringing: Bell())
        for run in 1...3 { outbox.put(report(Int64(run))) }
        #expect(outbox.first(2) == [report(1), report(2)])
        outbox.drop(2)
        #expect(outbox.first(2) == [report(3)])
    }
}
