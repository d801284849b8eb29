import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct ConfigurationFileTests {
    /// A file that was cut short must not take every job away.
    @Test func jobsThatNeedOneAnotherAreDrawnAndUnknownOnesAreWarnedOf() throws {
        let circle = fileProblems(
            """
            jobs:
              a: {cron: "@daily", run: x, needs: {c: same_day}}
              b: {cron: "@daily", run: x, needs: {a: same_day}}
              c: {after: b, run: x}
            """)
        #expect(circle.count == 1 && circle[0].contains("in a circle: a → c → b → a"), "\(circle)")
        let file = try parseFile("jobs:\n  a: {cron: \"@daily\", run: x, needs: {elsewhere: same_day}}\n")
        #expect(file.warnings.map(\.summary).contains { $0.contains("there is no job \"elsewhere\" in this file") })
        #expect(fileProblems("jobs:\n  a: {run: x}\n  b: {run: x, needs: {a: same_day}}\n").isEmpty)
    }

    @Test func aListIsReadByTheNameOfItsJobAndWhatIsNoneIsSaid() throws {
        func file(_ keys: String) -> String {
            "jobs:\n  x: {every: 1h, run: x}\n  x.y: {after: x, run: x}\n  each: {after: x, run: x}\n  a: {run: x, \(keys)}\n"
        }
        func job(_ keys: String) throws -> JobDefinition? { try parseFile(file(keys)).jobs.first { $0.name == "a" } }
        #expect(try job("after: [x.y, x], each: x.y.files.0")?.each == Each(in: "x.y", at: ["files", "0"]))
        #expect(try job("after: x, each: x")?.policies.overlap == .allow)
        #expect(try job("after: x, each: x, limit: 3")?.policies.effectiveLimit == 3)
        #expect(try job("after: x, each: x, overlap: queue")?.policies.effectiveLimit == 1)
        for (keys, words) in [
            ("after: x, each: z.files", "z is not among those that it follows: x"),
            ("every: 1s, each: z.files", "name that job under after"),
            ("after: x, each: x, overlap: cancel", "cancel one another"),
            ("after: x, each: x, trigger_rule: one_failed", "one_failed cannot say that"),
            ("after: [x, each], each: x", "a job named each"), ("after: x, each: x..y", "nothing between two dots"),
            ("after: x, each: x.y.", "nothing between two dots"),
        ] {
            let problems = fileProblems(file(keys))
            #expect(problems.count == 1 && problems[0].contains(words), "\(problems)")
        }
    }

    @Test func theOverlapOfAWholeFlowIsRead() throws {
        let job = try parseJob("every: 1m", "run: x", "overlap: {flow: skip}")
        #expect(job.policies.overlap == .skip && job.policies.overlapScope == .flow)
        #expect(jobProblems("every: 1m", "run: x", "overlap: {flow: queue}")[0].contains("{flow: skip} only"))
        let root = "jobs:\n  a: {every: 1m, run: x, overlap: {flow: skip}}\n"
        #expect(
            try parseFile(root).warnings.map(\.message) == [
                "looks at its whole flow, and no job in this file follows it: it is as overlap: skip"
            ])
        #expect(try parseFile(root + "  b: {after: a, run: x}\n").warnings == [])
        #expect(try parseFile("defaults: {overlap: {flow: skip}}\njobs: {a: {every: 1m, run: x}}\n").warnings == [])
        #expect(jobProblems("every: 1m", "run: x", "overlap: {}")[0].contains("{flow: skip}"))
        #expect(
            jobProblems("every: 1m", "run: x", "overlap: {run: skip}").contains {
                $0.contains("`run`") || $0.contains("\"run\"")
            })
    }

    @Test func theFilesForTLSAreNamedBoth() throws {
        let file = try parseFile("jobs: {}\nweb: {tls: {certificate: /etc/cert.pem, key: /etc/key.pem}}\n")
        #expect(file.certificate == CertificateFiles(certificate: "/etc/cert.pem", key: "/etc/key.pem"))
        let open = try parseFile("jobs: {}\nweb: {tls: {certificate: a, key: b, hsts: false}}\n")
        #expect(open.certificate?.isStrict == false)
        for text in ["{certificate: a}", "{key: a}", "{}"] {
            let problems = fileProblems("jobs: {}\nweb: {tls: \(text)}\n")
            #expect(problems.contains { $0.contains("name both files") }, "\(text): \(problems)")
        }
    }

    @Test func aJobThatOnlyReportsIsRead() throws {
        let job = try parseJob("signal: {every: 1d, grace: 2h}", "tags: [shop]", "owner: anna")
        #expect(job.work == .signal(SignalWatch(.every(.seconds(86_400)), grace: .seconds(7200))))
        #expect(job.schedule == .manual && job.tags == ["shop"] && job.owner == "anna")
        let nightly = try parseJob("signal: {cron: \"0 3 * * *\", timezone: Asia/Shanghai}")
        #expect(
            nightly.work
                == .signal(SignalWatch(.cron("0 3 * * *", timezone: "Asia/Shanghai"), grace: .seconds(3600))))
        for (keys, words) in [
            (["signal: {grace: 2h}"], "has neither every nor cron"), (["signal: 1d"], "where a map belongs"),
            (["signal: {every: 1d, grace: 0s}"], "signal.grace"), (["signal: {every: 1d, at: x}"], "at"),
            (["signal: {every: 1d, cron: \"@daily\"}"], "one rhythm"),
            (["signal: {every: 1d}", "cron: \"@daily\""], "or put it into signal"),
            (["signal: {every: 1d}", "run: x"], "runs elsewhere"),
            (["signal: {every: 1d}", "retry: 3"], "runs elsewhere"),
            (["signal: {cron: \"61 * * * *\"}"], "minute is 61"),
        ] {
            let problems = fileProblems("jobs:\n  a:\n" + keys.map { "    \($0)\n" }.joined())
            #expect(problems.contains { $0.contains(words) }, "\(keys): \(problems)")
        }
    }

    @Test func needsAreReadAndWhatIsNoneIsSaid() throws {
        let job = try parseJob("cron: \"@daily\"", "run: x", "needs: {load: {within: 26h}, mail: same_day}")
        #expect(job.needs == ["load": .within(.seconds(93_600)), "mail": .sameDay])
        for (text, words) in [
            ("needs: {load: {}}", "within is missing"), ("needs: {load: tomorrow}", "where same_day or"),
            ("needs: {load: {within: 0s}}", "needs.load.within"), ("needs: [load]", "where a map belongs"),
            ("needs: {a: same_day}", "cannot wait for itself"), ("needs: {load: {for: 3h}}", "for"),
        ] {
            let problems = jobProblems("run: x", text)
            #expect(problems.contains { $0.contains(words) }, "\(text): \(problems)")
        }
    }

    @Test(arguments: [
        "jobs:\n", "complete: true\njobs:\n", "complete: true\n", "store: sqlite:a.db\njobs: null\n",
    ])
    func aFileWithoutAJobIsRefusedUnlessThatIsMeant(text: String) throws {
        #expect(fileProblems(text).first?.contains("there is no job below it") == true)
        let file = try ConfigurationFile.parse(
            text, path: "onebeat.yaml", environment: [:], mayBeEmpty: true, now: noon)
        #expect(file.jobs.isEmpty)
    }

    @Test func aFileOfSettingsNeedsNoJobs() throws {
        #expect(try parseFile("jobs: {}\n").warnings.count == 1)
        let file = try parseFile("store: sqlite:a.db\nweb: {hosts: [onebeat.example.com]}\nnode: {output: 1MiB}\n")
        #expect(file.webHosts == ["onebeat.example.com"])
        #expect(file.node.output == 1 << 20)
        #expect(file.warnings.count == 1)
        #expect(fileProblems("web: {hosts: ['https://a.example']}").first?.contains("write the name alone") == true)
    }

    @Test func tagsAndOwnersAreReadAndChecked() throws {
        let job = try parseJob("run: x", "tags: [finance, nightly]", "owner: anna")
        #expect(job.tags == ["finance", "nightly"])
        #expect(job.owner == "anna")
        #expect(try parseJob("run: x", "tags: one").tags == ["one"])
        let long = String(repeating: "x", count: 101)
        #expect(jobProblems("run: x", "tags: [\(long)]").first?.contains("1 to 100 bytes") == true)
    }

    @Test func aFileSpeaksForPartOfItsSourceUnlessItSaysThatItIsComplete() throws {
        let jobs = "jobs: {a: {run: \"true\"}}"
        let plain = try parseFile(jobs)
        #expect(!plain.isComplete && plain.revision == nil)
        let whole = try parseFile("source: shop\nrevision: 20261128\ncomplete: true\n\(jobs)")
        #expect(whole.isComplete && whole.revision == 20_261_128 && whole.source == "shop")
        #expect(fileProblems("complete: yes\n\(jobs)") == [":1:11: complete: is \"yes\"; true or false will do"])
        #expect(fileProblems("revision: -1\n\(jobs)") == [":1:11: revision: is -1; 0 or more will do"])
    }

    @Test func theSunsScheduleIsReadAndItsMistakesAreTold() throws {
        let file = try parseFile(
            "jobs: {lamps: {solar: {event: dusk_civil, latitude: -33.87, longitude: 151.21}, run: \"true\"}}")
        #expect(
            file.jobs[0].schedule.rhythm == .solar(SolarEvent(.duskCivil, latitude: -33.87, longitude: 151.21)))
        let wrong = fileProblems("jobs: {a: {solar: {event: noon, latitude: 91}, run: \"true\"}}")
        #expect(wrong.count == 3, "\(wrong)")
        #expect(wrong.contains { $0.contains("has no longitude") } && wrong.contains { $0.contains("solar_noon") })
    }

    @Test func theExampleOfTheDocumentationIsReadAsItLooks() throws {
        let file = try parseFile(
            """
            store: sqlite:var/jobs.db
            timezone: Asia/Shanghai
            listen: 0.0.0.0:8420
            node: {name: shop-1, slots: 4, queues: [default, mail], drain: 1m, keep: 90d}
            defaults: {timeout: 1h, retry: {limit: 3, backoff: 10s}, env: {LANG: C.UTF-8}, dir: /srv, user: shop}
            jobs:
              backup_daily:
                description: The shop's data.
                cron: "0 3 * * *"
                run: pg_dump -Fc shop -f /backups/shop.dump  # a shell line
                expect: 30s
              extract: {cron: "@hourly", exec: [python3, etl/extract.py, 3], retry: 0, env: {LANG: C}}
              heartbeat: {every: 30s, http: {url: "https://example.com/ping", method: POST, expect: [200, 204]}}
              release: {at: 2026-12-24T18:00:00+08:00, run: ./release.sh, delivery: at_most_once}
              tidy: {run: ./tidy.sh}
            """)
        #expect(file.store == "sqlite:var/jobs.db")
        #expect(file.listen == "0.0.0.0:8420")
        #expect(file.node.name == "shop-1")
        #expect(file.node.slots == 4)
        #expect(file.node.queues == ["default", "mail"])
        #expect(file.node.drain == .seconds(60))
        #expect(file.node.keep == .seconds(90 * 86_400))
        #expect(file.jobs.map(\.name) == ["backup_daily", "extract", "heartbeat", "release", "tidy"])

        var settings = ProcessSettings()
        settings.environment = ["LANG": "C.UTF-8"]
        settings.directory = "/srv"
        settings.user = "shop"
        #expect(file.jobs[0].work == .shell("pg_dump -Fc shop -f /backups/shop.dump", settings))
        #expect(file.jobs[0].schedule == .cron("0 3 * * *", timezone: "Asia/Shanghai"))
        #expect(file.jobs[0].policies.timeout == .seconds(3600))
        #expect(file.jobs[0].policies.retry == RetryPolicy(limit: 3, backoff: .seconds(10)))
        #expect(file.jobs[0].policies.expect == .seconds(30))
        #expect(file.jobs[0].description == "The shop's data.")

        settings.environment = ["LANG": "C"]
        #expect(file.jobs[1].work == .command(["python3", "etl/extract.py", "3"], settings))
        #expect(file.jobs[1].policies.retry == RetryPolicy(limit: 0, backoff: .seconds(10)))
        #expect(
            file.jobs[2].work
                == .http(HTTPCall(url: "https://example.com/ping", method: "POST", expected: [200, 204])))
        #expect(file.jobs[3].schedule.rhythm == .at([Timestamp(iso8601: "2026-12-24T10:00:00Z")!]))
        #expect(file.jobs[3].policies.delivery == .atMostOnce)
        #expect(file.jobs[4].schedule.rhythm == .manual)
        #expect(file.warnings.isEmpty)
    }

    @Test func everyKeyOfAScheduleIsRead() throws {
        let job = try parseJob(
            "cron: ['0 3 * * *', '@weekly']", "timezone: Europe/Berlin", "start: 2026-01-01T00:00:00+01:00",
            "end: 2030-01-01T00:00:00+01:00", "spread: 10m", "except: [2026-12-25, 2026-12-24/2026-12-26]",
            "dst: {gap: skip, overlap: both}", "run: x")
        #expect(
            job.schedule
                == ScheduleDefinition(
                    .cron(["0 3 * * *", "@weekly"]), timezone: "Europe/Berlin",
                    start: Timestamp(iso8601: "2025-12-31T23:00:00Z"), end: Timestamp(iso8601: "2029-12-31T23:00:00Z"),
                    spread: .seconds(600), except: ["2026-12-25", "2026-12-24/2026-12-26"],
                    daylightSaving: DaylightSaving(gap: .skip, overlap: .both)))
        #expect(try self.rhythm("every: 1h30m") == .every(.seconds(5400)))
        #expect(try self.rhythm("delay: 500ms") == .delay(.milliseconds(500)))
        #expect(try self.rhythm("repeat: R10/2026-01-01T00:00:00Z/PT6H") == .repeat("R10/2026-01-01T00:00:00Z/PT6H"))
        #expect(
            try self.rhythm("at: [2027-01-01T00:00:00Z, 2027-01-02]")
                == .at([Timestamp(iso8601: "2027-01-01T00:00:00Z")!, Timestamp(iso8601: "2027-01-02T00:00:00Z")!]))
    }

    private func rhythm(_ key: String) throws -> ScheduleDefinition.Rhythm {
        try parseJob(key, "run: x").schedule.rhythm
    }

    @Test func everyPolicyIsRead() throws {
        let policies = try parseJob(
            "run: x", "every: 1h", "overlap: queue_all", "limit: 3", "missed: all", "deadline: 2h", "catch_up: 7",
            "retry: {limit: 5, backoff: 1s, max: 1m, jitter: 0.5}", "timeout: 10m", "delivery: at_most_once",
            "priority: -5", "queue: mail", "expect: 20s"
        ).policies
        var expected = JobPolicies()
        expected.overlap = .queueAll
        expected.limit = 3
        expected.missed = .all
        expected.deadline = .seconds(7200)
        expected.catchUp = 7
        expected.retry = RetryPolicy(limit: 5, backoff: .seconds(1), max: .seconds(60), jitter: 0.5)
        expected.timeout = .seconds(600)
        expected.delivery = .atMostOnce
        expected.priority = -5
        expected.queue = "mail"
        expected.expect = .seconds(20)
        #expect(policies == expected)
    }

    @Test func everySettingOfAProcessIsRead() throws {
        let job = try parseJob(
            "run: make", "env: {A: 1, B: no, C: 'x ${HOME}', D: ''}", "dir: /srv/app", "user: www-data",
            "limits: {memory: 512MiB, cpu: 60s, nice: -5}", "grace: 30s", "environment: inherit",
            "leave: true", "output: separate")
        var settings = ProcessSettings()
        settings.environment = ["A": "1", "B": "no", "C": "x ${HOME}", "D": ""]
        settings.directory = "/srv/app"
        settings.user = "www-data"
        settings.memory = 512 << 20
        settings.cpu = 60
        settings.nice = -5
        settings.grace = .seconds(30)
        settings.base = .inherit
        settings.leave = true
        settings.output = .separate
        #expect(job.work == .shell("make", settings))
    }

    @Test func secretsOfACallStayNamesUntilItIsMade() throws {
        let job = try parseJob(
            "http:", "  url: https://${HOST}/x", "  headers: {Authorization: 'Bearer ${TOKEN}'}", "  body: |",
            "    {\"key\": \"${KEY}\"}", "  timeout: 5s")
        #expect(
            job.work
                == .http(
                    HTTPCall(
                        url: "https://${HOST}/x", headers: ["Authorization": "Bearer ${TOKEN}"],
                        body: "{\"key\": \"${KEY}\"}\n", timeout: .seconds(5))))
    }

    @Test func theStoresAddressIsExpandedAtOnce() throws {
        let text = "store: sqlite:${DIR}/jobs.db\njobs: {a: {run: x}}"
        #expect(try parseFile(text, environment: ["DIR": "/var/lib"]).store == "sqlite:/var/lib/jobs.db")
        #expect(
            fileProblems(text) == [
                ":1:8: store: ${DIR} is not set in the node's environment; set it before the node starts"
            ])
    }

    @Test func aJobTurnsOffASharedTimeout() throws {
        let jobs = try parseFile("defaults: {timeout: 1h}\njobs: {a: {run: x, timeout: none}, b: {run: x}}").jobs
        #expect(jobs.map(\.policies.timeout) == [nil, .seconds(3600)])
    }

    @Test func theSourceIsTheAbsolutePath() {
        let here = FileManager.default.currentDirectoryPath
        #expect(ConfigurationFile(path: "/etc/onebeat/../onebeat/jobs.yaml").source == "file:/etc/onebeat/jobs.yaml")
        #expect(ConfigurationFile(path: "./jobs.yaml").source == "file:\(here)/jobs.yaml")
    }

    @Test func aFileThatNamesItsSourceMayMove() throws {
        let text = "source: shop\njobs: {a: {every: 1m, run: 'true'}}"
        let file = try ConfigurationFile.parse(text, path: "/srv/7/onebeat.yaml", environment: [:], now: .distantPast)
        #expect(file.source == "shop")
    }

    @Test(arguments: [
        ("64KiB", 65_536), ("512 MiB", 536_870_912), ("1GB", 1_000_000_000), ("7B", 7), ("2TiB", 2_199_023_255_552),
    ])
    func sizesAreRead(text: String, bytes: Int) throws {
        guard case .shell(_, let settings) = try parseJob("run: x", "limits: {memory: \(text)}").work else { return }
        #expect(settings.memory == bytes)
    }
}

