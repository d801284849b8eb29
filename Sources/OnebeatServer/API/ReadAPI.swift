import Foundation
import Hummingbird
import Onebeat

/// What the JSON API below `/api/v1` reads. Every answer is bounded. `openapi.yaml` describes it.
struct ReadAPI: Sendable {
    typealias Context = WebContext

    /// How many bytes of output one answer carries at most, beside one piece.
    static let mostLogBytes = 1024 * 1024
    static let mostNodes = 200

    let store: any Store
    let health: Health
    let schedules: ScheduleCache

    func addRoutes(to group: RouterGroup<Context>) {
        group.get { _, _ in
            try JSON.response([
                "addresses": Self.addresses(.get), "actions": Self.addresses(.post) + Self.addresses(.delete),
            ])
        }
        group.get("openapi.yaml") { request, _ in
            _ = try QueryReader(request, known: [])
            return Response(
                status: .ok, headers: [.contentType: "application/yaml; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_yaml)))
        }
        group.get("status") { request, _ in try await status(QueryReader(request, known: [])) }
        group.get("jobs") { request, _ in try await jobs(QueryReader(request, known: ["after", "limit"])) }
        group.get("jobs/:name") { request, context in
            _ = try QueryReader(request, known: [])
            return try await job(context.jobName())
        }
        group.get("jobs/:name/next") { request, context in
            try await next(context.jobName(), QueryReader(request, known: ["after", "count"]))
        }
        group.get("runs") { request, _ in try await runs(QueryReader(request, known: QueryReader.runParameters)) }
        group.get("runs/:id") { request, context in
            _ = try QueryReader(request, known: [])
            let run = try await run(context.runID())
            return try await JSON.response(
                RunResource(run, value: store.shownValue(of: run), mark: store.mark(of: run.id)))
        }
        group.get("runs/:id/attempts") { request, context in
            _ = try QueryReader(request, known: [])
            let run = try await run(context.runID())
            return try await JSON.response(["attempts": store.attempts(of: run.id).map(AttemptResource.init)])
        }
        group.get("runs/:id/logs") { request, context in
            try await logs(context.runID(), QueryReader(request, known: ["after", "limit"]))
        }
        group.get("runs/:id/output") { request, context in
            try await output(context.runID(), QueryReader(request, known: ["attempt", "stream"]))
        }
        group.get("nodes") { request, _ in
            _ = try QueryReader(request, known: [])
            let now = try await store.now()
            let nodes = try await store.nodes(limit: Self.mostNodes)
            return try JSON.response(["nodes": nodes.map { NodeResource($0, now: now) }])
        }
        group.get("events") { request, _ in
            let filter = try QueryReader(request, known: QueryReader.eventParameters).eventFilter()
            let events = try await store.events(filter)
            return try JSON.response(["events": events.map(EventResource.init)])
        }
    }

    /// Where something can be asked for by a method, as readers see it.
    private static func addresses(_ method: Route.Method) -> [String] {
        Route.api.filter { $0.method == method && $0.path != "/api/v1" }.map(\.address)
    }

    private struct Status: Encodable {
        var version: String
        var now: Timestamp
        var ready: Bool
        var unreadyReason: String?
        var leader: Bool?
        var runs: [String: Int]
        /// Whether all is well, in one word and one sentence.
        var tone: Headline.Tone
        var headline: String
        /// How many jobs are how.
        var jobs: [String: Int]
    }

    private func status(_: QueryReader) async throws -> Response {
        let counts = try await store.runCounts()
        let reason = await health.unreadiness()
        let reading = try await HealthReader(store, schedules: schedules).all()
        return try JSON.response(
            Status(
                version: OnebeatVersion.current, now: reading.now, ready: reason == nil, unreadyReason: reason,
                leader: health.node?.isLeader,
                runs: Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) }),
                tone: reading.headline.tone, headline: reading.headline.sentence,
                jobs: reading.lines.reduce(into: [:]) { $0[$1.health.state.rawValue, default: 0] += 1 }))
    }

    private struct Page<Item: Encodable, Cursor: Encodable>: Encodable {
        var items: [Item]
        /// What `after` must be for the next page; absent on the last one.
        var next: Cursor?
    }

    private func jobs(_ query: QueryReader) async throws -> Response {
        let limit = try query.number("limit", in: 1...1000) ?? 100
        var filter = JobFilter()
        filter.after = query.text("after")
        filter.limit = limit + 1
        let found = try await store.jobs(filter)
        let page = try await resources(Array(found.prefix(limit)))
        return try JSON.response(Page(items: page, next: found.count > limit ? page.last?.name : nil))
    }

    private func job(_ name: String) async throws -> Response {
        try await JSON.response(resources([record(name)]).first)
    }

    private struct Preview: Encodable {
        var job: String
        var timezone: String
        var next: [OccurrenceResource]
    }

    private func next(_ name: String, _ query: QueryReader) async throws -> Response {
        let record = try await record(name)
        let count = try query.number("count", in: 1...1000) ?? 10
        let after = try await moment(query, "after")
        do {
            let schedule = try schedules.schedule(for: record)
            return try JSON.response(
                Preview(
                    job: name, timezone: schedule.definition.timezone,
                    next: schedule.preview(after: after, count: count).map(OccurrenceResource.init)))
        } catch let error as ScheduleError {
            throw Problem(.conflict, "the schedule cannot be read on this node: \(error)")
        }
    }

    private func moment(_ query: QueryReader, _ name: String) async throws -> Timestamp {
        if let moment = try query.moment(name) { return moment }
        return try await store.now()
    }

    private func runs(_ query: QueryReader) async throws -> Response {
        let filter = try query.runFilter()
        let runs = try await store.runs(filter)
        let next = runs.count == filter.limit ? runs.last?.id.value : nil
        return try JSON.response(Page(items: runs.map { RunResource($0) }, next: next))
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
        return try JSON.response(Logs(pieces: pieces, next: next, complete: isComplete))
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
        let reading = try await HealthReader(store, schedules: schedules).of(jobs)
        return reading.lines.map { JobResource($0, schedule: try? schedules.schedule(for: $0.job), now: reading.now) }
    }

    func record(_ name: String) async throws -> JobRecord {
        guard let job = try await store.job(name) else {
            throw Problem(.notFound, "there is no job \"\(name)\"; /api/v1/jobs lists those in force")
        }
        return job
    }

    func run(_ id: RunID) async throws -> Run {
        guard let run = try await store.run(id) else {
            throw Problem(.notFound, "there is no run \(id); it never was, or its time in the history is over")
        }
        return run
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
