import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct ConfigurationProblemTests {
    @Test func allProblemsAreToldAtOnceInTheOrderOfTheFile() {
        let text = """
            timezone: Europe/Berlim
            jobs:
              backup:
                run: x
                cron: ["61 * * * *", '0 25 * * *']
                timout: 3h
              mail: {every: 10, exec: send}
            alerts: []
            """
        #expect(
            fileProblems(text) == [
                ":1:11: timezone: there is no such zone; did you mean Europe/Berlin?",
                ":5:13: job \"backup\", cron: minute is 61, but minutes end at 59",
                ":5:29: job \"backup\", cron: hour is 25, but hours end at 23",
                ":6:5: job \"backup\": unknown key \"timout\"; did you mean `timeout`?",
                ":7:17: job \"mail\", every: is 10 without a unit; write 10s or 10m",
                ":7:27: job \"mail\", exec: is text where a list belongs, such as [python3, etl.py]; run takes a shell line",
                ":8:9: alerts: is an empty list; give it an alert or leave the key out",
            ])
    }

    @Test func aProblemShowsItsLineWithACaretBelowThePlace() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try parseFile("jobs:\n  backup:\n    cron: \"61 * * * *\"\n    run: x\n")
        }
        #expect(
            error?.description == """
                onebeat.yaml:3:12: job "backup", cron: minute is 61, but minutes end at 59
                    \("    cron: \"61 * * * *\"")
                    \("           ^")
                """)
    }

    @Test func theCaretOfALongLineStaysInSight() {
        var problem = ConfigurationProblem(file: "f", line: 1, column: 500, message: "m")
        problem.sourceLine = String(repeating: "x", count: 499) + "!" + String(repeating: "y", count: 500)
        let rows = problem.picture!.split(separator: "\n")
        #expect(rows.allSatisfy { $0.count <= 120 })
        #expect(Array(rows[0])[rows[1].count - 1] == "!")
    }

    @Test func aCaretFindsItsPlaceBehindQuotesAndTabs() {
        #expect(jobProblems("cron: '61 * * * *'", "run: x")[0].hasPrefix(":3:12:"))
        #expect(jobProblems("cron: 0 61 * * *", "run: x")[0].hasPrefix(":3:13:"))
        #expect(jobProblems("cron: [ '0 3 * * *' , 0 3 32 * * ]", "run: x")[0].hasPrefix(":3:31:"))
        // An escape in the text, or more than one line of it, leaves no columns to count: the start will do.
        #expect(jobProblems("cron: \"0\\t61 * * *\"", "run: x")[0].hasPrefix(":3:11:"))
        #expect(jobProblems("cron: >-", "  0 0", "  32 * *", "run: x")[0].hasPrefix(":3:11:"))
    }

    @Test(arguments: [
        ("run: x\n    timeout: 30", ":4:14: job \"a\", timeout: is 30 without a unit; write 30s or 30m"),
        ("run: x\n    timeout: 1h 30m", ":4:14: job \"a\", timeout: is \"1h 30m\"; write it as 1h30m"),
        (
            "run: x\n    timeout: 1:30",
            ":4:14: job \"a\", timeout: is \"1:30\", which is not a length of time; write it like 30s, 5m, 1h30m or 2d"
        ),
        ("run: x\n    timeout: 0s", ":4:14: job \"a\", timeout: must be longer than zero, as in 10m"),
        ("run: x\n    timeout:", ":4:5: job \"a\", timeout: is empty; give it a value or leave the key out"),
        (
            "run: x\n    timeout: [1h]",
            ":4:14: job \"a\", timeout: is a list where a length of time, such as 30s belongs"
        ),
        (
            "run: x\n    priority: 1_000",
            ":4:15: job \"a\", priority: is \"1_000\", which is not a whole number; -1000 to 1000 will do"
        ),
        ("run: x\n    priority: 2000", ":4:15: job \"a\", priority: is 2000; -1000 to 1000 will do"),
        ("run: x\n    limit: 0", ":4:12: job \"a\", limit: is 0; 1 or more will do"),
        ("run: x\n    overlap: Skip", ":4:14: job \"a\", overlap: is \"Skip\"; did you mean `skip`?"),
        ("run: x\n    missed: no", ":4:13: job \"a\", missed: is \"no\"; latest, all, skip will do"),
        (
            "run: x\n    retry: yes",
            ":4:12: job \"a\", retry: is \"yes\", which is not a whole number; 0 to 1000 will do"
        ),
        (
            "run: x\n    retry: {limit: 3, jiter: 1}",
            ":4:23: job \"a\", retry: unknown key \"jiter\"; did you mean `jitter`?"
        ),
        (
            "run: x\n    retry: {jitter: 20}",
            ":4:21: job \"a\", retry.jitter: is \"20\"; a number from 0 to 1 will do, such as 0.2 for 20 %"
        ),
        (
            "run: x\n    retry: {backoff: 2h}",
            ":4:22: job \"a\", retry.backoff: the first pause, 2h, is longer than the longest, 1h; raise max"
        ),
        (
            "run: x\n    every: 5m\n    cron: '@daily'",
            ":4:5: job \"a\", every: cron is given too, but a job has one rhythm; make them two jobs"
        ),
        (
            "run: x\n    exec: [y]",
            ":4:5: job \"a\", exec: run is given too, but a job does one thing; make them two jobs"
        ),
        (
            "every: 5m",
            ":3:5: job \"a\": it has nothing to do; give it run (a shell line), exec (a program and its arguments), http, celery or signal"
        ),
        (
            "run: [ls, -l]",
            ":3:10: job \"a\", run: is a list where a shell line belongs; exec takes a list of arguments"
        ),
        ("run: ''", ":3:10: job \"a\", run: is blank; give it a value or leave the key out"),
        ("exec: []", ":3:11: job \"a\", exec: is an empty list; the program comes first, as in [python3, etl.py]"),
        ("exec: [a, [b]]", ":3:15: job \"a\", exec: argument 1 is a list where text belongs"),
        ("run: \"a\\0b\"", ":3:10: job \"a\", run: holds a NUL character, which no program can take"),
        (
            "http: https://example.com",
            ":3:11: job \"a\", http: is text where a map belongs, such as {url: \"https://example.com\"}"
        ),
        ("http: {method: GET}", ":3:11: job \"a\", http: url is missing"),
        (
            "http: {url: example.com}",
            ":3:17: job \"a\", http.url: is \"example.com\"; it must start with http:// or https://"
        ),
        (
            "http: {url: http://x, method: post}",
            ":3:35: job \"a\", http.method: is \"post\"; a method is written in capitals, such as GET or POST"
        ),
        (
            "http: {url: http://x, expect: 2xx}",
            ":3:35: job \"a\", http.expect: is \"2xx\", which is not a whole number; 100 to 599 will do"
        ),
        (
            "http: {url: http://x, headers: {'a b': c}}",
            ":3:37: job \"a\", http.headers.a b: is not a header's name, such as Content-Type"
        ),
        ("http: {url: http://x}\n    env: {A: b}", ":4:5: job \"a\", env: a job of http has no process; leave it out"),
        (
            "run: x\n    env: {1A: b}",
            ":4:11: job \"a\", env.1A: is not a variable's name; letters, digits and _ will do, not a digit first"
        ),
        (
            "run: x\n    env: {A: '${'}",
            ":4:14: job \"a\", env.A: \"${\" is not a variable; write ${NAME}, or $${ for the characters themselves"
        ),
        ("run: x\n    env: {A: }", ":4:11: job \"a\", env.A: is empty; give it a value or leave the key out"),
        (
            "run: x\n    env: {ONEBEAT_FENCE: 1}",
            ":4:11: job \"a\", env.ONEBEAT_FENCE: is set by Onebeat for each attempt; choose another name"
        ),
        (
            "run: x\n    limits: {memory: 512}",
            ":4:22: job \"a\", limits.memory: is 512 without a unit; write it like 64KiB, 512MiB or 1GB"
        ),
        (
            "run: x\n    limits: {memory: 5MI}",
            ":4:22: job \"a\", limits.memory: has the unit \"MI\"; B, KB, MB, GB, TB, KiB, MiB, GiB and TiB will do"
        ),
        (
            "run: x\n    limits: {cpu: 1500ms}",
            ":4:19: job \"a\", limits.cpu: is 1s500ms; it is counted in whole seconds, as in 60s"
        ),
        ("run: x\n    dst: {gap: both}", ":4:16: job \"a\", dst.gap: is \"both\"; next, skip will do"),
        (
            "run: x\n    after: [b]",
            ":4:12: job \"a\", after: there is no job \"b\"; name one that is defined"
        ),
        (
            "celery: {task: x}\n    run: x",
            ":3:5: job \"a\", celery: run is given too, but a job does one thing; make them two jobs"
        ),
        ("celery: {}", ":3:13: job \"a\", celery: task is missing: the task's name, as in app.tasks.newsletter"),
        ("celery: a.b", ":3:13: job \"a\", celery: is text where a map belongs, such as {task: a.b}"),
        (
            "celery: {task: a.b, args: {x: 1}}",
            ":3:31: job \"a\", celery.args: is a map where a list belongs, such as [weekly, 3]; kwargs takes a map"
        ),
        (
            "celery: {task: a.b, kwargs: [1]}",
            ":3:33: job \"a\", celery.kwargs: is a list where a map belongs, such as {size: 3}"
        ),
        (
            "celery: {task: a.b, args: [007]}",
            ":3:32: job \"a\", celery.args: is 007; write \"007\" in quotes for text, or a number without its zeros"
        ),
        (
            "celery: {task: a.b, args: [\"${x\"]}",
            ":3:32: job \"a\", celery.args: \"${x\" is not a variable; write ${NAME}, or $${ for the characters themselves"
        ),
        (
            "celery: {task: a.b, countdown: 2h}",
            ":3:13: job \"a\", celery.countdown: is 2h; up to 30m will do, as a worker holds the task in memory meanwhile;"
                + " let the schedule wait instead"
        ),
        (
            "celery: {task: a.b, headers: {id: x}}",
            ":3:13: job \"a\", celery.headers.id: is set by the message itself; leave it out"
        ),
        (
            "celery: {task: a.b, priority: 300}",
            ":3:35: job \"a\", celery.priority: is 300; 0 to 255 will do"
        ),
        (
            "celery: {task: a.b}\n    env: {A: b}",
            ":4:5: job \"a\", env: a job of celery has no process; leave it out"
        ),
        (
            "run: x\n    pool: db",
            ":4:5: job \"a\", pool: pools are not in this version yet; limit bounds the runs of one job"
        ),
        ("run: x\n    schedule: '@daily'", ":4:5: job \"a\": unknown key \"schedule\"; did you mean `cron`?"),
    ])
    func aBadValueIsToldWithItsPlaceAndARemedy(keys: String, expected: String) {
        #expect(jobProblems(keys) == [expected])
    }

    @Test func momentsWithoutAnOffsetAreRefusedWhereTheZoneIsNotUTC() {
        #expect(
            jobProblems("at: 2026-12-24 18:00", "timezone: Asia/Shanghai", "run: x") == [
                ":3:9: job \"a\", at: is \"2026-12-24 18:00\" without an offset; in Asia/Shanghai write "
                    + "2026-12-24T18:00:00+08:00"
            ])
        #expect(jobProblems("at: 2026-12-24 18:00", "run: x").isEmpty)
        #expect(
            jobProblems("at: 24.12.2026", "run: x") == [
                ":3:9: job \"a\", at: is \"24.12.2026\", which is not a moment; write it like 2026-12-24T18:00:00+08:00"
            ])
    }

    @Test func aNameThatTheStoreCannotKeepIsRefusedBesideOtherProblems() {
        #expect(
            fileProblems("jobs: {'my job': {run: x, evry: 5m}}") == [
                ":1:8: job \"my job\", name: a job's name has 1 to 200 characters of letters, digits, '_', '-', '.' and '/'",
                ":1:27: job \"my job\": unknown key \"evry\"; did you mean `every`?",
            ])
    }

    @Test func theWrongKindOfValueIsNamed() {
        #expect(
            fileProblems("store: [a]\nlisten: {a: b}\nnode: x\ndefaults:\njobs: [a]\n") == [
                ":1:8: store: is a list where text belongs", ":2:9: listen: is a map where text belongs",
                ":3:7: node: is text where a map belongs, such as {name: …}",
                ":4:1: defaults: is empty; give it a value or leave the key out",
                ":5:7: jobs: is a list where a map of jobs by name belongs, such as {backup: {cron: …, run: …}}",
            ])
        #expect(
            fileProblems("jobs: {a: ./x.sh, b: }") == [
                ":1:11: job \"a\": is text where a map belongs, such as {run: …}",
                ":1:19: job \"b\": it is empty; give it a schedule and run, exec, http or celery, or signal",
            ])
    }

    @Test(arguments: [
        ("timout", "timeout"), ("tiemout", "timeout"), ("catchup", "catch_up"), ("Cron", "cron"),
        ("enviroment", "environment"),
        ("cwd", "dir"),
    ])
    func anUnknownKeySuggestsTheNearest(wrong: String, right: String) {
        #expect(
            jobProblems("run: x", "\(wrong): x") == [
                ":4:5: job \"a\": unknown key \"\(wrong)\"; did you mean `\(right)`?"
            ])
    }

    @Test func aKeyLikeNoOtherIsAnsweredWithAllThatMayStandThere() {
        #expect(
            fileProblems("node: {colour: red}\njobs: {a: {run: x}}") == [
                ":1:8: node: unknown key \"colour\"; what may stand here is name, roles, slots, queues, drain, keep, output"
            ])
    }
}

