import OnebeatTesting
import Synchronization
import Testing

@testable import Onebeat

/// Works until it is stopped or told to end.
private struct PatientExecutor: Executor {
    let time: ManualTime
    var ends: Duration?
    var outcome = Outcome.succeeded
    var stopped = Outcome.cancelled

    func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        do {
            try await time.sleep(until: ends ?? .seconds(1_000_000))
            return outcome
        } catch {
            return stopped
        }
    }
}

struct NoOutput: OutputSink {
    func write(_ bytes: [UInt8], to stream: LogStream) async {}
}

@Suite(.timeLimit(.minutes(1)))
struct AttemptRunnerTests {
    private let time = ManualTime()
    private let stop = StopSignal()

    private func start(
        ends: Duration? = nil, outcome: Outcome = .succeeded, stopped: Outcome = .cancelled, timeout: Duration? = nil
    ) -> Task<Outcome?, Never> {
        let executor = PatientExecutor(time: time, ends: ends, outcome: outcome, stopped: stopped)
        let runner = AttemptRunner(executor: executor, time: time)
        let claim = Claim.example(.running(), .with { $0.timeout = timeout })
        return Task { await runner.run(claim, stop: stop, output: NoOutput()) }
    }

    @Test func whatCannotBeReadIsNotRun() async {
        let runner = AttemptRunner(executor: PatientExecutor(time: time, ends: .zero), time: time)
        let definition = DefinitionText.decode("{}", of: "report")
        let claim = Claim(run: Claim.example(.running(), JobPolicies()).run, definition: definition)
        let outcome = await runner.run(claim, stop: stop, output: NoOutput())
        #expect(outcome?.failure?.message == definition.trouble)
    }

