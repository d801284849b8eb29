import Onebeat
import Testing

@testable import OnebeatServer

/// What the exporter prints, made a configuration; the exporter itself runs in EndToEndTests/ImportTests.
struct AirflowImportTests {
    private static let task =
        #""operator": "BashOperator", "is_mapped": false, "rule": "all_success", "retries": 0, "grows": false, "owner": "airflow", "left": []"#

    /// - Parameters:
    ///   - dag: members of a DAG beside, or in place of, the usual.
    ///   - tasks: its tasks, members of each.
    private func imported(
        _ dag: String, _ tasks: [String]
    ) throws -> (file: ImportedFile, jobs: [String: JobDefinition]) {
        let usual = try #require(
            JSONValue.reading(
                #"{"id": "d", "file": "d.py", "timezone": "UTC", "catchup": false, "limit": 16, "is_paused": false, "tags": []}"#
            ))
        let usualTask = try #require(JSONValue.reading("{\(Self.task)}"))
        let own = try #require(JSONValue.reading("{\(dag)}"))
        let list = try tasks.map { try #require(JSONValue.reading("{\($0)}")).filled(from: usualTask) }
        let whole = own.filled(from: usual).filled(from: .object(["tasks": .array(list)]))
        let export = JSONValue.object(["is_stub": .bool(false), "dags": .array([whole]), "errors": .array([])])
        let file = try AirflowImport.file(export.text, name: "dags")
        guard file.jobCount > 0 else { return (file, [:]) }
        let read = try ConfigurationFile.parse(file.yaml, path: "f", environment: [:], now: Timestamp(seconds: 0))
        return (file, Dictionary(read.jobs.map { ($0.name, $0) }) { first, _ in first })
    }

    private static let one = #""id": "t", "upstream": [], "bash": "ls""#

