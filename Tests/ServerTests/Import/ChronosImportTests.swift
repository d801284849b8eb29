import Onebeat
import Testing

@testable import OnebeatServer

/// Jobs in the form in which Chronos' manual has them, and in which its API lists them.
struct ChronosImportTests {
    private func imported(_ text: String) throws -> (file: ImportedFile, jobs: [String: JobDefinition]) {
        let file = try ChronosImport.file(text, name: "jobs.json")
        guard file.jobCount > 0 else { return (file, [:]) }
        let read = try ConfigurationFile.parse(file.yaml, path: "f", environment: [:], now: Timestamp(seconds: 0))
        return (file, Dictionary(read.jobs.map { ($0.name, $0) }) { first, _ in first })
    }

    @Test func aJobComesAlongWithWhatItHas() throws {
        let (file, jobs) = try imported(
            #"""
            [{"schedule": "R10/2032-10-01T05:52:00Z/PT2S", "name": "SAMPLE_JOB1", "epsilon": "PT15M",
              "command": "echo '${FOO}' >> /tmp/JOB1_OUT", "owner": "bob@example.com", "async": false, "retries": 4,
              "runAsUser": "etl", "description": "A sample", "shell": true, "arguments": [], "highPriority": true,
              "cpus": 0.1, "mem": 128.0, "disk": 256.0, "successCount": 100, "errorCount": 0, "lastError": "",
              "lastSuccess": "2013-03-15T13:02:14.243Z", "executor": "", "executorFlags": "", "softError": false,
              "uris": [], "fetch": [], "constraints": [], "concurrent": false, "disabled": false,
              "environmentVariables": [{"name": "A", "value": "${B}"}, {"name": "1x", "value": "y"}]}]
            """#)
        let job = try #require(jobs["SAMPLE_JOB1"])
        #expect(job.schedule.rhythm == .repeat("R10/2032-10-01T05:52:00Z/PT2S"))
        #expect(job.policies.deadline == .seconds(900) && job.policies.retry.limit == 4 && job.policies.priority == 1)
        #expect(job.owner == "bob@example.com" && job.description == "A sample" && job.policies.overlap == .skip)
        guard case .shell(_, let process) = job.work else {
            Issue.record("it is \(job.work.kind)")
            return
        }
        #expect(process.environment["A"] == "$${B}" && process.user == "etl")
        #expect(file.yaml.contains("# Last success in Chronos: 2013-03-15T13:02:14.243Z."))
        #expect(file.remarks.contains { $0.contains("\"1x\"") } && file.remarks.contains { $0.contains("cpus, mem") })
        #expect(file.remarks.count == 2, "what says nothing is not told: \(file.remarks)")
    }

    @Test func parentsAreFollowed() throws {
        let (file, jobs) = try imported(
            #"""
            [{"name": "summary", "command": "bash -x hive.bash", "epsilon": "PT30M", "parents": ["export one", "export-2"]},
             {"name": "export one", "command": "a", "parents": ["start"]}, {"name": "export-2", "command": "b", "parents": ["start"]},
             {"name": "start", "command": "c", "schedule": "R/2026-01-01T00:00:00Z/P1D"},
             {"name": "idle", "command": "d", "schedule": "R/2026-01-01T00:00:00Z/P1D", "disabled": true},
             {"name": "after idle", "command": "e", "parents": ["idle"]}]
            """#)
        #expect(jobs["summary"]?.schedule.rhythm == .after(["export-one", "export-2"]))
        #expect(jobs["summary"]?.policies.retry.limit == 2, "Chronos tries twice more, unless told")
        #expect(jobs["idle"] == nil && file.yaml.contains("# Disabled in Chronos:\n  # idle:"))
        #expect(
            file.remarks.contains { $0.hasPrefix("after idle is not carried over: it follows idle, which is disabled") }
        )
    }

    @Test func aZonesClockShowsWhatIsWritten() throws {
        let (_, jobs) = try imported(
            #"{"name": "a", "command": "b", "schedule": "R/2026-07-01T18:32:00Z/PT60M", "scheduleTimeZone": "Asia/Shanghai"}"#
        )
        let job = try #require(jobs["a"])
        let first = try Schedule(job.schedule, jobName: "a").next(after: .distantPast)
        #expect("\(try #require(first))" == "2026-07-01T10:32:00Z")
    }

    @Test(arguments: [
        (#""command": "b""#, "neither schedule nor parents"),
        (#""schedule": "R/2026-01-01T00:00:00Z/PT1H", "parents": ["x"], "command": "b""#, "both schedule and parents"),
        (#""schedule": "R//PT1H", "command": "b""#, "its start is not a moment"),
        (#""schedule": "R/2026-01-01T00:00:00Z/PT1H", "command": """#, "it has no command"),
        (#""schedule": "R/2026-01-01T00:00:00Z/PT1H", "command": "b", "scheduleTimeZone": "Mars""#, "no such zone"),
        (#""schedule": "R/2026-01-01T00:00:00Z/PT1H", "command": "b", "retries": 5000"#, "retry.limit"),
    ])
    func whatCannotComeAlongIsTold(_ members: String, _ words: String) throws {
        let (file, jobs) = try imported("[{\"name\": \"a\", \(members)}]")
        #expect(jobs.isEmpty)
        #expect(
            file.remarks.contains { $0.hasPrefix("a is not carried over: ") && $0.contains(words) }, "\(file.remarks)")
    }

    @Test func whatIsInAContainerIsAComment() throws {
        let (file, jobs) = try imported(
            #"""
            {"schedule": "R/2034-09-25T17:22:00Z/PT2M", "name": "dockerjob", "cpus": "0.5", "mem": "512", "fetch": [],
             "container": {"type": "DOCKER", "image": "libmesos/ubuntu", "network": "BRIDGE"}, "async": true,
             "constraints": [["rack", "EQUALS", "1"]], "command": "while sleep 10; do date; done"}
            """#)
        #expect(jobs["dockerjob"] != nil)
        #expect(file.yaml.contains("# In Chronos, in a container of libmesos/ubuntu: while sleep 10; do date; done"))
        for words in ["what it runs is known there alone", "async=true", "constraints=[[\"rack\""] {
            #expect(file.remarks.contains { $0.contains(words) }, "\(words) is not in \(file.remarks)")
        }
    }

    @Test(arguments: [
        ("[", "is no JSON"), ("[1]", "entry 1"), (#"[{"name": "a"}, {}]"#, "entry 2"), ("", "is no JSON"),
        ("[\n{\"name\": \"a\",\n \"command\": x}]", "line 3"),
    ])
    func whatIsNotOfChronosIsRefused(_ text: String, _ words: String) {
        let error = #expect(throws: ImportError.self) { try ChronosImport.file(text, name: "jobs.json") }
        #expect(error?.description.contains(words) == true && error?.description.hasPrefix("jobs.json") == true)
    }
}
