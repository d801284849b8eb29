import Hummingbird
import Onebeat

/// Incidents and silences below `/api/v1`.
struct AlertAPI: Sendable {
    typealias Context = WebContext

    let reading: ReadAPI
    private var store: any Store { reading.store }

    func addRoutes(to group: RouterGroup<Context>) {
        group.get("alerts") { request, _ in
            try await incidents(QueryReader(request, known: ["open", "after", "limit"]))
        }
        group.get("silences") { request, _ in
            try await silences(QueryReader(request, known: ["all", "after", "limit"]))
        }
        group.post("silences") { request, context in try await silence(request, context) }
        group.delete("silences/:id") { request, context in try await endSilence(request, context) }
        group.post("alerts/test") { request, context in try await test(request, context) }
        group.get("alerts/preview") { request, context in try await preview(request, context) }
        group.post("alerts/:id/acknowledge") { request, context in try await acknowledge(request, context) }
    }

    private struct Items<Item: Encodable>: Encodable {
        var items: [Item]
        var next: Int64?
    }

    private struct Deed: Encodable {
        var words: String
        var silence: SilenceResource?
    }

    private func incidents(_ query: QueryReader) async throws -> Response {
        let limit = try query.number("limit", in: 1...1000) ?? 50
        let incidents = try await store.incidents(
            openOnly: query.truth("open"), before: query.lastSeen(), limit: limit)
        let fate = try await MessageFate.of(incidents, in: store)
        return try JSON.tagged(
            Items(
                items: incidents.map { IncidentResource($0, told: fate.word(for: $0)) },
                next: incidents.count == limit ? incidents.last?.id : nil))
    }

    private func silences(_ query: QueryReader) async throws -> Response {
        let limit = try query.number("limit", in: 1...1000) ?? 100
        let now = try await store.now()
        let all = try query.truth("all")
        let found = try await store.silences(
            endingFrom: all ? .distantPast : now, before: query.lastSeen(), limit: limit)
        let silences = found.filter { all || $0.holds(at: now) }
        return try JSON.tagged(
            Items(items: silences.map(SilenceResource.init), next: found.count == limit ? found.last?.id : nil))
    }

    private func silence(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryReader(request, known: [])
        let body = try await BodyReader(json: request, known: ["pattern", "seconds", "because"])
        guard let pattern = try body.text("pattern"), let seconds = try body.number("seconds"),
            let because = try body.text("because")
        else {
            throw Problem(.badRequest, "a silence has a pattern, its length in seconds, and because; send all three")
        }
        let wish = try SilenceWish(pattern, for: .seconds(seconds), because: because)
        let silenced = try await context.silence(wish, in: store)
        return try JSON.response(
            Deed(words: silenced.words, silence: SilenceResource(silenced.silence)), status: .created)
    }

    private func endSilence(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryReader(request, known: [])
        return try await JSON.response(Deed(words: context.endSilence(context.number(), in: store)))
    }

    /// What was asked for: a run for each channel.
    private struct Tested: Encodable {
        var words: String
        var lines: [String]
        var runs: [RunResource]
    }

    /// The alerts of a name, where the visitor may act on them.
    private func alerts(named name: String?, _ context: Context) async throws -> (name: String, jobs: [JobRecord]) {
        guard let name else {
            throw Problem(.badRequest, "alert is missing; name one, such as ops or alerts/ops/slack")
        }
        let found = try await store.alerts(meant: name)
        for job in found.isEmpty ? [name] : found.map(\.name) { try context.requireScope(job) }
        if found.isEmpty { throw StoreError.noAlert(name) }
        return (name, found)
    }

    private func test(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryReader(request, known: [])
        let (name, jobs) = try await alerts(
            named: BodyReader(json: request, known: ["alert"]).text("alert"), context)
        let tested = try await context.acts(store).test(jobs, named: name)
        let lines = tested.map(\.testWords)
        return try JSON.response(
            Tested(
                words: lines.joined(separator: "; "), lines: lines, runs: tested.map { RunResource($0.run) }),
            status: .created)
    }

    private func preview(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryReader(request, known: ["alert"])
        let jobs = try await alerts(named: query.text("alert"), context).jobs
        let now = try await store.now()
        return try JSON.response(["items": jobs.compactMap { AlertPreviewResource($0, at: now) }])
    }

    private func acknowledge(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryReader(request, known: [])
        _ = try await BodyReader(json: request, known: [])
        return try await JSON.response(Deed(words: context.acknowledge(context.number(), in: store)))
    }
}

extension WebContext {
    /// Begins a silence, where the visitor may act on all that it can ever cover: a pattern within their scope fits it as a
    /// name would.
    func silence(_ wish: SilenceWish, in store: any Store) async throws -> Silenced {
        let acts = acts(store)
        let found = try await acts.pattern(of: wish)
        try requireScope(found.chosen)
        return try await acts.silence(wish, found)
    }

    /// Ends a silence of what the visitor may act on.
    func endSilence(_ id: Int64, in store: any Store) async throws -> String {
        try requireScope(try await store.silence(id).pattern)
        return try await acts(store).endSilence(id)
    }

    /// Notes that the visitor has seen an incident of a job that they may act on.
    func acknowledge(_ id: Int64, in store: any Store) async throws -> String {
        try requireScope(try await store.incident(id).job)
        return try await acts(store).acknowledge(id)
    }

    /// The number that the address names.
    func number() throws -> Int64 {
        let raw = try parameters.require("id")
        guard let number = Int64(raw), number > 0 else {
            throw Problem(.badRequest, "\"\(raw)\" is no number; the list shows which there are")
        }
        return number
    }
}
