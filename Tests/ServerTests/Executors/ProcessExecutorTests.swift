import Glibc
import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct ProcessExecutorTests {
    @Test func theEndOfAProcessIsItsOutcome() async throws {
        let fixture = try ExecutorFixture()
        #expect(await fixture.run("true").0 == .succeeded)
        #expect(await fixture.run("exit 3").0 == .failed(Failure("exit code 3", exitCode: 3)))
        #expect(await fixture.run("kill -HUP $$").0 == .failed(Failure("killed by SIGHUP (1)")))
        #expect(await fixture.run(.command(["sh", "-c", "exit 0"], .init())).0 == .succeeded)
        await fixture.guardian.shutdown()
    }

    @Test(
        arguments: [
            (["no-such-program"], nil, "program \"no-such-program\" was not found in PATH (/usr/bin:/bin); install it"),
            (["/no/such/program"], nil, "program \"/no/such/program\" does not exist"),
            (["/etc/passwd"], nil, "program \"/etc/passwd\" may not be executed: Permission denied (13); chmod +x it"),
            (["true"], "/no/such/place", "directory \"/no/such/place\": No such file or directory (2); create it"),
            (["true"], "/etc/passwd", "directory \"/etc/passwd\": Not a directory (20)"),
            (["true\0"], nil, "holds a NUL byte"),
            ([], nil, "there is no program to run"),
        ] as [([String], String?, String)])
    func whatCannotStartSaysWhyAndWhatWouldDo(words: [String], directory: String?, message: String) async throws {
        let fixture = try ExecutorFixture()
        var settings = ProcessSettings()
        settings.directory = directory
        let outcome = await fixture.run(.command(words, settings)).0
        #expect(outcome.failure?.message.contains(message) == true, "\(outcome)")
        await fixture.guardian.shutdown()
    }

    @Test func aProcessKnowsItsAttemptAndNotTheNodesSecrets() async throws {
        let fixture = try ExecutorFixture(environment: [
            "PATH": "/usr/bin:/bin", "TZ": "Asia/Shanghai", "ONEBEAT_STORE": "postgres://secret", "TOKEN": "t0p",
        ])
        var settings = ProcessSettings()
        settings.environment = ["AUTH": "Bearer ${TOKEN} $HOME", "TZ": "UTC"]
        let (outcome, sink) = await fixture.run(.command(["env"], settings), id: 7)
        #expect(outcome == .succeeded)
        // Where values are handed over has a new name each time.
        let told = sink.text().split(separator: "\n").map(String.init)
        let places = told.filter { $0.hasPrefix("ONEBEAT_INPUT=") || $0.hasPrefix("ONEBEAT_OUTPUT=") }
        #expect(places.count == 2)
        #expect(
            Set(told).subtracting(places)
                == Set([
                    "AUTH=Bearer t0p $HOME", "ONEBEAT_ATTEMPT=2", "ONEBEAT_FENCE=41", "ONEBEAT_JOB=backup",
                    "ONEBEAT_RUN_ID=7", "ONEBEAT_RUN_KEY=backup@2026-11-23T03:00:00Z",
                    "ONEBEAT_SCHEDULED_AT=2026-11-23T03:00:00Z", "PATH=/usr/bin:/bin", "SHELL=/bin/sh", "TZ=UTC",
                ]).union(Self.login))
        settings.environment = ["AUTH": "${NOT_SET}"]
        let failure = await fixture.run("true", settings).0.failure
        #expect(failure?.message.hasPrefix("env.AUTH: ${NOT_SET} is not set") == true)
        await fixture.guardian.shutdown()
    }

    /// Who the node is, as a process of it is told.
    private static var login: Set<String> {
        guard let user = LocalUser(numbered: geteuid()) else { return [] }
        return ["HOME=\(user.home)", "LOGNAME=\(user.name)", "USER=\(user.name)"]
    }

    @Test func whatIsInheritedIsAllButWhatIsMeantForTheNode() async throws {
        let fixture = try ExecutorFixture(environment: [
            "PATH": "/usr/bin:/bin", "TOKEN": "t0p", "ONEBEAT_STORE": "secret", "NOTIFY_SOCKET": "/n",
            "WATCHDOG_USEC": "1",
            "LISTEN_FDS": "1", "LISTEN_PORT": "80", "INVOCATION_ID": "x", "HOME": "/srv",
        ])
        var settings = ProcessSettings()
        settings.base = .inherit
        let (_, sink) = await fixture.run(.command(["env"], settings))
        let lines = Set(sink.text().split(separator: "\n").map(String.init)).filter { !$0.hasPrefix("ONEBEAT_") }
        #expect(lines == ["PATH=/usr/bin:/bin", "TOKEN=t0p", "LISTEN_PORT=80", "HOME=/srv"])
        #expect(!sink.text().contains("secret"))
        await fixture.guardian.shutdown()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can become somebody else"))
    func aProcessOfAnotherUserHasNothingOfTheNodesButWhatItNames() async throws {
        let fixture = try ExecutorFixture(environment: [
            "PATH": "/opt/bin:/sbin", "TOKEN": "t0p", "HOME": "/root", "LANG": "C.UTF-8", "NOTIFY_SOCKET": "/n",
        ])
        var settings = ProcessSettings()
        settings.user = "nobody"
        settings.environment = ["AUTH": "${TOKEN}"]
        let (_, sink) = await fixture.run(.command(["env"], settings))
        let lines = Set(sink.text().split(separator: "\n").map(String.init)).filter { !$0.hasPrefix("ONEBEAT_") }
        #expect(
            lines == [
                "AUTH=t0p", "HOME=/nonexistent", "LOGNAME=nobody", "USER=nobody", "SHELL=/bin/sh", "LANG=C.UTF-8",
                "PATH=/usr/local/bin:/usr/bin:/bin",
            ])
        await fixture.guardian.shutdown()
    }

    /// 596 of 600 lines were out of their order.
    @Test func bothStreamsAreKeptInTheOrderInWhichTheyWereWritten() async throws {
        let fixture = try ExecutorFixture()
        let line = "i=0; while [ $i -lt 300 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done"
        let (_, sink) = await fixture.run(line)
        #expect(sink.text() == (0..<300).map { "out \($0)\nerr \($0)\n" }.joined())
        var settings = ProcessSettings()
        settings.output = .separate
        let (_, apart) = await fixture.run(line, settings)
        #expect(apart.text() == (0..<300).map { "out \($0)\n" }.joined())
        #expect(apart.text(.stderr) == (0..<300).map { "err \($0)\n" }.joined())
        await fixture.guardian.shutdown()
    }

    @Test func theEndOfTheLeaderIsTheOutcomeWhateverItLeftBehind() async throws {
        let fixture = try ExecutorFixture()
        let sink = RecordingSink()
        let executor = fixture.executor
        var settings = ProcessSettings()
        settings.grace = .milliseconds(200)
        // The stop comes while the leftover, which ignores TERM, is being ended.
        let line = "(trap '' TERM; echo up; exec sleep 1000) & sleep 0.1; exit 3"
        let claim = Claim.example(.shell(line, settings))
        let end = Task { await executor.execute(claim, output: sink) }
        _ = await sink.text { $0 == "up\n" }
        try await ContinuousClock().sleep(for: .milliseconds(300))
        end.cancel()
        #expect(await end.value == .failed(Failure("exit code 3", exitCode: 3)))
        #expect(sink.text(.note) == "[onebeat: processes that outlived the job and were ended: 1]\n")
        await fixture.guardian.shutdown()
    }

    @Test func whatMayBeLeftLivesOnAfterTheJobAndTheNode() async throws {
        let fixture = try ExecutorFixture()
        var settings = ProcessSettings()
        settings.leave = true
        let (outcome, sink) = await fixture.run("setsid sleep 1000 >/dev/null 2>&1 & echo $!", settings)
        #expect(outcome == .succeeded)
        #expect(sink.text(.note).isEmpty)
        let left = try #require(pid_t(sink.text().dropLast()))
        #expect(isRunning(left))
        await fixture.guardian.shutdown()
        #expect(isRunning(left))
        kill(left, SIGKILL)
    }

    @Test func theLimitThatEndedAJobIsNamed() async throws {
        let fixture = try ExecutorFixture()
        var settings = ProcessSettings()
        settings.cpu = 1
        let spins = "while :; do :; done"
        #expect(
            await fixture.run(spins, settings).0.failure?.message.contains("limit of 1 s of processor time") == true)
        let below = await fixture.run("sh -c '\(spins)'; exit $?", settings).0.failure
        #expect(below?.message.contains("limit of 1 s of processor time") == true, "\(below?.message ?? "")")
        let other = await fixture.run("kill -KILL $$", settings).0.failure
        #expect(other?.message.contains("limit") == false)
        await fixture.guardian.shutdown()
    }

    @Test func aProcessHasItsDirectoryItsLimitsAndNothingElseOfTheNode() async throws {
        let fixture = try ExecutorFixture()
        var settings = ProcessSettings()
        settings.directory = "/usr"
        settings.memory = 1 << 30
        settings.cpu = 77
        settings.nice = 3
        let line = "pwd; ulimit -v; ulimit -t; nice; ls -m /proc/$$/fd; cat; exec grep SigBlk /proc/self/status"
        let (_, sink) = await fixture.run(line, settings)
        let said = sink.text().split(separator: "\n").map(String.init)
        let nice = getpriority(CInt(PRIO_PROCESS.rawValue), 0)
        #expect(said.prefix(5) == ["/usr", "1048576", "77", "\(nice + 3)", "0, 1, 2"])
        #expect(said.last == "SigBlk:\t0000000000000000")
        await fixture.guardian.shutdown()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can become somebody else"))
    func aProcessRunsAsItsUser() async throws {
        let fixture = try ExecutorFixture()
        var settings = ProcessSettings()
        settings.user = "nobody"
        let (outcome, sink) = await fixture.run("id -un; id -u; echo $USER; cat /etc/shadow", settings)
        #expect(outcome == .failed(Failure("exit code 1", exitCode: 1)))
        #expect(sink.text().hasPrefix("nobody\n65534\nnobody\n"))
        #expect(sink.text().contains("ermission denied"))
        settings.user = "no-such-user"
        let failure = await fixture.run("true", settings).0.failure
        #expect(failure?.message.hasPrefix("user \"no-such-user\" does not exist on this machine") == true)
        await fixture.guardian.shutdown()
    }

    @Test func outputComesWholeAndByteForByte() async throws {
        let fixture = try ExecutorFixture()
        let (_, sink) = await fixture.run("printf '\\377\\000\\n'; printf 'to err' >&2; seq 1 1500000")
        let numbers = (1...1_500_000).map { "\($0)\n" }.joined()
        #expect(sink.bytes() == [0xff, 0, 0x0a] + Array("to err\(numbers)".utf8))
        await fixture.guardian.shutdown()
    }

    @Test func aStrangerWhoHoldsTheOutputOpenDoesNotHoldUpTheRun() async throws {
        let fixture = try ExecutorFixture()
        let sink = RecordingSink()
        let executor = fixture.executor
        let end = Task { await executor.execute(.example(.shell("echo $$; kill -STOP $$", .init())), output: sink) }
        let process = await sink.text { $0.hasSuffix("\n") }.dropLast()
        let stranger = open("/proc/\(process)/fd/1", O_WRONLY | O_CLOEXEC)
        #expect(stranger >= 0)
        // It has written its line and may not have stopped yet: a CONT that came first would leave it stopped for ever.
        while try !String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8).contains(") T ") {
            await Task.yield()
        }
        kill(try #require(pid_t(process)), SIGCONT)
        #expect(await end.value == .succeeded)
        close(stranger)
        await fixture.guardian.shutdown()
    }

    @Test func whatOutlivesTheJobIsEndedAndNoted() async throws {
        let fixture = try ExecutorFixture()
        let (outcome, sink) = await fixture.run("setsid sleep 1000 & echo $!")
        #expect(outcome == .succeeded)
        #expect(sink.text(.note) == "[onebeat: processes that outlived the job and were ended: 1]\n")
        #expect(pid_t(sink.text().dropLast()).map(isRunning) == false)
        await fixture.guardian.shutdown()
    }

    @Test func fiftyRunsAtOnceKeepTheirOutputApart() async throws {
        let fixture = try ExecutorFixture()
        await withTaskGroup { group in
            for id in 1...50 {
                group.addTask { (id, await fixture.run("echo $ONEBEAT_RUN_ID", id: Int64(id))) }
            }
            for await (id, (outcome, sink)) in group {
                #expect(outcome == .succeeded)
                #expect(sink.text() == "\(id)\n")
            }
        }
        await fixture.guardian.shutdown()
    }

    @Test func manyRunsLeaveNoDescriptorOpen() async throws {
        let fixture = try ExecutorFixture()
        _ = await fixture.run("true")  // after this the guardian has let go of what it inherited
        let ours = openDescriptors(of: getpid())
        let its = openDescriptors(of: fixture.guardian.processID)
        for _ in 0..<500 { #expect(await fixture.run(.command(["true"], .init())).0 == .succeeded) }
        #expect(openDescriptors(of: fixture.guardian.processID) == its)
        // Other tests open and close in the meantime; a leak would be at least 500.
        #expect(openDescriptors(of: getpid()) < ours + 250)
        await fixture.guardian.shutdown()
    }

    @Test func anOrderMayBeLargerThanAnyPacket() async throws {
        let fixture = try ExecutorFixture()
        var settings = ProcessSettings()
        for index in 0..<10 { settings.environment["LARGE\(index)"] = String(repeating: "x", count: 100_000) }
        let (outcome, sink) = await fixture.run("env | wc -c", settings)
        #expect(outcome == .succeeded)
        #expect(Int(sink.text().dropLast()).map { $0 > 1_000_000 } == true)
        await fixture.guardian.shutdown()
    }

    @Test func aRunThatWasCancelledBeforeItBeganEnds() async throws {
        let fixture = try ExecutorFixture()
        let executor = fixture.executor
        let end = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await executor.execute(.example(.shell("sleep 1000", .init())), output: RecordingSink())
        }
        #expect(await end.value == .cancelled)
        await fixture.guardian.shutdown()
    }
}
