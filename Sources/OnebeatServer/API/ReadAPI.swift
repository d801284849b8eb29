import Foundation
import Hummingbird
import Onebeat

/// What the JSON API below `/api/v1` reads. Every answer is bounded. `openapi.yaml` describes it.
struct ReadAPI: Sendable {
    typealias Context = WebContext

    /// How many bytes of output one answer carries at most, beside one piece.
    static let mostLogBytes = 1024 * 1024

    let witness: StoreWitness
    let health: Health
    let readings: SharedReadings

    var store: any Store { witness.store }
    private var schedules: ScheduleCache { witness.schedules }

    init(witness: StoreWitness, health: Health, readings: SharedReadings) {
        self.witness = witness
        self.health = health
        self.readings = readings
    }

    func addRoutes(to group: RouterGroup<Context>) {
        group.get { _, _ in
            try await JSON.tagged(
                Index(
                    version: OnebeatVersion.current, now: store.now(), addresses: Self.addresses(.get),
                    actions: Self.addresses(.post) + Self.addresses(.delete)))
        }
        group.get("openapi.yaml") { request, _ in
            _ = try QueryReader(request, known: [])
            return Response(
                status: .ok, headers: [.contentType: "application/yaml; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_yaml)))
        }
        group.get("openapi.json") { request, _ in
            _ = try QueryReader(request, known: [])
            return Response(
                status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(bytes: try OpenAPIDescription.json)))
        }
        group.get("status") { request, _ in try await status(QueryReader(request, known: ["limit"])) }
        group.get("jobs") { request, _ in try await jobs(QueryReader(request, known: ["after", "limit"])) }
        group.get("jobs/:name") { request, context in
            _ = try QueryReader(request, known: [])
            return try await JSON.tagged(found(context.jobName()) { try await witness.job($0) })
        }
        group.get("jobs/:name/next") { request, context in
            try await next(context.jobName(), QueryReader(request, known: ["after", "count", "timezone"]))
        }
        group.get("jobs/:name/explain") { request, context in
            try await explain(context.jobName(), QueryReader(request, known: ["at", "timezone"]))
        }
        group.get("jobs/:name/versions") { request, context in
            let limit = try QueryReader(request, known: ["limit"]).number("limit", in: 1...1000) ?? 20
            let versions = try await found(context.jobName()) { name in
                let versions = try await witness.versions(of: name, limit: limit)
                return versions.isEmpty ? nil : versions
            }
            return try JSON.tagged(["versions": versions])
        }
        group.get("jobs/:name/changes") { request, context in
            let query = try QueryReader(request, known: ["from", "to"])
            guard let first = query.text("from"), let second = query.text("to") else {
                throw Problem(.badRequest, "changes lie between two versions; give from and to, such as from=2&to=5")
            }
            return try await JSON.tagged([
                "keys": witness.changes(of: context.jobName(), from: first, to: second)
            ])
        }
        group.get("graph") { request, _ in
            let name = try QueryReader(request, known: ["job"]).text("job")
            if let name { _ = try await record(name) }
            return try await JSON.tagged(["jobs": witness.graph(around: name)])
        }
        group.get("flows/:id") { request, context in
            _ = try QueryReader(request, known: [])
            return try await JSON.tagged(FlowResource(witness.flow(of: run(context.runID()).id)))
        }
        group.get("runs") { request, _ in try await runs(QueryReader(request, known: QueryReader.runParameters)) }
        group.get("runs/:id") { request, context in
            _ = try QueryReader(request, known: [])
            let id = try context.runID()
            guard let run = try await witness.whole(id) else { throw Problem.noRun(id) }
            return try JSON.tagged(run)
        }
        group.get("runs/:id/explain") { request, context in
            let clock = try QueryReader(request, known: ["timezone"]).clock("timezone")
            let run = try await run(context.runID())
            return try await readable {
                guard let explanation = try await witness.explanation(of: run.id, reader: clock) else {
                    throw Problem(
                        .notFound, "nothing is kept of job \"\(run.job)\" that could explain its run \(run.id)")
                }
                return try JSON.tagged(explanation)
            }
        }
        group.get("runs/:id/attempts") { request, context in
            _ = try QueryReader(request, known: [])
            let run = try await run(context.runID())
            return try await JSON.tagged(["attempts": witness.attempts(of: run.id)])
        }
        group.get("runs/:id/logs") { request, context in
            try await logs(context.runID(), QueryReader(request, known: ["after", "limit"]))
        }
        group.get("runs/:id/output") { request, context in
            try await output(context.runID(), QueryReader(request, known: ["attempt", "stream"]))
        }
        group.get("nodes") { request, _ in
            _ = try QueryReader(request, known: [])
            return try await JSON.tagged(["nodes": witness.nodes()])
        }
        group.get("events") { request, _ in
            let filter = try QueryReader(request, known: QueryReader.eventParameters).eventFilter()
            return try await JSON.tagged(["events": witness.events(filter)])
        }
    }

    /// Where something can be asked for by a method, as readers see it.
    private static func addresses(_ method: Route.Method) -> [String] {
        Route.api.filter { $0.method == method && $0.path != "/api/v1" }.map(\.address)
    }

    private struct Index: Encodable {
        var version: String
        var now: Timestamp
        var addresses: [String]
        var actions: [String]
    }

    /// How all is, and how this node is.
    private struct Status: Encodable {
        var version: String
        var ready: Bool
        var unreadyReason: String?
        var leader: Bool?
        var runs: [String: Int]
        var standing: StandingResource

        func encode(to encoder: any Encoder) throws {
            var keys = encoder.container(keyedBy: CodingKeys.self)
            try keys.encode(version, forKey: .version)
            try keys.encode(ready, forKey: .ready)
            try keys.encodeIfPresent(unreadyReason, forKey: .unreadyReason)
            try keys.encodeIfPresent(leader, forKey: .leader)
            try keys.encode(runs, forKey: .runs)
            try standing.encode(to: encoder)
        }

        private enum CodingKeys: CodingKey { case version, ready, unreadyReason, leader, runs }
    }

    private func status(_ query: QueryReader) async throws -> Response {
        let limit = try query.number("limit", in: 0...10_000) ?? 50
        let counts = try await readings.runCounts()
        let reason = await health.unreadiness()
        return try await JSON.tagged(
            Status(
                version: OnebeatVersion.current, ready: reason == nil, unreadyReason: reason,
                leader: health.node?.isLeader,
                runs: Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) }),
                standing: StandingResource(readings.snapshot(), limit: limit)))
    }

    private struct Page<Item: Encodable, Cursor: Encodable>: Encodable {
        var items: [Item]
        /// What `after` must be for the next page; absent on the last one.
        var next: Cursor?
    }

    private func jobs(_ query: QueryReader) async throws -> Response {
        let limit = try query.number("limit", in: 1...1000) ?? 100
        let reading = try await readings.snapshot().reading
        let found = reading.page(after: query.text("after"), limit: limit)
        let part = HealthReader.Reading(now: reading.now, nodes: [], lines: found.lines, running: [])
        let page = witness.resources(of: part)
        return try JSON.tagged(Page(items: page, next: found.isLast ? nil : page.last?.name))
    }

    private func next(_ name: String, _ query: QueryReader) async throws -> Response {
        let count = try query.number("count", in: 1...10_000) ?? 10
        let after = try await moment(query, "after")
        let timezone = try query.clock("timezone")?.definition.timezone
        return try await readable {
            try await JSON.tagged(
                found(name) { try await witness.fires(of: $0, after: after, count: count, timezone: timezone) })
        }
    }

    private func explain(_ name: String, _ query: QueryReader) async throws -> Response {
        let (moment, clock) = (try query.moment("at"), try query.clock("timezone"))
        return try await readable {
            try await JSON.tagged(
                found(name) { try await witness.explanation(of: $0, at: moment, reader: clock) })
        }
    }

    /// What stands against an answer that hangs on a schedule may be that schedule.
    func readable(_ answer: () async throws -> Response) async throws -> Response {
        do {
            return try await answer()
        } catch let error as ScheduleError {
            throw Problem(.conflict, "the schedule cannot be read on this node: \(error)")
        }
    }

    /// What is found of a job.
    /// - Throws: ``Problem`` where nothing is.
    private func found<Found>(_ name: String, _ find: (String) async throws -> Found?) async throws -> Found {
        guard let found = try await find(name) else { throw Problem.noJob(name) }
        return found
    }

    private func moment(_ query: QueryReader, _ name: String) async throws -> Timestamp {
        if let moment = try query.moment(name) { return moment }
        return try await store.now()
    }

    private func runs(_ query: QueryReader) async throws -> Response {
        let filter = try query.runFilter()
        let runs = try await store.runs(filter)
        let next = runs.count == filter.limit ? runs.last?.id.value : nil
        return try JSON.tagged(Page(items: runs.map { RunResource($0) }, next: next))
    }

    private struct Logs: Encodable {
        var pieces: [LogResource]
        /// What `after` must be to go on.
        var next: String?
        /// Whether the run has ended and this is all of its output.
        var complete: Bool
    }

    private func logs(_ id: RunID, _ query: QueryReader) async throws -> Response {
        let limit = try query.number("limit", in: 1...500) ?? 100
        let bookmark = try bookmark(query)
        var decoder = bookmark?.decoder ?? PieceDecoder()
        // Read before the output: a run that ends in between is only found complete the next time.
        let run = try await run(id)
        let found = try await store.logs(of: id, after: bookmark?.position, limit: limit)
        var pieces: [LogResource] = []
        var bytes = 0
        var last: LogPosition?
        for piece in found where pieces.isEmpty || bytes + piece.bytes.count <= Self.mostLogBytes {
            bytes += piece.bytes.count
            pieces.append(LogResource(piece, text: decoder.text(of: piece)))
            last = piece.id.position
        }
        let isComplete = run.state.isTerminal && pieces.count == found.count && found.count < limit
        let next = last.map { "\($0.attempt).\($0.sequence)\(decoder.bookmark)" } ?? query.text("after")
        if isComplete {
            for (stream, text) in decoder.end() {
                if let index = pieces.lastIndex(where: { $0.stream == stream }) { pieces[index].text += text }
            }
        }
        return try JSON.tagged(Logs(pieces: pieces, next: next, complete: isComplete))
    }

    /// Where the reader is, and what it has of characters that go on.
    private func bookmark(_ query: QueryReader) throws -> (position: LogPosition, decoder: PieceDecoder)? {
        guard let text = query.text("after") else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, let attempt = Int(parts[0]), let sequence = Int(parts[1]),
            let decoder = PieceDecoder(attempt: attempt, bookmarks: parts.dropFirst(2))
        else { throw Problem(.badRequest, "after is \"\(text)\"; give it the answer's \"next\", such as 1.20") }
        return (LogPosition(attempt: attempt, sequence: sequence), decoder)
    }

    /// What a run wrote, byte by byte as it wrote it.
    private func output(_ id: RunID, _ query: QueryReader) async throws -> Response {
        let run = try await run(id)
        let newest = max(run.attempt, 1)
        let attempt = try query.number("attempt", in: 1...Int.max) ?? newest
        guard attempt <= newest else {
            throw Problem(.notFound, "run \(id) has no attempt \(attempt); its newest is \(newest)")
        }
        let stream = try query.text("stream").map { word in
            guard let stream = LogStream(rawValue: word) else {
                throw Problem(.badRequest, "stream is \"\(word)\"; stdout, stderr and note will do")
            }
            return stream
        }
        let store = store
        let body = ResponseBody { writer in
            var position = LogPosition(attempt: attempt, sequence: -1)
            copying: while true {
                let pieces = try await store.logs(of: id, after: position, limit: 100)
                for piece in pieces {
                    guard piece.id.position.attempt == attempt else { break copying }
                    position = piece.id.position
                    let isAskedFor = stream.map { $0 == piece.stream } ?? (piece.stream != .note)
                    if isAskedFor { try await writer.write(ByteBuffer(bytes: piece.bytes)) }
                }
                if pieces.count < 100 { break }
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/octet-stream",
                .contentDisposition: "attachment; filename=\"run-\(id)-attempt-\(attempt)\"",
            ], body: body)
    }

    func resources(_ jobs: [JobRecord]) async throws -> [JobResource] {
        witness.resources(of: try await HealthReader(store, schedules: schedules).of(jobs))
    }

    func record(_ name: String) async throws -> JobRecord {
        try await found(name) { try await store.job($0) }
    }

    func run(_ id: RunID) async throws -> Run {
        guard let run = try await witness.run(id) else { throw Problem.noRun(id) }
        return run
    }
}

extension Problem {
    static func noJob(_ name: String) -> Problem {
        Problem(.notFound, "there is no job \"\(name)\"; /api/v1/jobs lists those in force")
    }

    static func noRun(_ id: RunID) -> Problem {
        Problem(.notFound, "there is no run \(id); it never was, or its time in the history is over")
    }
}

extension WebContext {
    /// The job that the address names. A slash in a name is written `%2F` there.
    func jobName() throws -> String {
        let raw = try parameters.require("name")
        guard let name = raw.removingPercentEncoding else {
            throw Problem(.badRequest, "\"\(raw)\" is not a name: its percent encoding is broken")
        }
        guard name.controlCharacter() == nil else {
            throw Problem(.badRequest, "\"\(raw)\" is not a name: it has a control character in it")
        }
        return name
    }

    /// The run that the address names.
    func runID() throws -> RunID {
        let raw = try parameters.require("id")
        guard let number = Int64(raw), number > 0 else {
            throw Problem(.badRequest, "\"\(raw)\" is not a run; runs have numbers, and /api/v1/runs lists them")
        }
        return RunID(number)
    }
}