@Suite struct ConfigurationWarningTests {
    private func warnings(_ keys: String) throws -> [String] {
        try parseFile("jobs:\n  a:\n    \(keys)\n").warnings.map { String($0.summary.dropFirst("onebeat.yaml".count)) }
    }

    @Test(arguments: [
        ("run: x\n    at: 2026-01-01", ":3:5: job \"a\": it never fires again"),
        (
            "run: x\n    every: 100ms",
            ":4:5: job \"a\", every: each of its fires is stored; below 1s that is a lot of history"
        ),
        (
            "run: x\n    user: www-data",
            ":4:5: job \"a\", user: only a node that runs as root, or as www-data, can start it"
        ),
        (
            "run: x\n    every: 5m\n    timeout: 1h",
            ":5:5: job \"a\", timeout: a run may take 1h, but the next is due after 5m and is skipped then (overlap: skip)"
        ),
        (
            "run: x\n    catch_up: 3",
            ":4:5: job \"a\", catch_up: has no effect while missed is latest; it bounds missed: all"
        ),
        ("run: x\n    dst: {gap: skip}", ":4:5: job \"a\", dst: has no effect without cron"),
        (
            "run: x\n    env: {PATH: '$PATH:/opt'}",
            ":4:17: job \"a\", env.PATH: $NAME is taken as it stands; write ${NAME} for a variable's value"
        ),
    ])
    func whatIsProbablyNotMeantIsAWarning(keys: String, expected: String) throws {
        #expect(try warnings(keys) == [expected])
    }

    @Test func whatIsMeantIsNoWarning() throws {
        #expect(try warnings("run: x\n    every: 5m\n    timeout: 1h\n    overlap: queue").isEmpty)
        #expect(try warnings("run: x\n    every: 2h\n    timeout: 1h").isEmpty)
        #expect(try warnings("run: x\n    missed: all\n    catch_up: 3").isEmpty)
        #expect(try warnings("run: x\n    delay: 1m").isEmpty)
    }

    @Test func aFileWithoutJobsIsAWarning() throws {
        #expect(try parseFile("store: sqlite:x.db").warnings.map(\.message) == ["there are no jobs in this file"])
    }
}
