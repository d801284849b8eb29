import Onebeat
import Testing

@testable import OnebeatServer

/// What the exporter prints, made a configuration; with a real application in EndToEndTests/CeleryImportTests.
struct CeleryImportTests {
    /// - Parameters:
    ///   - entry: what the entry has beside, or in place of, the usual.
    ///   - app: the same of the application.
    private func imported(_ entry: String, _ app: String = "{}") throws -> ImportedFile {
        func value(_ text: String) throws -> JSONValue {
            try JSONValue(json: Array(text.utf8))
        }
        let usual = try value(
            #"""
            {"name": "a", "task": "t.a", "args": [], "kwargs": {}, "queue": "celery", "options": {}, "left": [],
             "registered": true, "problems": []}
            """#)
        let usualApp = try value(
            #"""
            {"timezone": "Europe/Paris", "broker": "redis://cache/0", "results": "redis://cache/1", "queue": "celery",
             "serializer": "json", "prefix": null, "results_prefix": null, "priority_steps": [0, 3, 6, 9],
             "separator": "\u0006\u0016", "scheduler": "celery.beat:PersistentScheduler"}
            """#)
        let entries = JSONValue.object(["entries": .array([try value("{\(entry)}").filled(from: usual)])])
        return try CeleryImport.file(try value(app).filled(from: entries).filled(from: usualApp).text, name: "shop:app")
    }

    private func job(_ entry: String) throws -> JobDefinition? {
        let text = try imported(entry).yaml
        return try ConfigurationFile.parse(text, path: "f", environment: [:], now: Timestamp(seconds: 1_800_000_000))
            .jobs.first
    }

    private static let everyDay = (1...31).map(String.init).joined(separator: ", ")
    private static let everyMonth = (1...12).map(String.init).joined(separator: ", ")

    private func crontab(_ minute: String, _ hour: String, _ day: String, _ week: String) -> String {
        #""schedule": {"type": "crontab", "sets": {"minute": [\#(minute)], "hour": [\#(hour)], "day_of_month": [\#(day)], "#
            + #""month_of_year": [\#(Self.everyMonth)], "day_of_week": [\#(week)]}, "nowfun": false}"#
    }

    /// On 13 and Friday alike: Debian's rule would fire on either.
    @Test func bothFieldsOfDaysMustMatchWhereBothAreNamed() throws {
        let job = try #require(try job(crontab("0", "0", "13", "5")))
        #expect(job.schedule.rhythm == .cron(["0 0 13 * 5"]) && job.schedule.dialect == .celery)
        let schedule = try Schedule(job.schedule, jobName: "a")
        let fires = schedule.occurrences(
            after: Timestamp(iso8601: "2026-01-01T00:00:00Z")!, through: Timestamp(iso8601: "2027-01-01T00:00:00Z")!,
            limit: 100)
        #expect(fires.map { "\($0)".prefix(10) } == ["2026-02-12", "2026-03-12", "2026-11-12"])
    }

    @Test func fieldsAreWrittenAsAPersonWould() throws {
        let job = try #require(try job(crontab("0, 15, 30, 45", "9, 10, 11, 12", Self.everyDay, "1, 2, 3, 4, 5")))
        #expect(job.schedule.rhythm == .cron(["*/15 9-12 * * 1-5"]))
        #expect(job.schedule.dialect == .debian && job.schedule.timezone == "Europe/Paris")
        #expect(CelerySchedule.field([22, 23, 0, 1, 2], 0...23) == "0,1,2,22,23")
        #expect(CelerySchedule.field([0, 2, 4, 6], 0...6) == "*/2")
        #expect(CelerySchedule.field([1, 11, 21], 1...31) == "1,11,21")
    }

    @Test func optionsAndArgumentsComeAlong() throws {
        let job = try #require(
            try job(
                """
                "schedule": {"type": "interval", "seconds": 90.5}, "args": [1, "${HOME}", {"n": null}], "queue": "mail",
                "options": {"priority": 3, "expires": 60.0, "headers": {"x": "y"}}
                """))
        guard case .celery(let call) = job.work else {
            Issue.record("it is \(job.work.kind)")
            return
        }
        #expect(job.schedule.rhythm == .every(.milliseconds(90_500)))
        #expect(
            call.arguments == [.int(1), "$${HOME}", .object(["n": .null])], "what is no variable is kept from being one"
        )
        #expect(
            call.queue == "mail" && call.priority == 3 && call.expires == .seconds(60) && call.headers == ["x": "y"])
        #expect(job.policies.overlap == .allow)
    }

    @Test func theSunComesAlong() throws {
        let job = try #require(
            try job(#""schedule": {"type": "solar", "event": "sunset", "latitude": 48.85, "longitude": 2.35}"#))
        #expect(job.schedule.rhythm == .solar(SolarEvent(.sunset, latitude: 48.85, longitude: 2.35)))
    }

    @Test(arguments: [
        #""schedule": {"type": "unknown", "python": "redbeat.rrule"}"#,
        #""schedule": {"type": "interval", "seconds": 0.0}"#,
        #""schedule": {"type": "solar", "event": "full_moon", "latitude": 1, "longitude": 1}"#,
        #""schedule": {"type": "interval", "seconds": 5.0, "nowfun": true}"#,
        #""schedule": {"type": "interval", "seconds": 5.0}, "problems": ["kwargs.now is worked out by Python"]"#,
    ])
    func whatCannotBeCarriedOverIsKeptAsAComment(_ entry: String) throws {
        let result = try imported(entry)
        #expect(result.jobCount == 0)
        #expect(result.yaml.contains("# a: task t.a, not carried over:"))
        #expect(result.remarks.contains { $0.hasPrefix("a is not carried over: ") })
    }

    @Test func anOptionThatIsLeftIsTold() throws {
        let result = try imported(#""schedule": {"type": "interval", "seconds": 5.0}, "left": ["link=add()"]"#)
        #expect(
            result.jobCount == 1 && result.yaml.contains("# a has the option link=add(), which is not carried over"))
    }

    /// A run whose end nobody can tell would not end.
    @Test(arguments: [
        (#""cache+memory://""#, true), (#""db+sqlite:///x""#, true), (#""rpc://""#, true), ("null", true),
        (#""""#, true),
        (#""redis://cache/1""#, false), (#""rediss://:x@cache/1""#, false),
        // It is told, and a variable stands for it.
        (#""rediss://cache/1?ssl_cert_reqs=none""#, false),
    ])
    func whereNoResultCanBeReadTheMessageIsTheEnd(_ results: String, _ isDispatch: Bool) throws {
        let file = try imported(#""schedule": {"type": "interval", "seconds": 5.0}"#, #"{"results": \#(results)}"#)
        #expect(file.yaml.contains("outcome: dispatch") == isDispatch, "\(file.yaml)")
        #expect(file.remarks.contains { $0.contains("jobs end as soon as they are sent") } == isDispatch)
    }

    @Test func numbersStayWhatTheyWere() throws {
        let file = try imported(
            #""schedule": {"type": "interval", "seconds": 5.0}, "args": [1.0, -0.0, 1, 1180591620717411303424]"#)
        #expect(file.yaml.contains("args: [1.0, -0.0, 1, 1180591620717411303424]"), "\(file.yaml)")
    }

    @Test func aSoftLimitThatWouldNeverComeIsTold() throws {
        let file = try imported(
            #""schedule": {"type": "interval", "seconds": 5.0}, "options": {"time_limit": 9, "soft_time_limit": 9}"#)
        #expect(file.jobCount == 1 && file.yaml.contains("a has the option soft_time_limit=9.0"), "\(file.yaml)")
    }

    @Test func aPasswordStaysOutOfTheFile() throws {
        let text = try imported(
            #""schedule": {"type": "interval", "seconds": 5.0}"#, #"{"broker": "redis://:hush@cache/0"}"#
        ).yaml
        #expect(!text.contains("hush") && text.contains("broker: \"${CELERY_BROKER_URL}\""), "\(text)")
    }

    @Test func namesAreMadeFit() throws {
        let result = try imported(#""name": "t.a(x=1) — nightly", "schedule": {"type": "interval", "seconds": 5.0}"#)
        #expect(result.yaml.contains("  t.a-x-1-nightly:\n"), "\(result.yaml)")
        #expect(result.yaml.contains("# In Celery: t.a(x=1) — nightly"))
    }

    @Test func whatIsNoExportIsRefused() {
        #expect(throws: ImportError.self) { try CeleryImport.file("Hello", name: "x") }
    }
}
