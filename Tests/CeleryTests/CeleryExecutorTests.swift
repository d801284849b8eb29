import Foundation
import OnebeatTesting
import Testing

@testable import Onebeat
@testable import OnebeatCelery
@testable import OnebeatRedis

/// Attempts over a real Redis, with a test in the place of a worker.
@Suite(.timeLimit(.minutes(1)))
struct CeleryExecutorTests {
    private let bench: BrokerBench
    private let output = KeptOutput()
    private let id = TaskID.of(.example())

    init() throws { bench = try BrokerBench() }

    private func success(_ result: String) -> String {
        #"{"status": "SUCCESS", "result": \#(result), "traceback": null}"#
    }

    @Test func aRunEndsWithItsTask() async throws {
        async let outcome = bench.executor().execute(.example(CeleryCall(task: "a.b")), output: output)
        try await eventually { try bench.queued == 1 }
        try bench.write(#"{"status": "STARTED", "result": {"hostname": "w@x", "pid": 5}}"#, of: id)
        try await eventually { output.text.contains("started by w@x, process 5") }
        try bench.write(success("[1, 2]"), of: id)
        #expect(await outcome == .succeeded)
        #expect(output.text.contains("\n[1, 2]\n"))
    }

    @Test func aFailureBringsItsWordsAndItsTraceback() async throws {
        async let outcome = bench.executor().execute(.example(CeleryCall(task: "a.b")), output: output)
        try await eventually { try bench.queued == 1 }
        try bench.write(
            #"{"status": "FAILURE", "result": {"exc_type": "ValueError", "exc_message": ["bad"]}, "traceback": "Traceback: here"}"#,
            of: id)
        #expect(await outcome == .failed(Failure("ValueError: bad")))
        #expect(output.text.contains("Traceback: here"))
    }

    /// Notes are kept where output is not.
    @Test func whatATaskSaysIsNoNoteWhereItsOutputIsSecret() async throws {
        var claim = Claim.example(CeleryCall(task: "a.b"))
        claim.definition.hasSecretOutput = true
        async let outcome = bench.executor().execute(claim, output: output)
        try await eventually { try bench.queued == 1 }
        try bench.write(#"{"status": "RETRY", "result": {"exc_type": "ValueError", "exc_message": ["hush"]}}"#, of: id)
        try await eventually { output.text.contains("its worker tries it again]") }
        try bench.write(#"{"status": "PROGRESS", "result": "hush"}"#, of: id)
        try await eventually { output.text.contains("it said something of its own]") }
        #expect(!output.text.contains("hush"))
        // What it returns goes to standard output, which is left out, and numbers as they are.
        try bench.write(success("[1.0, 1180591620717411303424]"), of: id)
        #expect(await outcome == .succeeded)
        #expect(output.text.contains("\n[1.0, 1180591620717411303424]\n"), "\(output.text)")
    }

    @Test func aResultThatCameBeforeTheWatchIsFound() async throws {
        try bench.write(success("1"), of: id)
        #expect(await bench.executor().execute(.example(CeleryCall(task: "a.b")), output: output) == .succeeded)
    }

    @Test func dispatchEndsWhenItIsSent() async throws {
        var call = CeleryCall(task: "a.b")
        call.outcome = .dispatch
        #expect(await bench.executor().execute(.example(call), output: output) == .succeeded)
        #expect(await bench.executor().execute(.example(call) { $0.fence = Fence(9) }, output: output) == .succeeded)
        #expect(try bench.queued == 1)
    }

    @Test func aSecondAttemptWatchesOnAndSendsNothing() async throws {
        let executor = bench.executor()
        let first = Task { await executor.execute(.example(CeleryCall(task: "a.b")), output: output) }
        try await eventually { try bench.queued == 1 }
        let claim = Claim.example(CeleryCall(task: "a.b"))
        await executor.willStop(claim, because: .shutdown)
        first.cancel()
        #expect(await first.value == .cancelled)
        #expect(try bench.queued == 1, "a node that leaves takes nothing back")
        async let second = bench.executor().execute(
            .example(CeleryCall(task: "a.b")) {
                $0.attempt = 2
                $0.fence = Fence(9)
            }, output: output)
        try await eventually { output.text.contains("s before as \(id)") }
        try bench.write(success("null"), of: id)
        #expect(await second == .succeeded)
        #expect(try bench.queued == 1)
    }

    @Test(arguments: [StopCause.cancelled, .timeout])
    func whatNoWorkerHasYetIsTakenBack(_ cause: StopCause) async throws {
        let executor = bench.executor()
        let claim = Claim.example(CeleryCall(task: "a.b"))
        let run = Task { await executor.execute(claim, output: output) }
        try await eventually { try bench.queued == 1 }
        await executor.willStop(claim, because: cause)
        run.cancel()
        #expect(await run.value == .cancelled)
        #expect(try bench.queued == 0)
        #expect(output.text.contains("taken out of its queue"))
    }

    /// Whoever asks for its end wants it not to run: that Redis is away makes the end wait.
    @Test(arguments: [StopCause.cancelled, .timeout])
    func whatCannotBeTakenBackYetIsTakenBackLater(_ cause: StopCause) async throws {
        let proxy = try Proxy(toPort: bench.redis.port)
        let executor = try bench.executor(through: proxy)
        let claim = Claim.example(CeleryCall(task: "a.b"))
        let run = Task { await executor.execute(claim, output: output) }
        try await eventually { try bench.queued == 1 }
        proxy.lead(to: "/nowhere")
        proxy.cut()
        await executor.willStop(claim, because: cause)
        run.cancel()
        try await eventually { output.text.contains("it cannot be revoked yet") }
        #expect(try bench.queued == 1)
        proxy.lead(toPort: bench.redis.port)
        #expect(await run.value == .cancelled)
        #expect(try bench.queued == 0)
        #expect(output.text.contains("taken out of its queue"))
    }

    @Test func whatCouldNotBeWatchedIsNotSent() async throws {
        let stranger = RedisClient(
            try RedisAddress("redis://nobody:wrong@127.0.0.1:\(bench.redis.port)"), patience: .seconds(5))
        let executor = bench.executor(bench.client, results: stranger)
        let outcome = await executor.execute(.example(CeleryCall(task: "a.b")), output: output)
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.message.contains("its result could not be read: Redis at"))
        #expect(!failure.message.contains("wrong"))
        #expect(try bench.queued == 0)
    }

    @Test func theTimeOutCountsFromWhenItWasSent() async throws {
        let run = Run.example()
        let stamp = CeleryMessage.Stamp(fence: Fence(1), sentAt: SystemTime().now() - .seconds(100))
        let message = try CeleryMessage(
            CeleryCall(task: "a.b"), of: run, id: id, stamp: stamp, settings: bench.settings, expand: { .string($0) })
        _ = try await bench.broker.send(message, id: id, stamp: stamp, mayPush: true, trustedUntil: nil)
        var policies = JobPolicies()
        policies.timeout = .seconds(60)
        let outcome = await bench.executor().execute(
            .example(CeleryCall(task: "a.b"), policies) { $0.attempt = 2 }, output: output)
        #expect(outcome == .timedOut)
        #expect(try bench.queued == 0)
    }

    @Test func aRedisThatIsAwayIsWaitedFor() async throws {
        bench.redis.stop()
        let executor = bench.executor()
        async let outcome = executor.execute(
            .example(CeleryCall(task: "a.b")) { $0.deadlineAt = .distantFuture }, output: output)
        try await eventually { output.text.contains("not sent yet: cannot connect") }
        try bench.redis.start()
        try await eventually { try bench.queued == 1 }
        try bench.write(success("null"), of: id)
        #expect(await outcome == .succeeded)
    }

    @Test func whatCouldNotBeSentByItsDeadlineFailsInWords() async throws {
        bench.redis.stop()
        let outcome = await bench.executor().execute(
            .example(CeleryCall(task: "a.b")) { $0.deadlineAt = SystemTime().now() }, output: output)
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.message.hasPrefix("it could not be sent by its deadline: cannot connect to Redis"))
    }

    /// Whose lease is over waits to be told so; it neither sends nor ends the run.
    @Test func aNodeWithoutItsLeaseSendsNothing() async throws {
        let executor = bench.executor()
        executor.renewed(NodeID(name: "a", boot: "another life"), trustedUntil: .seconds(1 << 40))
        let claim = Claim.example(CeleryCall(task: "a.b"))
        let run = Task { await executor.execute(claim, output: output) }
        try await Task.sleep(for: .milliseconds(300))
        await executor.willStop(claim, because: .leaseLost)
        run.cancel()
        #expect(await run.value == .notStarted)
        #expect(try bench.queued == 0)
    }

    @Test func thousandsOfTasksAreWatchedOverOneConnection() async throws {
        let executor = bench.executor()
        let ids = (0..<2000).map { "job\($0)" }
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            for (index, id) in ids.enumerated() {
                group.addTask {
                    await executor.execute(
                        .example(CeleryCall(task: "a.b")) {
                            $0.version.job = id; $0.fence = Fence(Int64(index + 1))
                        },
                        output: KeptOutput())
                }
            }
            try await eventually { try bench.queued == ids.count }
            try await eventually {
                try bench.redis.ask("PUBSUB", "NUMPAT") == "0"
                    && Int(try bench.redis.ask("EVAL", "return #redis.call('pubsub', 'channels')", "0")) == ids.count
            }
            let clients = try bench.redis.ask("CLIENT", "LIST").split(separator: "\n").filter {
                $0.contains("name=onebeat")
            }
            #expect(clients.count == 2, "one sends and reads, one hears")
            let text = success("null")
            let keys = ids.map { id in bench.settings.resultKey(of: TaskID.of(.example { $0.version.job = id })) }
            let commands = keys.flatMap { [RedisCommand("SET", $0, text), RedisCommand("PUBLISH", $0, text)] }
            _ = try await bench.client.send(commands)
            for try await outcome in group { #expect(outcome == .succeeded) }
        }
    }
}
