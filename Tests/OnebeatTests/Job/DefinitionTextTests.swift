import Testing

@testable import Onebeat

/// The form in which definitions are stored: it survives versions, and what cannot be read is one job's trouble.
struct DefinitionTextTests {
    /// A definition with no property at its default.
    private static var full: JobDefinition {
        var policies = JobPolicies()
        policies.overlapScope = .flow
        policies.overlap = .queueAll
        policies.limit = 3
        policies.missed = .all
        policies.deadline = .milliseconds(1500)
        policies.catchUp = 7
        policies.retry = RetryPolicy(limit: 2, backoff: .seconds(1), max: .seconds(90), jitter: 0.75)
        policies.timeout = .seconds(60)
        policies.delivery = .atMostOnce
        policies.priority = -5
        policies.queue = "mail"
        policies.expect = .microseconds(2)
        policies.triggerRule = .oneFailed
        var settings = ProcessSettings()
        settings.environment = ["A": "1", "B": "${SECRET}"]
        settings.directory = "/srv"
        settings.user = "nobody"
        settings.memory = 1 << 40
        settings.cpu = 60
        settings.nice = -3
        settings.grace = .seconds(20)
        settings.base = .inherit
        settings.leave = true
        settings.output = .separate
        var schedule = ScheduleDefinition(
            .cron(["0 3 * * *", "@daily"]), timezone: "Asia/Shanghai", start: Timestamp(seconds: 1),
            end: Timestamp(microseconds: 5_000_001), spread: .seconds(300), except: ["2026-12-25"],
            daylightSaving: .init(gap: .skip, overlap: .both))
        schedule.dialect = .celery
        var definition = JobDefinition(
            name: "backup", schedule: schedule, work: .shell("echo \"ü\"", settings), policies: policies,
            description: "Saves the shop")
        definition.tags = ["shop", "nightly"]
        definition.owner = "anna"
        definition.needs = ["load": .within(.seconds(93_600)), "mail": .sameDay]
        definition.hasSecretOutput = true
        definition.each = Each(in: "load", at: ["files", "0"])
        definition.by = TimeOfDay("06:30")
        return definition
    }

    private static var task: CeleryCall {
        var task = CeleryCall(task: "app.tasks.newsletter")
        task.arguments = [.null, .bool(true), .int(-3), .number(0.5), "a \"b\"", .array([.object(["c": "é"])])]
        task.keywords = ["size": .int(3)]
        task.queue = "mail"
        task.priority = 6
        task.expires = .seconds(60)
        task.countdown = .seconds(2)
        task.timeLimit = .seconds(10)
        task.softTimeLimit = .seconds(9)
        task.headers = ["trace": "x"]
        task.outcome = .dispatch
        return task
    }

    private static var call: HTTPCall {
        var call = HTTPCall(
            url: "https://example.com/", method: "PUT", headers: ["X-A": "b"], body: "{}", expected: [200, 302],
            timeout: .seconds(5), redirects: 2, authorities: "/ca.pem")
        call.handsOnBody = true
        return call
    }

    private func stored(_ definition: JobDefinition) throws -> JobDefinition {
        DefinitionText.decode(try DefinitionText.encode(definition), of: definition.name)
    }

    @Test func everyPropertySurvives() throws {
        #expect(try stored(Self.full) == Self.full)
        for work in [
            Work.command(["a", "b c"], ProcessSettings()), .http(Self.call), .celery(Self.task), .handler,
            .signal(SignalWatch(.cron("0 3 * * *", timezone: "Asia/Shanghai"), grace: .seconds(90))),
        ] {
            var definition = Self.full
            definition.work = work
            #expect(try stored(definition) == definition)
        }
        for rhythm: ScheduleDefinition.Rhythm in [
            .every(.seconds(30)), .delay(.milliseconds(10)), .at([Timestamp(seconds: 9)]),
            .repeat("R10/2026-01-01T00:00:00Z/PT6H"), .after(["a", "b"]), .event("arrived"),
            .solar(SolarEvent(.duskCivil, latitude: 78.22, longitude: -15)), .manual,
        ] {
            let definition = JobDefinition(name: "a", schedule: ScheduleDefinition(rhythm), work: .handler)
            #expect(try stored(definition) == definition)
        }
    }

