import HTTPTypes
import Hummingbird
import Onebeat

/// What the JSON API below `/api/v1` does for people and programs.
struct ActAPI: Sendable {
    typealias Context = WebContext

    let reading: ReadAPI

    func addRoutes(to group: RouterGroup<Context>) {
        group.post("jobs/:name/trigger") { request, context in try await trigger(request, context) }
        group.post("jobs/:name/pause") { request, context in try await setPaused(true, request, context) }
        group.post("jobs/:name/resume") { request, context in try await setPaused(false, request, context) }
        group.post("jobs/:name/signal") { request, context in try await signal(request, context) }
        group.post("events") { request, context in try await emit(request, context) }
        group.post("runs/:id/cancel") { request, context in try await cancel(request, context) }
        group.post("runs/:id/retry") { request, context in try await retry(request, context) }
        group.post("runs/:id/mark") { request, context in try await mark(request, context) }
    }

    /// What was done, in words, and what came of it.
    private struct Deed: Encodable {
        var words: String
        /// The words line by line, where there are several.
        var lines: [String]?
        var outlook: String?
        /// Why no living node will claim the run, where that is so.
        var unserved: String?
        var run: RunResource?
        var runs: [RunResource]?
        var job: JobResource?
        var changed: Bool?

        init(
            words: String, outlook: String? = nil, unserved: String? = nil, run: RunResource? = nil,
            runs: [RunResource]? = nil, job: JobResource? = nil, changed: Bool? = nil
        ) {
            self.words = words
            self.outlook = outlook
            self.unserved = unserved
            self.run = run
            self.runs = runs
            self.job = job
            self.changed = changed
        }

        init(lines: [String]) {
            words = lines.joined(separator: "; ")
            if lines.count > 1 { self.lines = lines }
        }
    }

    private func trigger(_ request: Request, _ context: Context) async throws -> Response {
        let name = try context.jobName()
        _ = try QueryReader(request, known: [])
        let body = try await BodyReader(json: request, known: ["request_id", "only"])
        let wish = try Self.name(of: request, body)
        let alone = try body.truth("only")
        let job = try await context.actable(reading.record(name))
        let triggered = try await context.acts(reading.store).trigger(
            job, request: wish, alone: alone, asSeen: context.seen?.job)
        return try Self.made(
            triggered.run,
            Deed(
                words: triggered.words, outlook: triggered.outlook.words, unserved: triggered.outlook.unserved,
                run: RunResource(triggered.run)))
    }