    @Test func theFirstTaskHasTheScheduleAndOthersFollow() throws {
        let (_, jobs) = try imported(
            #""schedule": {"type": "cron", "crons": ["30 2 */2 * 5"]}, "timezone": "Europe/Berlin", "start": "2026-01-01T00:00:00Z", "#
                + #""limit": 1, "catchup": true, "tags": ["nightly"]"#,
            [
                Self.one,
                #""id": "u", "upstream": ["t"], "bash": "true", "retries": 2, "retry_delay": 180.0, "timeout": 60.0"#,
                #""id": "v", "upstream": ["t", "u"], "bash": "true", "rule": "all_done", "retries": 1, "grows": true, "owner": "anna""#,
            ])
        let first = try #require(jobs["d/t"])
        #expect(first.schedule.rhythm == .cron(["30 2 1-31/2 * 5"]) && first.schedule.timezone == "Europe/Berlin")
        #expect(first.policies.missed == .all && first.policies.overlap == .queueAll && first.policies.limit == nil)
        #expect(first.tags == ["nightly"])
        #expect(first.work == .command(["bash", "-c", "ls"], ProcessSettings()))
        let second = try #require(jobs["d/u"]), third = try #require(jobs["d/v"])
        #expect(second.schedule.rhythm == .after(["d/t"]) && third.schedule.rhythm == .after(["d/t", "d/u"]))
        #expect(second.policies.retry == RetryPolicy(limit: 2, backoff: .seconds(180), max: .seconds(180), jitter: 0))
        #expect(
            second.policies.timeout == .seconds(60) && third.policies.triggerRule == .allDone && third.owner == "anna")
        #expect(third.policies.retry.backoff == .seconds(300) && third.policies.retry.max == .seconds(86_400))
    }

    @Test func aJobStandsBeforeSeveralFirstTasks() throws {
        let (_, jobs) = try imported(
            #""schedule": {"type": "delta", "seconds": 21600.0}, "start": "2026-01-01T00:00:00Z""#,
            [Self.one, #""id": "u", "upstream": [], "bash": "true""#])
        #expect(jobs["d"]?.schedule.rhythm == .every(.seconds(21_600)))
        #expect(jobs["d/t"]?.schedule.rhythm == .after(["d"]) && jobs["d/u"]?.schedule.rhythm == .after(["d"]))
        #expect(jobs["d/t"]?.policies.limit == 16)
    }

    @Test(arguments: [
        (#"{"type": "none"}"#, "manual"), (#"{"type": "cron", "crons": ["0 3 * * * 15"]}"#, "15 0 3 * * *"),
        (#"{"type": "events", "moments": ["2030-01-01T00:00:00Z"]}"#, "2030-01-01"),
        (#"{"type": "cron", "crons": ["0 1 * * *", "0 2 * * *"], "timezone": "Asia/Tokyo"}"#, "0 1 * * *"),
    ])
    func schedulesComeAlong(_ schedule: String, _ words: String) throws {
        let job = try #require(try imported(#""schedule": \#(schedule)"#, [Self.one]).jobs["d/t"])
        #expect("\(job.schedule.rhythm)".contains(words), "\(job.schedule)")
    }

    @Test(arguments: [
        (#"{"type": "once"}"#, "@once"), (#"{"type": "continuous"}"#, "@continuous"),
        (#"{"type": "unknown", "python": "Asset(x)"}"#, "Asset(x)"),
        (#"{"type": "delta", "seconds": 0.0}"#, "its interval"),
        (#"{"type": "events", "moments": [null]}"#, "no moments"),
        (#"{"type": "cron", "crons": ["61 * * * *"]}"#, "minutes end"),
    ])
    func schedulesThatCannotComeAlongAreToldWithAllThatFollows(_ schedule: String, _ words: String) throws {
        let (file, jobs) = try imported(
            #""schedule": \#(schedule)"#, [Self.one, #""id": "u", "upstream": ["t"], "bash": "true""#])
        #expect(jobs.isEmpty)
        #expect(
            file.remarks.contains { $0.hasPrefix("d/t is not carried over") && $0.contains(words) }, "\(file.remarks)")
        #expect(file.remarks.contains { $0.hasPrefix("d/u is not carried over: it follows d/t") })
    }

    @Test func whatATaskDoesComesAlongWhereItIsALine() throws {
        let (file, jobs) = try imported(
            #""schedule": {"type": "none"}"#,
            [
                #""id": "t", "upstream": [], "bash": "echo $A", "env": {"A": "${B}"}, "cwd": "/srv""#,
                #""id": "jinja", "upstream": ["t"], "bash": "echo {{ ds }}""#,
                #""id": "script", "upstream": ["t"], "bash": "run.sh""#,
                #""id": "python", "upstream": ["t"], "operator": "PythonOperator", "function": "shop.crunch", "left": ["pool='small'"]"#,
                #""id": "empty", "upstream": ["t"], "operator": "EmptyOperator""#,
                #""id": "mapped", "upstream": ["t"], "is_mapped": true"#,
                #""id": "odd", "upstream": ["t"], "rule": "one_done""#,
            ])
        guard case .command(_, let settings)? = jobs["d/t"]?.work else {
            Issue.record("it is no command")
            return
        }
        #expect(settings.environment["A"] == "$${B}" && settings.directory == "/srv")
        #expect(jobs["d/empty"]?.work == .shell("true", ProcessSettings()))
        for line in [
            "# Its command is a template: echo {{ ds }}", "# Its command is a template: run.sh",
            "# In Airflow: PythonOperator, shop.crunch", "# d/python has pool='small', which is not carried over",
            "# d/mapped: BashOperator in d.py, not carried over:", "# d/odd: BashOperator in d.py, not carried over:",
        ] {
            #expect(file.yaml.contains(line), "\(line) is not in \(file.yaml)")
        }
    }

    @Test func aPausedDAGIsAComment() throws {
        let (file, jobs) = try imported(#""schedule": {"type": "none"}, "is_paused": true"#, [Self.one])
        #expect(jobs.isEmpty && file.yaml.contains("# Disabled in Airflow:\n  # d/t:"))
    }

    @Test(arguments: ["{}", "x", #"{"is_stub": true, "dags": [], "errors": [{"file": "a.py", "error": "E"}]}"#])
    func whatHasNoDAGIsRefused(_ export: String) {
        #expect(throws: ImportError.self) { try AirflowImport.file(export, name: "dags") }
    }
}
