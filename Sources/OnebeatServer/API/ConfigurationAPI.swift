import HTTPTypes
import Hummingbird
import Onebeat

/// Configuration files below `/api/v1`: checked, compared with what is in force, and applied as by the command.
///
/// A file is sent as it is. What it says of a node's own settings is checked and not used, and `${NAME}` in it stays as it is
/// written: no variable of this node is shown to whoever sends a file that names it.
struct ConfigurationAPI: Sendable {
    typealias Context = WebContext

    let reading: ReadAPI
    /// Reading a large file, and working out what it changes, takes a while.
    private let desk = Desk("configuration", most: 4)

    private var store: any Store { reading.store }

    init(reading: ReadAPI) { self.reading = reading }

    func addRoutes(to group: RouterGroup<Context>) {
        group.get("configuration") { request, _ in
            guard let source = try QueryReader(request, known: ["source"]).text("source") else {
                throw Problem(
                    .badRequest, "whose? Give source, such as source=file:/etc/onebeat.yaml; jobs name theirs")
            }
            return try await JSON.tagged(resource(of: source))
        }
        group.post("configuration/validate") { request, _ in try await validate(request) }
        group.post("configuration/plan") { request, context in try await plan(request, context) }
        group.post("configuration/apply") { request, context in try await apply(request, context) }
    }

    /// - Throws: ``Problem`` where nothing is known of it.
    private func resource(of source: String) async throws -> SourceResource {
        let found = try await resource(after: store.history(of: source))
        guard found.jobs > 0 || found.revision != nil else {
            throw Problem(.notFound, "nobody applied anything as source \"\(source)\"; jobs name theirs")
        }
        return found
    }

    private func resource(after history: SourceHistory) async throws -> SourceResource {
        let jobs = try await store.jobs().count { $0.source == history.source }
        return SourceResource(history, jobs: jobs)
    }

    // MARK: What is sent

    /// A file that was sent, and read.
    private struct Sent: Sendable {
        var file: ConfigurationFile
        /// Whether somebody said whose it is: in it, or by its path.
        var isNamed: Bool
    }

    private static let unnamed = "configuration"

    /// - Throws: ``Problem`` for what is no text; ``ConfigurationError`` for a text that cannot be used.
    private func read(_ request: Request, _ query: QueryReader, mayBeEmpty: Bool = false) async throws -> Sent {
        let path = query.text("file")
        if let path, !path.hasPrefix("/") || path.utf8.count > 250 {
            throw Problem(.badRequest, "file is \"\(path)\"; the whole path will do, such as /etc/onebeat.yaml")
        }
        try BodyReader.require("application/yaml", request)
        let most = ConfigurationFile.largestSize
        let bytes = try await BodyReader.bytes(of: request, most: most, "4 MiB; split the jobs over several files")
        guard !bytes.isEmpty else {
            throw Problem(.badRequest, "the body is empty; send a configuration file as it is")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(.badRequest, "the body is not UTF-8 text; save the file as UTF-8")
        }
        let now = try await store.now()
        let found = await desk.compute { () -> Result<ConfigurationFile, ConfigurationError> in
            Result { () throws(ConfigurationError) in
                try ConfigurationFile.parse(
                    text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text, path: path ?? Self.unnamed,
                    environment: nil, mayBeEmpty: mayBeEmpty, now: now)
            }
        }
        guard let file = try found?.get() else { throw Self.tooMany }
        return Sent(file: file, isNamed: path != nil || file.namedSource != nil)
    }

    /// A file that is to be compared, or applied.
    /// - Throws: ``Problem`` for one that cannot be used, or of which nobody said whose it is.
    private func usable(_ request: Request, _ query: QueryReader, mayBeEmpty: Bool = false) async throws
        -> ConfigurationFile
    {
        let sent: Sent
        do {
            sent = try await read(request, query, mayBeEmpty: mayBeEmpty)
        } catch let error as ConfigurationError {
            let first = error.problems.first?.summary ?? ""
            let more = error.problems.count - 1
            throw Problem(
                .unprocessableContent, "the file cannot be used: \(first)\(more > 0 ? ", and \(more) more" : "")",
                problems: error.problems.map(FileProblem.init))
        }
        guard sent.isNamed else {
            throw Problem(
                .unprocessableContent,
                "nobody says whose jobs these are: name their source in the file (source: shop), or the file by its path"
                    + " (file=/etc/onebeat.yaml)")
        }
        return sent.file
    }

    private static let tooMany = Problem(
        .serviceUnavailable, "too many files are looked at on this node at this moment; try again",
        headers: [.retryAfter: "1"])

