import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Testing

@testable import OnebeatServer

/// A store with a history, and the pages over it on a free port of loopback.
struct WebFixture {
    let store: SQLiteStore
    let time: ManualTime
    let base: String

    var port: Int { Int(base.split(separator: ":").last ?? "") ?? 0 }

    struct Answer {
        var status: Int
        var headers: HTTPHeadersByName
        var body: String

        /// The body as a JSON object.
        func object() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        }
    }

    static let client = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))

    typealias HTTPHeadersByName = [String: String]

    /// Serves while `body` runs. The store has a job `backup` with a run that succeeded and one that failed, a job
    /// `ping` that was never run and has hostile words in its definition, and a node `alpha` that leads.
    static func serving(
        address: ListenAddress = ListenAddress(host: "127.0.0.1", port: 0), hosts: [String] = [],
        certificate: ServerCertificate? = nil, access: WebAccess = .standard, metricsJobs: [String] = [],
        node: Node? = nil, limits: WebLimits = WebLimits(),
        _ body: @escaping @Sendable (WebFixture) async throws -> Void
    ) async throws {
        let time = ManualTime(Timestamp(iso8601: "2026-11-23T12:00:00Z")!)
        let store = try SQLiteStore.inMemory(time: time)
        try await fill(store, time)
        let ports = AsyncThrowingStream<Int, any Error>.makeStream()
        let web = OnebeatWeb(
            store: store, node: node, metrics: PrometheusRegistry(), address: address, hosts: hosts,
            certificate: certificate,
            access: access,
            metricsJobs: metricsJobs, time: time,
            limits: limits, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onListening: { ports.continuation.yield($0.port) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await web.run()
                } catch {
                    ports.continuation.finish(throwing: error)
                }
            }
            var iterator = ports.stream.makeAsyncIterator()
            let port = try #require(try await iterator.next())
            defer { group.cancelAll() }
            try await body(
                WebFixture(store: store, time: time, base: "http\(certificate == nil ? "" : "s")://127.0.0.1:\(port)"))
        }
    }

    func post(_ path: String, _ body: String = "", _ headers: [String: String] = [:]) async throws -> Answer {
        try await get(path, method: "POST", headers: headers, body: body)
    }

    func get(
        _ path: String, method: String = "GET", headers: [String: String] = [:], body: String = "",
        readsBody: Bool = true
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = .init(rawValue: method)
        if !body.isEmpty { request.body = .bytes(ByteBuffer(string: body)) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        // Answers that lead on are looked at, and not followed.
        let response = try await Self.client.execute(request, timeout: .seconds(30))
        let body = readsBody ? try await response.body.collect(upTo: 4 * 1024 * 1024) : ByteBuffer()
        let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
        return Answer(
            status: Int(response.status.code), headers: Dictionary(fields) { "\($0), \($1)" },
            body: String(buffer: body))
    }

    func bytes(_ path: String) async throws -> [UInt8] {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: base + path), timeout: .seconds(30))
        return Array(try await response.body.collect(upTo: 4 * 1024 * 1024).readableBytesView)
    }

    /// Adds a run that fails.
    func fail(_ job: String) async throws {
        let request = "\(try await store.runs(RunFilter()).first?.id.value ?? 0)"
        try await Self.end(
            job, .failed(Failure("exit 1", exitCode: 1)), "", request: request, NodeID(name: "alpha", boot: "1"), store,
            time)
    }

    private static func fill(_ store: SQLiteStore, _ time: ManualTime) async throws {
        var ping = JobDefinition(
            name: "team/ping", schedule: .every(.seconds(30)),
            work: .http(HTTPCall(url: "https://example.com/", headers: ["Authorization": "secret"], body: "secret")))
        ping.description = "<script>alert(1)</script>"
        var backup = JobDefinition(
            name: "backup", schedule: .cron("0 3 * * *", timezone: "Asia/Shanghai"),
            work: .shell("pg_dump <shop> & wait", ProcessSettings()))
        backup.tags = ["shop"]
        backup.owner = "anna"
        try await store.apply(
            [backup, ping], source: "file:/etc/onebeat.yaml", isComplete: true, by: "tester",
            schedules: ScheduleCache())
        let node = NodeID(name: "alpha", boot: "1")
        let record = NodeRecord(id: node, slots: 4, queues: ["default"], version: "0.1.0", processID: 7)
        _ = try await store.join(record, lease: .seconds(3600))
        _ = try await store.lead(node, lease: .seconds(3600))
        try await end("backup", .succeeded, "done\n", request: "one", node, store, time)
        try await end(
            "backup", .failed(Failure("exit 3: <b>disk full</b>", exitCode: 3)),
            "\u{1b}[31m</pre><script>alert(2)</script>\u{1b}[0m\n", request: "two", node, store, time)
    }

    private static func end(
        _ job: String, _ outcome: Outcome, _ output: String, request: String, _ node: NodeID, _ store: SQLiteStore,
        _ time: ManualTime
    ) async throws {
        let run = try await store.trigger(job, requestID: request, by: "tester")
        let claims = try await store.claim(
            ClaimRequest(node: node, queues: ["default"], slots: 1, nonce: ClaimNonce(1)), deciding: Admission.decide
        ).claims
        let claim = try #require(claims.first { $0.run.id == run.id })
        let id = LogPiece.ID(run: run.id, position: LogPosition(attempt: 1, sequence: 0))
        if !output.isEmpty {
            try await store.appendLog(
                [LogPiece(id: id, stream: .stdout, at: time.now(), bytes: Array(output.utf8))], dropping: [])
        }
        time.advance(by: .seconds(output.isEmpty ? 1 : 12))
        _ = try await store.settle([AttemptReport(claim, outcome)]) {
            Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5)
        }
    }
}
