import AsyncHTTPClient
import Logging
import Onebeat
import OnebeatSQLite
import ServiceLifecycle
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct OnebeatWebTests {
    @Test func aLivingProcessIsHealthyAndAnAnsweringStoreReady() async throws {
        try await WebFixture.serving { web in
            #expect(try await web.get("/healthz").body == "ok\n")
            let ready = try await web.get("/readyz")
            #expect(ready.status == 200)
            #expect(ready.body == "ready\n")
        }
    }

    @Test func aNodeWithoutALeaseIsAliveAndNotReady() async throws {
        let executor = WorkExecutor(process: NoWork(), http: NoWork())
        let node = Node(
            store: try SQLiteStore.inMemory(), executor: executor, settings: NodeSettings(name: "idle"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await WebFixture.serving(node: node) { web in
            #expect(try await web.get("/healthz").status == 200)
            let answer = try await web.get("/readyz")
            #expect(answer.status == 503)
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer.body.contains("this node holds no lease it can trust"))
            #expect(try await web.get("/metrics").body.contains("\nonebeat_ready 0\n"))
        }
    }

    @Test func aGracefulShutdownEndsItWhileAReaderIsStillConnected() async throws {
        let (listening, found) = AsyncStream<ListenAddress>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let web = OnebeatWeb(
            store: try SQLiteStore.inMemory(), metrics: PrometheusRegistry(),
            address: ListenAddress(host: "127.0.0.1", port: 0), logger: logger, onListening: { found.yield($0) })
        let group = ServiceGroup(services: [web], logger: logger)
        async let end: Void = group.run()
        var iterator = listening.makeAsyncIterator()
        let address = try #require(await iterator.next())
        let answer = try await HTTPClient.shared.get(url: "http://\(address)/healthz").get()
        #expect(answer.status == .ok)
        await group.triggerGracefulShutdown()
        try await end
    }

    @Test func metricsAreOfTheStrictFormatAndCountRuns() async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get("/metrics")
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let format = try PrometheusFormat(answer.body)
            #expect(format.samples["onebeat_runs{state=\"failed\"}"] == 1)
            #expect(format.samples["onebeat_jobs{health=\"failing\"}"] == 1)
            #expect(format.samples["onebeat_jobs{health=\"new\"}"] == 1)
            #expect(format.samples["onebeat_jobs_needing_a_look"] == 1)
            #expect(format.samples["onebeat_build_info{version=\"\(OnebeatVersion.current)\"}"] == 1)
            #expect(format.samples["onebeat_store_up"] == 1)
            #expect(format.samples["process_resident_memory_bytes", default: 0] > 1_000_000)
            #expect(format.samples["process_start_time_seconds", default: 0] > 1_500_000_000)
            #expect(format.samples["process_open_fds", default: 0] > 2)
            #expect(format.samples["process_cpu_seconds_total", default: 0] > 0)
        }
    }

    @Test(arguments: ["POST", "PUT", "DELETE"])
    func nothingCanBeChanged(method: String) async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get("/api/v1/jobs/backup", method: method)
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == "GET, HEAD")
            #expect(answer.headers["content-type"] == "application/problem+json")
        }
    }

    @Test func headIsAnsweredLikeGetWithoutABody() async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get("/api/v1/jobs", method: "HEAD")
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
        }
    }

    @Test(arguments: ["evil.example", "evil.example:8420", "127.0.0.1.evil.example", "[::2]:80"])
    func onLoopbackAForeignHostIsTurnedAway(host: String) async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get("/", headers: ["Host": host])
            #expect(answer.status == 421)
            #expect(!answer.body.contains("backup"))
        }
    }

    @Test(arguments: ["localhost", "localhost:8420", "127.0.0.1:1", "[::1]:8420", "node.localhost"])
    func onLoopbackNamesOfThisMachineAreServed(host: String) async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get("/healthz", headers: ["Host": host])
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: [("onebeat.example.com", 200), ("OneBeat.example.com:443", 200), ("evil.example", 421)])
    func aProxyMayAskByTheNamesThatWereSet(host: String, status: Int) async throws {
        try await WebFixture.serving(hosts: ["onebeat.example.com"]) { web in
            let answer = try await web.get("/healthz", headers: ["Host": host])
            #expect(answer.status == status)
        }
    }

    @Test func listeningForOthersServesWhateverNameTheyUse() async throws {
        try await WebFixture.serving(address: ListenAddress(host: "0.0.0.0", port: 0)) { web in
            let answer = try await web.get("/healthz", headers: ["Host": "node1.internal"])
            #expect(answer.status == 200)
        }
    }

    @Test func jobsThatAreNamedHaveFiguresOfTheirOwn() async throws {
        try await WebFixture.serving(metricsJobs: ["back*"]) { web in
            let body = try await web.get("/metrics").body
            #expect(body.contains("\nonebeat_job_failures_in_a_row{job_name=\"backup\"} 1\n"))
            #expect(body.contains("\nonebeat_job_last_success_timestamp_seconds{job_name=\"backup\"} 179"))
            #expect(body.contains("\nonebeat_job_last_duration_seconds{job_name=\"backup\"} "))
            #expect(body.contains("\nonebeat_job_needs_a_look{job_name=\"backup\"} 1\n"))
            #expect(!body.contains("job_name=\"ping\""))
            #expect(body.contains("\nonebeat_job_metrics_left_out 0\n"))
        }
        try await WebFixture.serving { web in
            let body = try await web.get("/metrics").body
            #expect(!body.contains("onebeat_job_"))
        }
    }

    @Test(arguments: ["/", "/api/v1/jobs", "/nothing", "/metrics"])
    func everyAnswerForbidsWhatABrowserNeedNotDo(path: String) async throws {
        try await WebFixture.serving { web in
            let headers = try await web.get(path).headers
            #expect(headers["x-content-type-options"] == "nosniff")
            #expect(headers["referrer-policy"] == "same-origin")
            #expect(headers["content-security-policy"]?.contains("default-src 'none'") == true)
            #expect(headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
        }
    }

    @Test func anAddressInUseIsToldInWords() async throws {
        try await WebFixture.serving { web in
            let port = Int(web.base.split(separator: ":").last ?? "") ?? 0
            let error = await #expect(throws: ListenError.self) {
                try await WebFixture.serving(address: ListenAddress(host: "127.0.0.1", port: port)) { _ in }
            }
            #expect(error?.description.contains("another program listens there") == true)
        }
    }

    @Test(arguments: [
        ("127.0.0.1:8420", "127.0.0.1", 8420), ("[::1]:80", "::1", 80), (":9000", "0.0.0.0", 9000),
        ("localhost:0", "localhost", 0),
    ])
    func addressesAreRead(text: String, host: String, port: Int) {
        #expect(ListenAddress(text: text) == ListenAddress(host: host, port: port))
    }

    @Test(arguments: ["", "8420", "host:", "host:99999", "::1:80", "a:b:1"])
    func whatIsNoAddressIsNotRead(text: String) {
        #expect(ListenAddress(text: text) == nil)
    }
}

private struct NoWork: Executor {
    func execute(_ claim: Claim, output: any OutputSink) async -> Outcome { .succeeded }
}
