import CGuardian
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
        let line = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done"
        let claim = Claim.example(.shell(line, .init()))
        let end = Task { await executor.execute(claim, output: sink) }
        _ = await sink.text { $0 == "up\n" }
        end.cancel()
        #expect(await end.value == .cancelled)
        #expect(sink.text().hasPrefix("up\n") && sink.text().hasSuffix("bye\n"))
        await fixture.guardian.shutdown()
    }

    @Test func aPassedDeadlineEndsEverythingAndNothingStartsUntilTheNext() async throws {
        let fixture = try ExecutorFixture()
        let run = await fixture.startStubborn(grace: .seconds(1000))
        fixture.guardian.extend(until: .now + .milliseconds(50))
        #expect(await run.end.value == .interrupted)
        #expect(!run.processes.contains(where: isRunning))
        #expect(await fixture.run("true").0 == .notStarted)
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
        #expect(await fixture.run("true").0 == .notStarted)
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
            #expect([.notStarted, .interrupted, .lost].contains(outcome), "\(outcome)")
            await fixture.guardian.departure()
        }
    }

    @Test func aRunWhoseKeeperIsKilledIsDeadAndSaysWhy() async throws {
        let fixture = try ExecutorFixture()
        let run = await fixture.startStubborn(grace: .seconds(1000))
        kill(run.keeper, SIGKILL)
        let failure = await run.end.value.failure
        #expect(failure?.message.contains("SIGKILL (9); a job must not signal its parent") == true)
        #expect(!run.processes.contains(where: isRunning))
        #expect(await fixture.run("true").0 == .succeeded)
        await fixture.guardian.shutdown()
    }

    @Test func aJobThatStopsItsKeeperOrItsGuardianIsStoppedAllTheSame() async throws {
        let fixture = try ExecutorFixture()
        for line in ["kill -STOP $PPID", "kill -STOP $PPID; kill -STOP \(fixture.guardian.processID)"] {
            var settings = ProcessSettings()
            settings.grace = .milliseconds(100)
            let end = Task { [settings] in await fixture.run("trap '' TERM; \(line); echo; sleep 1000", settings).0 }
            // Longer than the line takes; an end that came first would be no test of it, and no failure.
            try await ContinuousClock().sleep(for: .milliseconds(300))
            end.cancel()
            #expect(await end.value == .cancelled)
        }
        await fixture.guardian.shutdown()
    }

    /// `sigqueue` fails once a user's queue is full, and any job of that user may fill it.
    @Test func aFullSignalQueueHoldsUpNoStop() async throws {
        let pending = __rlimit_resource_t(11)  // RLIMIT_SIGPENDING, a name that Swift is not given
        var before = rlimit()
        getrlimit(pending, &before)
        var few = rlimit(rlim_cur: 20, rlim_max: before.rlim_max)
        setrlimit(pending, &few)
        let fixture = try ExecutorFixture()
        setrlimit(pending, &before)
        let fills = """
            import ctypes, resource, signal, time
            most = resource.getrlimit(resource.RLIMIT_SIGPENDING)[1]
            resource.setrlimit(resource.RLIMIT_SIGPENDING, (most, most))
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            import os
            for _ in range(200): ctypes.CDLL(None).sigqueue(os.getpid(), 40, None)
            print("full", flush=True)
            time.sleep(1000)
            """
        let (own, other) = (RecordingSink(), RecordingSink())
        let executor = fixture.executor
        var settings = ProcessSettings()
        settings.grace = .milliseconds(200)
        let command = Work.command(["python3", "-c", fills], settings)
        let filling = Task { await executor.execute(.example(command), output: own) }
        _ = await own.text { $0.contains("full\n") }
        let line = Work.shell("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done", .init())
        let neighbour = Task { await executor.execute(.example(line, id: 2), output: other) }
        _ = await other.text { $0 == "up\n" }
        neighbour.cancel()
        #expect(await neighbour.value == .cancelled)
        #expect(other.text().hasSuffix("bye\n"))
        filling.cancel()
        #expect(await filling.value == .cancelled)
        await fixture.guardian.shutdown()
    }

    @Test(arguments: [Duration.seconds(30 * 86_400), .seconds(1_000_000_000_000)])
    func aLongGraceIsNotNone(_ grace: Duration) async throws {
        let fixture = try ExecutorFixture()
        let sink = RecordingSink()
        let executor = fixture.executor
        var settings = ProcessSettings()
        settings.grace = grace
        let line = "trap 'sleep 0.3; echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done"
        let claim = Claim.example(.shell(line, settings))
        let end = Task { await executor.execute(claim, output: sink) }
        _ = await sink.text { $0 == "up\n" }
        end.cancel()
        #expect(await end.value == .cancelled)
        #expect(sink.text().hasSuffix("bye\n"))
        await fixture.guardian.shutdown()
    }

    /// A kernel need not list the children of a process.
    @Test func whereChildrenAreNotListedAllProcessesAreLookedAt() async throws {
        guardian_look_at_all(true)
        let fixture = try ExecutorFixture()
        guardian_look_at_all(false)
        let run = await fixture.startStubborn()
        run.end.cancel()
        #expect(await run.end.value == .cancelled)
        #expect(!run.processes.contains(where: isRunning))
        let last = await fixture.startStubborn(grace: .seconds(1000))
        await fixture.guardian.shutdown()
        #expect(await last.end.value == .interrupted)
        #expect(!last.processes.contains(where: isRunning))
    }
}
