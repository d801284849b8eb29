import Hummingbird
import Onebeat

/// Backfills below `/api/v1`.
struct BackfillAPI: Sendable {
    typealias Context = WebContext

    let reading: ReadAPI
    private var store: any Store { reading.store }

    func addRoutes(to group: RouterGroup<Context>) {
        group.get("backfills") { request, _ in try await list(QueryReader(request, known: ["open", "after", "limit"])) }
        group.post("backfills") { request, context in try await begin(request, context) }
        for (verb, state) in [("pause", Backfill.State.paused), ("resume", .active), ("cancel", .cancelled)] {
            group.post("backfills/:id/\(verb)") { request, context in
                _ = try QueryReader(request, known: [])
                _ = try await BodyReader(json: request, known: [])
                let changed = try await context.change(backfill: context.number(), to: state, in: store)
                return try JSON.response(
                    Deed(
                        words: changed.words,
                        backfill: await BackfillResource(changed, open: store.openRuns(of: changed.id))))
            }
        }
    }

    private struct Items: Encodable {
        var items: [BackfillResource]
        var next: Int64?
    }

    private struct Deed: Encodable {
        var words: String
        var backfill: BackfillResource?
        var preview: BackfillPreview?
    }

    private func list(_ query: QueryReader) async throws -> Response {
        let limit = try query.number("limit", in: 1...1000) ?? 50
        let found = try await store.backfills(
            openOnly: query.truth("open"), before: query.lastSeen(), limit: limit)
        return try await JSON.tagged(
            Items(items: store.resources(of: found), next: found.count == limit ? found.last?.id : nil))
    }

    private func begin(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryReader(request, known: [])
        let body = try await BodyReader(
            json: request, known: ["job", "from", "to", "order", "limit", "rerun", "dry_run"])
        guard let name = try body.text("job"), let start = try body.moment("from") else {
            throw Problem(.badRequest, "a backfill has a job and a moment to begin from; send both")
        }
        let (order, rerun) = (try body.text("order") ?? "oldest", try body.text("rerun") ?? "none")
        guard let order = Backfill.Order(rawValue: order) else {
            throw Problem(.badRequest, "order is \"\(order)\"; oldest or newest will do")
        }
        guard let rerun = Backfill.Repeats(rawValue: rerun) else {
            throw Problem(.badRequest, "rerun is \"\(rerun)\"; none, failed or all will do")
        }
        let isDry = try body.truth("dry_run")
        let (end, limit) = (try body.moment("to"), try body.number("limit") ?? 1)
        let job = try await context.actable(reading.record(name))
        let acts = context.acts(store)
        guard (1...1000).contains(limit) else { throw Problem(.badRequest, "limit is \(limit); 1 to 1000 will do") }
        let backfill: Backfill
        do {
            backfill = try await acts.backfill(job, from: start, to: end, order: order, limit: limit, rerun: rerun)
        } catch let refusal as ActRefusal {
            // What was sent is well; it is the job, or the time, that stands against it.
            throw Problem(.conflict, refusal.description)
        }
        if isDry {
            let preview = try await acts.preview(backfill, of: job, most: Acts.mostCounted.page)
            return try JSON.response(Deed(words: preview.words(rerun), preview: preview))
        }
        let added = try await context.begin(backfill, in: store)
        return try JSON.response(
            Deed(words: added.beginWords, backfill: BackfillResource(added)), status: .created)
    }
}

extension BodyReader {
    /// - Throws: ``Problem`` when the value is no moment.
    func moment(_ name: String) throws -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let moment = Timestamp(iso8601: text) else {
            throw Problem(.badRequest, "\(name) is \"\(text)\"; write a moment like 2026-11-23T03:00:00Z")
        }
        return moment
    }
}

extension WebContext {
    /// Begins a backfill of a job that the visitor may act on.
    func begin(_ backfill: Backfill, in store: any Store) async throws -> Backfill {
        try requireScope(backfill.job)
        return try await Self.asConflict { () async throws(StoreError) in try await store.add(backfill) }
    }

    /// Pauses, resumes or cancels one.
    func change(backfill id: Int64, to state: Backfill.State, in store: any Store) async throws -> Backfill {
        let known = try await store.backfills(openOnly: false, before: id.advanced, limit: 1).first
        guard let known, known.id == id else { throw StoreError.notFound("there is no backfill \(id)") }
        try requireScope(known.job)
        let actor = visitor.actor
        return try await Self.asConflict { () async throws(StoreError) in
            try await store.change(id, to: state, by: actor)
        }
    }

    /// What stands against a backfill is another one, or its end, and no fault of the store's.
    private static func asConflict<Value>(_ body: () async throws(StoreError) -> Value) async throws -> Value {
        do {
            return try await body()
        } catch .refused(let words) {
            throw ActRefusal(.conflict, words)
        }
    }
}

extension BackfillStore {
    /// Backfills, with how many runs of each are open.
    package func resources(of backfills: [Backfill]) async throws -> [BackfillResource] {
        var found: [BackfillResource] = []
        for backfill in backfills {
            found.append(
                BackfillResource(backfill, open: backfill.state.isOpen ? try await openRuns(of: backfill.id) : 0))
        }
        return found
    }
}