    /// Says what it was given.
    private struct Telling: Executor {
        func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
            .failed(Failure(RunValue.object(of: claim.input)))
        }
    }

    @Test func anElementIsGivenBesideWhatIsHandedOn() async throws {
        let list = try RunValue(json: Array(#"{"files": ["a", {"b": 1}]}"#.utf8))
        let runner = AttemptRunner(executor: Telling(), time: time) { _ in ["x": list] }
        var claim = follower()
        claim.definition.schedule = ScheduleDefinition(.after(["x"]))
        claim.definition.each = Each(in: "x", at: ["files"])
        for (element, words) in [
            (1, #"{"each": {"index":1,"value":{"b":1}}, "x": \#(list.json)}"#),
            (2, "each x.files: it has no element 2 any more"),
        ] {
            claim.run.element = element
            let outcome = await runner.run(claim, stop: stop, output: NoOutput())
            #expect(outcome?.failure?.message == words)
        }
        claim.run.element = nil
        let outcome = await runner.run(claim, stop: stop, output: NoOutput())
        #expect(outcome?.failure?.message.contains("runs once for each element of x.files") == true)
    }

    /// Goes on until it is let go, whoever cancels it.
    private final class Deaf: Executor {
        let began = Bell()
        private let gate = Mutex<CheckedContinuation<Void, Never>?>(nil)

        func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
            await withCheckedContinuation { continuation in
                gate.withLock { $0 = continuation }
                began.ring()
            }
            return .succeeded
        }

        func letGo() { gate.withLock { $0 }?.resume() }
    }

    @Test(arguments: [true, false])
    func aClosureThatIsAskedToEndAndGoesOnIsSaid(_ isClosure: Bool) async {
        let (deaf, told) = (Deaf(), Bell())
        let words = Mutex<[String]>([])
        var claim = Claim.example(.running(), JobPolicies())
        claim.definition.work = isClosure ? .handler : .shell("sleep 99", ProcessSettings())
        let runner = AttemptRunner(
            executor: deaf, time: time,
            stuck: { attempt in
                words.withLock { $0.append(attempt.words) }
                told.ring()
            })
        async let outcome = runner.run(claim, stop: stop, output: NoOutput())
        await deaf.began.wait()
        stop.stop(because: .cancelled)
        if isClosure {
            await time.sleepers(1)
            time.advance(by: StuckAttempt.patience)
            await told.wait()
        }
        deaf.letGo()
        #expect(await outcome == .succeeded)
        #expect(words.withLock { $0.count } == (isClosure ? 1 : 0))
        #expect(words.withLock { $0.allSatisfy { $0.contains("since somebody cancelled it, and goes on") } })
    }

    private func follower() -> Claim {
        var claim = Claim.example(.running(), JobPolicies())
        claim.run.flow = RunID(claim.run.id.value - 1)
        return claim
    }

    @Test func aFollowerIsGivenWhatTheOthersHandedOn() async throws {
        let value = try RunValue([1, 2])
        let runner = AttemptRunner(executor: Telling(), time: time) { _ in ["extract": value] }
        let outcome = await runner.run(follower(), stop: stop, output: NoOutput())
        #expect(outcome?.failure?.message == #"{"extract": [1,2]}"#)
    }

    @Test func withoutWordFromTheStoreNothingOfAFollowerBegins() async {
        let runner = AttemptRunner(executor: Telling(), time: time) { _ throws(StoreError) in throw .unavailable("away")
        }
        #expect(await runner.run(follower(), stop: stop, output: NoOutput()) == .notStarted)
    }

    /// Handed back, it would be claimed again at once, and so on for ever.
    @Test func aFollowerWhoseInputCannotBeReadFails() async {
        let runner = AttemptRunner(executor: Telling(), time: time) { _ throws(StoreError) in throw .refused("spoilt") }
        #expect(await runner.run(follower(), stop: stop, output: NoOutput()) == .failed(Failure("spoilt")))
    }

    /// Its lease was lost while the store was slow to say what it is given: the work is somebody else's by then.
    @Test func aFollowerThatWasStoppedBeforeItsInputCameDoesNotBegin() async {
        let stop = stop
        let runner = AttemptRunner(executor: Telling(), time: time) { _ in
            stop.stop(because: .leaseLost)
            while !Task.isCancelled { await Task.yield() }
            return [:]
        }
        #expect(await runner.run(follower(), stop: stop, output: NoOutput()) == nil)
    }

    @Test func theExecutorsOutcomeIsTheAttempts() async {
        let attempt = start(ends: .seconds(5), outcome: .failed(Failure("no", exitCode: 3)))
        await time.sleepers(1)
        time.advance(by: .seconds(5))
        #expect(await attempt.value == .failed(Failure("no", exitCode: 3)))
    }

    @Test func anAttemptPastItsTimeOutIsStopped() async {
        let attempt = start(timeout: .seconds(10))
        await time.sleepers(2)
        time.advance(by: .seconds(10))
        #expect(await attempt.value == .timedOut)
    }

    @Test func anAttemptThatEndsBeforeItsTimeOutKeepsItsOutcome() async {
        let attempt = start(ends: .seconds(9), timeout: .seconds(10))
        await time.sleepers(2)
        time.advance(by: .seconds(9))
        #expect(await attempt.value == .succeeded)
    }

    @Test(arguments: [(StopCause.cancelled, Outcome.cancelled), (.shutdown, .interrupted), (.timeout, .timedOut)])
    func aStopSaysWhatTheOutcomeIs(_ cause: StopCause, _ outcome: Outcome) async {
        let attempt = start()
        await time.sleepers(1)
        stop.stop(because: cause)
        #expect(await attempt.value == outcome)
    }

    /// A process that had exited while what it left behind was still being ended, a closure that returned after all.
    @Test(
        arguments: [StopCause.timeout, .cancelled, .shutdown], [Outcome.succeeded, .failed(Failure("no", exitCode: 3))])
    func whatHadEndedByItselfWhenTheStopCameKeepsItsOutcome(_ cause: StopCause, _ outcome: Outcome) async {
        let attempt = start(stopped: outcome)
        await time.sleepers(1)
        stop.stop(because: cause)
        #expect(await attempt.value == outcome)
    }

    @Test func anAttemptThatLostItsLeaseReportsNothing() async {
        let attempt = start()
        await time.sleepers(1)
        stop.stop(because: .leaseLost)
        #expect(await attempt.value == nil)
    }

    /// Work that is done must not be done again because it took a moment too long.
    @Test(arguments: [StopCause.cancelled, .shutdown, .timeout, .leaseLost])
    func whatReturnsWellAfterItWasStoppedHasSucceeded(_ cause: StopCause) async {
        let attempt = start(stopped: .succeeded)
        await time.sleepers(1)
        stop.stop(because: cause)
        #expect(await attempt.value == .succeeded)
    }

    @Test func theFirstCauseCounts() async {
        stop.stop(because: .cancelled)
        stop.stop(because: .leaseLost)
        #expect(await start().value == .cancelled)
    }

    @Test func aStopBeforeTheStartIsKept() async {
        stop.stop(because: .shutdown)
        #expect(await start().value == .interrupted)
    }
}
