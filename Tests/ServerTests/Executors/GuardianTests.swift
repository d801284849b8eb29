import Glibc
import Onebeat
import Testing

@testable import OnebeatServer

/// What must be dead is: a tree of processes that ignores TERM, one of them in a session of its own.
@Suite(.timeLimit(.minutes(1))) struct GuardianTests {
    @Test func stoppingARunEndsAllOfItsProcesses() async throws {
        let fixture = try ExecutorFixture()
        let run = await fixture.startStubborn()
        #expect(run.processes.count == 4 && run.processes.allSatisfy(isRunning))
        run.end.cancel()
        #expect(await run.end.value == .cancelled)
        #expect(!run.processes.contains(where: isRunning))
        await fixture.guardian.shutdown()
    }

    @Test func aStoppedRunHasItsGrace() async throws {
        let fixture = try ExecutorFixture()
        let sink = RecordingSink()
        let executor = fixture.executor
        let line = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done"
        let claim = Claim.example(.shell(line, .init()))
        let end = Task { await executor.execute(claim, output: sink) }
        _ = await sink.text { $0 == "up\n" }
        end.cancel()
        #expect(await end.value == .cancelled)
        #expect(sink.text() == "up\nbye\n")
        await fixture.guardian.shutdown()
    }

    @Test func aPassedDeadlineEndsEverythingAndNothingStartsUntilTheNext() async throws {
        let fixture = try ExecutorFixture()
        let run = await fixture.startStubborn(grace: .seconds(1000))
        fixture.guardian.extend(until: .now + .milliseconds(50))
        #expect(await run.end.value == .interrupted)
        #expect(!run.processes.contains(where: isRunning))
        #expect(await fixture.run("true").0 == .interrupted)
        fixture.guardian.extend(until: .now + .seconds(1000))
        #expect(await fixture.run("true").0 == .succeeded)
        await fixture.guardian.shutdown()
    }

    @Test func whatStartsUnderANewDeadlineIsSparedTheEndOfWhatTheOldOneEnded() async throws {
        let (fixture, other) = (try ExecutorFixture(), try ExecutorFixture())
        fixture.guardian.extend(until: .now + .milliseconds(50))
        // Ended by TERM, so the grace of those that do not heed it has just begun.
        #expect(await fixture.run("sleep 100").0 == .interrupted)
        kill(fixture.guardian.processID, SIGSTOP)
        fixture.guardian.extend(until: .now + .seconds(1000))
        // Many, so that some have begun when the grace is seen to be over.
        let ends = (2...60).map { id in Task { await fixture.run("sleep 0.2", id: id).0 } }
        // Longer than that grace.
        #expect(await other.run("sleep 0.5").0 == .succeeded)
        kill(fixture.guardian.processID, SIGCONT)
        for end in ends { #expect(await end.value == .succeeded) }
        await fixture.guardian.shutdown()
        await other.guardian.shutdown()
    }

    @Test func anExtendedDeadlineDoesNotPass() async throws {
        let fixture = try ExecutorFixture()
        fixture.guardian.extend(until: .now + .milliseconds(200))
        fixture.guardian.extend(until: .now + .seconds(1000))
        #expect(await fixture.run("sleep 0.3").0 == .succeeded)
        await fixture.guardian.shutdown()
    }

    @Test func whenTheNodeIsGoneEverythingEndsAndTheGuardianToo() async throws {
        let fixture = try ExecutorFixture()
        let run = await fixture.startStubborn(grace: .seconds(1000))
        await fixture.guardian.shutdown()
        #expect(await run.end.value == .interrupted)
        #expect(!run.processes.contains(where: isRunning))
        #expect(!fixture.guardian.isAlive)
        #expect(await fixture.run("true").0 == .interrupted)
    }

    @Test func whenTheGuardianIsKilledItsRunsEndAndTheNodeIsTold() async throws {
        let fixture = try ExecutorFixture()
        let run = await fixture.startStubborn(grace: .seconds(1000))
        kill(fixture.guardian.processID, SIGKILL)
        #expect(await run.end.value == .interrupted)
        #expect(!run.processes.contains(where: isRunning))
        await fixture.guardian.departure()
        #expect(!fixture.guardian.isAlive)
    }

    /// Before the node was told, an order may be on its way to it: one that did not arrive is no failure of the run.
    @Test func anOrderThatMeetsTheGuardiansEndIsNotAFailure() async throws {
        for _ in 1...100 {
            let fixture = try ExecutorFixture()
            // What it has not read when it dies makes the next order fail in another way.
            kill(fixture.guardian.processID, SIGSTOP)
            fixture.guardian.extend(until: .now + .seconds(60))
            kill(fixture.guardian.processID, SIGKILL)
            let outcome = await fixture.run("true").0
            #expect(outcome == .interrupted || outcome == .lost)
            await fixture.guardian.departure()
        }
    }

    @Test func aRunWhoseKeeperIsKilledIsLostAndDead() async throws {
        let fixture = try ExecutorFixture()
        let run = await fixture.startStubborn(grace: .seconds(1000))
        kill(run.keeper, SIGKILL)
        #expect(await run.end.value == .lost)
        #expect(!run.processes.contains(where: isRunning))
        #expect(await fixture.run("true").0 == .succeeded)
        await fixture.guardian.shutdown()
    }
}
