import Onebeat
import OnebeatCelery
import Testing

@testable import OnebeatServer

struct CeleryReaderTests {
    private func file(_ text: String) throws -> ConfigurationFile {
        try ConfigurationFile.parse(
            text, path: "f.yaml", environment: ["HOST": "cache"], now: Timestamp(seconds: 1_800_000_000))
    }

    private func settings(_ text: String, environment: [String: String] = [:]) throws -> Settings {
        try Settings.resolve(environment: environment, file: try file(text), hostName: "a")
    }

    @Test func aTaskIsReadAsItIsWritten() throws {
        let job = try #require(
            try file(
                """
                celery: {broker: redis://cache/0}
                jobs:
                  a:
                    celery:
                      task: app.newsletter
                      args: [weekly, "3", 3, 0.5, true, null, {deep: [no, 1e3]}]
                      kwargs: {size: -2, word: "${HOST}"}
                      queue: mail
                      priority: 6
                      expires: 10m
                      time_limit: 5m
                      soft_time_limit: 4m
                      headers: {trace: x}
                      outcome: dispatch
                """
            ).jobs.first)
        guard case .celery(let call) = job.work else {
            Issue.record("it is \(job.work.kind)")
            return
        }
        #expect(
            call.arguments == [
                "weekly", "3", .int(3), .number(0.5), .bool(true), .null,
                .object(["deep": .array(["no", .number(1000)])]),
            ])
        #expect(call.keywords == ["size": .int(-2), "word": "${HOST}"])
        #expect(call.queue == "mail" && call.priority == 6 && call.expires == .seconds(600))
        #expect(call.timeLimit == .seconds(300) && call.softTimeLimit == .seconds(240))
        #expect(call.headers == ["trace": "x"] && call.outcome == .dispatch)
        #expect(job.need == "celery" && job.work.isRemote)
    }

    /// So that applying a file twice changes nothing.
    @Test func aTaskIsStoredAsItIsRead() throws {
        let jobs = try file(
            """
            celery: {broker: redis://cache/0}
            jobs: {a: {celery: {task: t, args: [1.0, -0.0, 1, 18446744073709551616, 1e300, 0.1, "é"], kwargs: {a: {b: []}}, countdown: 1s}}}
            """
        ).jobs
        let text = try DefinitionText.encode(try #require(jobs.first))
        #expect(text.contains(#"[1.0,-0.0,1,18446744073709551616,1e+300,0.1,"é"]"#), "\(text)")
        for job in jobs { #expect(DefinitionText.decode(try DefinitionText.encode(job), of: job.name) == job) }
    }

    @Test func theBrokerIsTheFilesRedisUnlessAnotherIsNamed() throws {
        let job = "jobs: {a: {celery: {task: t}}}"
        let shared = try settings("redis: redis://cache:7000/2\n\(job)").celery.value
        #expect(shared?.broker.description == "redis://cache:7000/2" && shared?.results == shared?.broker)
        let named = try settings(
            """
            redis: redis://cache
            celery: {broker: "redis://${HOST}/3", results: redis://cache/4, prefix: "shop:", priority_steps: [0, 5], queue: q}
            \(job)
            """
        ).celery.value
        #expect(named?.broker.database == 3 && named?.results.database == 4)
        #expect(named?.prefix == "shop:" && named?.prioritySteps == [0, 5] && named?.queue == "q")
        let variable = try settings(job, environment: ["ONEBEAT_CELERY_BROKER": "redis://other"]).celery.value
        #expect(variable?.broker.host == "other")
        #expect(try settings("redis: redis://cache\njobs: {a: {run: x}}").celery.value == nil)
    }

    @Test func aTaskWithoutABrokerIsToldBeforeTheNodeStarts() throws {
        let error = #expect(throws: OnebeatServer.SettingsError.self) { try settings("jobs: {a: {celery: {task: t}}}") }
        #expect(
            error?.problems == [
                "job \"a\" is a task of Celery, and no broker is named; write celery: {broker: redis://HOST/0}, as the application has it"
            ])
    }
}