    /// The header and the body's field are one and the same; both may be given when they agree.
    private static func name(of request: Request, _ body: BodyReader, field: String = "request_id") throws -> String? {
        let headers = request.headers[values: .idempotencyKey]
        let text = try body.text(field)
        guard headers.count <= 1 else {
            throw Problem(.badRequest, "there are \(headers.count) Idempotency-Key headers")
        }
        guard var key = headers.first else { return text }
        if key.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = String(key.dropFirst().dropLast()) }
        guard text == nil || text == key else {
            throw Problem(.conflict, "Idempotency-Key and \(field) name two wishes; send one of them")
        }
        return key
    }

    private func setPaused(_ isPaused: Bool, _ request: Request, _ context: Context) async throws -> Response {
        let name = try context.jobName()
        _ = try QueryReader(request, known: [])
        _ = try await BodyReader(json: request, known: [])
        let job = try await context.actable(reading.record(name))
        let pausing = try await context.acts(reading.store).setPaused(isPaused, job, asSeen: context.seen?.job)
        return try await JSON.response(
            Deed(
                words: pausing.words, job: reading.resources([reading.record(name)]).first, changed: pausing.isChange))
    }

    /// A bare POST says that all went well, as does the exit code 0.
    private func signal(_ request: Request, _ context: Context) async throws -> Response {
        let name = try context.jobName()
        _ = try QueryReader(request, known: [])
        let body = try await BodyReader(json: request, known: ["state", "request_id", "message", "exit_code"])
        let code = try body.number("exit_code")
        let said = try body.text("state") ?? (code ?? 0 == 0 ? JobSignal.Word.success : .fail).rawValue
        guard let word = JobSignal.Word(rawValue: said) else {
            throw Problem(.badRequest, "state is \"\(said)\"; start, success or fail will do")
        }
        let wish = try Self.name(of: request, body)
        let job = try await context.actable(reading.record(name))
        let signalled = try await context.acts(reading.store).signal(
            word, of: job, id: wish, message: body.text("message"), exitCode: code, asSeen: context.seen?.job)
        return try Self.made(signalled.run, Deed(words: signalled.words, run: RunResource(signalled.run)))
    }

    private func cancel(_ request: Request, _ context: Context) async throws -> Response {
        let id = try context.runID()
        _ = try QueryReader(request, known: [])
        let isFlow = try await BodyReader(json: request, known: ["flow"]).truth("flow")
        let cancelled = try await context.cancel(reading.run(id), withFlow: isFlow, in: reading.store)
        var deed = Deed(lines: cancelled.lines)
        if isFlow {
            deed.runs = cancelled.runs.map { RunResource($0) }
        } else {
            deed.run = cancelled.runs.first.map { RunResource($0) }
        }
        return try JSON.response(deed, status: cancelled.isOver ? .ok : .accepted)
    }

    private func retry(_ request: Request, _ context: Context) async throws -> Response {
        let id = try context.runID()
        _ = try QueryReader(request, known: [])
        let isFlow = try await BodyReader(json: request, known: ["downstream"]).truth("downstream")
        let retried = try await context.retry(reading.run(id), downstream: isFlow, reading)
        return try Self.made(retried.run, Deed(words: retried.words, run: RunResource(retried.run)))
    }

    private func mark(_ request: Request, _ context: Context) async throws -> Response {
        let id = try context.runID()
        _ = try QueryReader(request, known: [])
        let body = try await BodyReader(json: request, known: ["state", "because"])
        guard let state = try body.text("state").flatMap(RunMark.State.init(rawValue:)),
            let because = try body.text("because")
        else { throw Problem(.badRequest, "state is succeeded or failed, and because says why; send both") }
        let marked = try await context.mark(reading.run(id), as: state, because: because, reading)
        var deed = Deed(lines: marked.lines)
        deed.runs = marked.touched.map { RunResource($0) }
        return try JSON.response(deed)
    }

    private func emit(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryReader(request, known: [])
        let body = try await BodyReader(json: request, known: ["name", "id", "data"])
        guard let name = try body.text("name") else {
            throw Problem(.badRequest, "name is missing; send the event's name")
        }
        // Whoever emits starts whatever starts on it. What nothing starts on yet is for those who may act on a job of its name.
        let starting = try await reading.store.jobs().filter { $0.definition.schedule.event == name }.map(\.name)
        for job in starting.isEmpty ? [name] : starting { try context.requireScope(job) }
        let runs = try await context.acts(reading.store).emit(
            name, id: try Self.name(of: request, body, field: "id"), data: body.json("data"))
        let words =
            runs.isEmpty ? "no job starts on \(name)" : "\(runs.count) run\(runs.count == 1 ? "" : "s") of \(name)"
        return try JSON.response(Deed(words: words, runs: runs.map { RunResource($0) }), status: .created)
    }

    private static func made(_ run: Run, _ deed: Deed) throws -> Response {
        var response = try JSON.response(deed, status: .created)
        response.headers[.location] = "/api/v1/runs/\(run.id)"
        return response
    }
}

extension WebContext {
    /// Acts in the visitor's name.
    func acts(_ store: any Store) -> Acts { Acts(store, by: visitor.actor) }

    /// The job, where the visitor may act on it.
    func actable(_ job: JobRecord) throws -> JobRecord {
        try requireScope(job.name)
        return job
    }

    func requireScope(_ job: String) throws {
        guard visitor.mayAct(on: job) else {
            throw Problem(
                .forbidden,
                "\(visitor.actor) may not act on job \"\(job)\": their jobs are"
                    + " \(visitor.scope.patterns.joined(separator: ", "))")
        }
    }

    /// Ends a run, or all of its flow where the visitor may act on each job of it.
    func cancel(_ run: Run, withFlow: Bool, in store: any Store) async throws -> Cancelled {
        try requireScope(run.job)
        guard withFlow else { return try await acts(store).cancel(run, asSeen: seen?.run) }
        let open = try await acts(store).open(inFlowOf: run)
        for run in open { try requireScope(run.job) }
        return try await acts(store).cancel(open, ofFlow: run.flow)
    }

    /// Runs a run's job once more, and all that hung on it where the visitor may act on each job of its flow.
    func retry(_ run: Run, downstream: Bool = false, _ reading: ReadAPI) async throws -> Retried {
        try requireScope(run.job)
        if downstream { try await requireScope(ofFlowOf: run, reading.store) }
        _ = try await reading.record(run.job)
        return try await acts(reading.store).retry(run, downstream: downstream, asSeen: seen?.run)
    }

    /// Says what a run counts as, where the visitor may act on each job of its flow.
    func mark(_ run: Run, as state: RunMark.State, because: String, _ reading: ReadAPI) async throws -> Marked {
        try requireScope(run.job)
        try await requireScope(ofFlowOf: run, reading.store)
        return try await acts(reading.store).mark(run, as: state, because: because, asSeen: seen?.run)
    }

    private func requireScope(ofFlowOf run: Run, _ store: any Store) async throws {
        guard let flow = run.flow else { return }
        for run in try await store.all(of: flow) { try requireScope(run.job) }
    }
}
