import Onebeat

/// A node that is asked over its API. What each question is there stands in `docs/openapi.yaml`.
extension RemoteNode: Witness {
    private struct Index: Decodable { var now: Timestamp }
    private struct Runs: Decodable { var items: [RunResource] }
    private struct Attempts: Decodable { var attempts: [AttemptResource] }
    private struct Nodes: Decodable { var nodes: [NodeResource] }
    private struct Events: Decodable { var events: [EventResource] }
    private struct Versions: Decodable { var versions: [VersionResource] }
    private struct Changes: Decodable { var keys: [PlanDiff.KeyChange] }
    private struct Boxes: Decodable { var jobs: [FlowDrawing.Box] }
    private struct Logs: Decodable {
        var pieces: [LogResource]
        var next: String?
        var complete: Bool
    }

    /// A connection a question: what follows a run asks less often than beside the store.
    package var pause: Duration { .seconds(1) }

    package func now() async throws -> Timestamp { try await (read("") as Index).now }

    package func standing(limit: Int) async throws -> StandingResource { try await read("/status?limit=\(limit)") }

    // MARK: Jobs

    package func jobs() async throws -> [JobResource] {
        try await readAll("/jobs")
    }

    package func job(_ name: String) async throws -> JobResource? { try await readIfThere(Self.job(name)) }

    package func fires(
        of job: String, after start: Timestamp, count: Int, timezone: String?
    ) async throws -> FiresResource? {
        try await readIfThere(
            Self.job(job, "next", [("after", "\(start)"), ("count", "\(count)"), ("timezone", timezone)]))
    }

    package func versions(of job: String, limit: Int) async throws -> [VersionResource] {
        let found: Versions? = try await readIfThere(Self.job(job, "versions", [("limit", "\(limit)")]))
        return found?.versions ?? []
    }

    package func changes(of job: String, from first: String, to second: String) async throws -> [PlanDiff.KeyChange] {
        try await (read(Self.job(job, "changes", [("from", first), ("to", second)])) as Changes).keys
    }

    package func explanation(
        of job: String, at moment: Timestamp?, on clock: Schedule
    ) async throws -> ExplanationResource? {
        try await readIfThere(
            Self.job(
                job, "explain", [("at", moment.map { "\($0)" }), ("timezone", clock.definition.timezone)]))
    }

    package func graph(around job: String?) async throws -> [FlowDrawing.Box] {
        try await (read(Address.query("/graph", [("job", job)])) as Boxes).jobs
    }

    // MARK: Runs

    package func runs(_ filter: RunFilter) async throws -> [Run] {
        let states = filter.states.map(\.rawValue).sorted().joined(separator: ",")
        let page: Runs = try await read(
            Address.query(
                "/runs",
                [
                    ("job", filter.job), ("state", states), ("from", filter.from.map { "\($0)" }),
                    ("before", filter.before.map { "\($0)" }), ("flow", filter.flow.map { "\($0)" }),
                    ("after", filter.after.map { "\($0)" }), ("limit", "\(filter.limit)"),
                ]))
        return page.items.map { Run($0) }
    }

    package func run(_ id: RunID) async throws -> Run? { try await whole(id).map { Run($0) } }

    package func whole(_ id: RunID) async throws -> RunResource? { try await readIfThere("/runs/\(id)") }

    package func attempts(of run: RunID) async throws -> [AttemptResource] {
        try await (read("/runs/\(run)/attempts") as Attempts).attempts
    }

    package func explanation(of run: RunID, on clock: Schedule) async throws -> [String] {
        let found: ExplanationResource? = try await readIfThere(
            Address.query("/runs/\(run)/explain", [("timezone", clock.definition.timezone)]))
        return found?.sentences ?? []
    }

    package func logs(of run: RunID, after place: String?) async throws -> LogPage {
        let page: Logs = try await read(Address.query("/runs/\(run)/logs", [("after", place), ("limit", "500")]))
        let pieces = page.pieces.map { piece in
            LogPiece(
                id: .init(run: run, position: LogPosition(attempt: piece.attempt, sequence: piece.sequence)),
                stream: piece.stream, at: piece.at, bytes: Array(piece.text.utf8))
        }
        return LogPage(pieces: pieces, next: page.next, isLast: page.complete || pieces.isEmpty)
    }

    package func flow(of run: RunID) async throws -> FlowProgress {
        FlowProgress(try await read("/flows/\(run)") as FlowResource)
    }

    // MARK: The cluster

    package func nodes() async throws -> [NodeResource] { try await (read("/nodes") as Nodes).nodes }

    package func events(_ filter: EventFilter) async throws -> [EventResource] {
        let page: Events = try await read(
            Address.query("/events", [("job", filter.job), ("kind", filter.kind), ("limit", "\(filter.limit)")]))
        return page.events
    }

    private static func job(_ name: String, _ question: String? = nil, _ query: [(String, String?)] = []) -> String {
        Address.query("/jobs/\(Address.encoded(name))\(question.map { "/\($0)" } ?? "")", query)
    }
}