@Suite struct LoadingTests {
    /// Writes a file, loads it, and removes it again.
    private func load(_ bytes: [UInt8]) throws -> Result<ConfigurationFile, ConfigurationError> {
        let path = FileManager.default.temporaryDirectory.appending(path: "onebeat-\(UUID()).yaml").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return Result { () throws(ConfigurationError) in
            try ConfigurationFile.load(path: path, environment: [:], now: noon)
        }
    }

    private func message(_ bytes: [UInt8]) throws -> String? {
        switch try load(bytes) {
        case .success: nil
        case .failure(let error): error.problems[0].message
        }
    }

    @Test func aByteOrderMarkAndLineEndsOfOtherSystemsDoNotMatter() throws {
        let file = try load([0xEF, 0xBB, 0xBF] + Array("jobs:\r\n  a:\r\n    run: x\r\n".utf8)).get()
        #expect(file.jobs.map(\.work) == [.shell("x", ProcessSettings())])
    }

    @Test func textInAnotherEncodingIsRefusedWithItsLine() throws {
        #expect(
            try message(Array("jobs:\n  a:\n    run: caf".utf8) + [0xE9, 0x0A])
                == "line 3 is not UTF-8 text; save the file as UTF-8")
    }

    @Test func aFileOfMoreThanFourMebibytesIsRefused() throws {
        let rest = [UInt8](repeating: UInt8(ascii: "#"), count: 4 << 20)
        #expect(try message(rest + [0x0A]) == "is larger than 4 MiB; split the jobs over several files")
    }

    @Test func aFileThatIsNotThereIsNamed() {
        #expect(
            throws: ConfigurationError(problems: [
                ConfigurationProblem(file: "/nowhere/x.yaml", message: "cannot be opened: No such file or directory")
            ])
        ) { try ConfigurationFile.load(path: "/nowhere/x.yaml", environment: [:]) }
    }
}