    // MARK: What is done with it

    private func validate(_ request: Request) async throws -> Response {
        let query = try QueryReader(request, known: ["file"])
        do {
            return try await JSON.response(FileCheck(read(request, query).file))
        } catch let error as ConfigurationError {
            return try JSON.response(FileCheck(error, of: query.text("file") ?? Self.unnamed))
        }
    }

    private func wish(_ file: ConfigurationFile, _ query: QueryReader, _ context: Context) throws -> ApplyRequest {
        let revision = try query.number("revision", in: 0...Int.max).map { Int64($0) }
        var wish = try ApplyRequest(file, revision: revision, by: context.visitor.actor)
        wish.isComplete = try query.truth("complete") || wish.isComplete
        return wish
    }

    private func plan(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryReader(request, known: ["file", "revision", "complete"])
        let file = try await usable(request, query)
        let planned = try await store.planned(wish(file, query, context), warnings: file.warnings)
        let worked = await desk.compute { () -> Result<PlanResource, ScheduleError> in
            Result { () throws(ScheduleError) in try planned.worked() }
        }
        guard let worked else { throw Self.tooMany }
        var response = try await reading.readable { try JSON.response(worked.get()) }
        // Whoever applies what was planned says that nothing else may have come between.
        response.headers[.eTag] = try await JSON.tag(of: resource(after: planned.history)).text
        return response
    }

    private func apply(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryReader(request, known: ["file", "revision", "complete", "prune_all", "force"])
        let (prunes, force) = (try query.truth("prune_all"), try query.truth("force"))
        let file = try await usable(request, query, mayBeEmpty: prunes)
        var wish = try wish(file, query, context)
        wish.isComplete = wish.isComplete || prunes
        wish.isForced = force
        try Self.requireScope(context, wish)
        wish.sight = try await sight(request, wish.source)
        let changes: [JobChange]
        do {
            changes = try await store.apply(wish, schedules: reading.witness.schedules)
        } catch StoreError.refused(let words) {
            throw Problem(.conflict, words)
        } catch StoreError.outdated(let words) {
            throw Problem(.conflict, words)
        } catch StoreError.changed(let words) {
            throw try await Self.changed(words, tag(of: wish.source))
        } catch let error as ScheduleError {
            throw Problem(.conflict, "a schedule cannot be read on this node, and nothing was changed: \(error)")
        }
        reading.health.node?.definitionsChanged()
        var response = try JSON.response(ApplyResource(changes, of: wish.source, warnings: file.warnings))
        response.headers[.eTag] = try await tag(of: wish.source).text
        return response
    }

    /// Whoever may act on some jobs only may define those, and no file of theirs removes what they do not name.
    private static func requireScope(_ context: Context, _ wish: ApplyRequest) throws {
        guard context.visitor.scope != .all else { return }
        for job in wish.definitions { try context.requireScope(job.name) }
        if wish.isComplete { try context.requireAllJobs("removes jobs that a file does not name") }
    }

    private func tag(of source: String) async throws -> EntityTag {
        try await JSON.tag(of: resource(after: store.history(of: source)))
    }

    /// How the source must be still when the file is applied, where the request says so.
    private func sight(_ request: Request, _ source: String) async throws -> SourceSight? {
        guard let list = try EntityTag.List(ifMatch: request) else { return nil }
        let history = try await store.history(of: source)
        let tag = try await JSON.tag(of: resource(after: history))
        if list.isAny {
            // Whatever there is: but something.
            guard history.current != nil else {
                throw try Self.changed("nothing of source \"\(source)\" is in force, and nothing was changed", tag)
            }
            return nil
        }
        guard list.allows(tag) else {
            throw try Self.changed(
                "source \"\(source)\" is not what If-Match names any more, and nothing was changed", tag)
        }
        return SourceSight(history.current)
    }

    private static func changed(_ words: String, _ tag: EntityTag) throws -> Problem {
        Problem(
            .preconditionFailed,
            "\(words); its ETag is \(tag.text) now: plan again and, where you still mean it, send that",
            headers: [.eTag: tag.text])
    }
}

extension WebContext {
    /// - Parameter what: what only whoever may act on all jobs does, in words that follow "who".
    func requireAllJobs(_ what: String) throws {
        guard visitor.scope != .all else { return }
        throw Problem(
            .forbidden,
            "\(visitor.actor) may act on \(visitor.scope.patterns.joined(separator: ", ")) only, and who \(what) must be allowed"
                + " all jobs")
    }
}