    /// A property that is added and forgotten here would be lost in every store without a word.
    @Test func theDefinitionAboveLeavesNoPropertyAtItsDefault() {
        func expectNoDefault<Value>(_ value: Value, _ usual: Value) {
            for (own, other) in zip(Mirror(reflecting: value).children, Mirror(reflecting: usual).children)
            where !["trouble", "foreign", "name", "work", "schedule", "policies", "alias"].contains(own.label ?? "") {
                #expect(
                    String(describing: own.value) != String(describing: other.value),
                    "\(Value.self).\(own.label ?? "") is at its default: does it survive being stored?")
            }
        }
        guard case .shell(_, let settings) = Self.full.work else { return }
        let usual = JobDefinition(name: "a", schedule: .manual, work: .handler)
        expectNoDefault(Self.full, usual)
        expectNoDefault(Self.full.schedule, usual.schedule)
        expectNoDefault(Self.full.policies, usual.policies)
        expectNoDefault(Self.full.policies.retry, usual.policies.retry)
        expectNoDefault(settings, ProcessSettings())
        expectNoDefault(Self.call, HTTPCall(url: ""))
    }

    @Test func aPersonCanReadIt() throws {
        let definition = JobDefinition(name: "tick", schedule: .every(.seconds(90)), work: .shell("true", .init()))
        #expect(
            try DefinitionText.encode(definition) == """
                {"format":2,"name":"tick","policies":{"catch_up":100,"deadline":"1h","delivery":"at_least_once",\
                "missed":"latest","overlap":"skip","priority":0,"queue":"default",\
                "retry":{"backoff":"10s","jitter":0.2,"limit":0,"max":"1h"},\
                "trigger_rule":"all_success"},"schedule":{"every":"1m30s"},\
                "work":{"grace":"10s","kind":"run","line":"true"}}
                """)
    }

    @Test func whatANewerVersionWroteIsKept() throws {
        let text = """
            {"colour":"red","format":2,"name":"a","policies":{"mood":[1,2.5,null],"retry":{"limit":1}},\
            "schedule":{"every":"1s","moon":{"phase":"full"}},"work":{"kind":"run","line":"true","nap":true}}
            """
        let definition = DefinitionText.decode(text, of: "a")
        #expect(definition.trouble == nil)
        #expect(definition.policies.retry == RetryPolicy(limit: 1), "what is missing takes the default")
        let again = try DefinitionText.encode(definition)
        for part in [#""colour":"red""#, #""mood":[1,2.5,null]"#, #""moon":{"phase":"full"}"#, #""nap":true"#] {
            #expect(again.contains(part), "\(part) is lost: \(again)")
        }
    }

    @Test(arguments: [
        (#"{"format":2,"name":"a","schedule":{},"work":{"kind":"python","file":"a.py"}}"#, "kind \"python\""),
        (#"{"format":2,"name":"a","schedule":{"tide":"high"},"work":{"kind":"handler"}}"#, "due by \"tide\""),
        (
            #"{"format":2,"name":"a","schedule":{},"work":{"kind":"handler"},"policies":{"overlap":"race"}}"#,
            #"policies.overlap is "race""#
        ),
        (#"{"format":2,"name":"a","schedule":{},"work":{"kind":"handler"},"policies":{"limit":"1"}}"#, "whole number"),
        (#"{"format":2,"name":"a","schedule":{"every":"soon"},"work":{"kind":"handler"}}"#, "schedule.every"),
        (#"{"format":2,"name":"a","schedule":{},"work":{"kind":"run"}}"#, "work.line is missing"),
        (#"{"format":3,"name":"a"}"#, "number 3"), (#"{"format":2}"#, "no name"), ("[]", "no JSON object"),
        ("", "no JSON"), ("{", "no JSON"), (#"{"name":"a"}"#, "no schedule"),
        (#"{"name":"a","schedule":{},"work":{"rocket":{}},"policies":{}}"#, "unknown kind"),
    ])
    func whatCannotBeReadSaysWhyAndWhatWouldDo(_ text: String, _ words: String) throws {
        let definition = DefinitionText.decode(text, of: "a")
        #expect(definition.name == "a")
        let trouble = try #require(definition.trouble)
        #expect(trouble.contains(words) && trouble.contains("upgrade this node"), "\(trouble)")
        #expect(throws: ScheduleError.self) { try Schedule(of: definition) }
    }

    @Test func version01IsRead() {
        let text = """
            {"description":"Saves","name":"backup","policies":{"catchUp":7,"deadline":[487,16435636103448363008],\
            "delivery":"at_most_once","expect":[1,11553255926290448384],"limit":2,"missed":"all","overlap":"queue",\
            "priority":5,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.5,"limit":3,\
            "max":[32,9704189641294348288]},"timeout":[292,13550730476810928128]},"schedule":{"cron":["0 3 * * *"],\
            "dst":{"gap":"skip","overlap":"both"},"spread":"5m","timezone":"Europe/Berlin"},"work":{"shell":{\
            "_0":"echo saved","_1":{"cpu":600,"directory":"/tmp","environment":{"LEVEL":"9"},\
            "grace":[1,1553255926290448384],"memory":536870912,"nice":5}}}}
            """
        let read = DefinitionText.decode(text, of: "backup")
        #expect(read.trouble == nil)
        #expect(read.policies.deadline == .seconds(9000))
        #expect(read.policies.retry == RetryPolicy(limit: 3, backoff: .seconds(10), max: .seconds(600), jitter: 0.5))
        #expect(read.policies.timeout == .seconds(5400) && read.policies.expect == .seconds(30))
        #expect(read.schedule.daylightSaving == .init(gap: .skip, overlap: .both))
        guard case .shell("echo saved", let settings) = read.work else {
            Issue.record("\(read.work)")
            return
        }
        #expect(settings.grace == .seconds(20) && settings.memory == 512 << 20)
        #expect(settings.environment == ["LEVEL": "9"])
    }

    @Test func wordsThatAreNotKnownAreNeverTakenForOthers() {
        #expect(RunState(stored: "floating") == .unknown && !RunState.unknown.isTerminal)
        #expect(RunKind(stored: "lunar") == .unknown)
        #expect(Reason(stored: "weather") == .unknown)
        for state in RunState.allCases { #expect(RunState(stored: state.rawValue) == state) }
    }
}
