import Onebeat

// Asking: what people ask, in one list. A store answers it (`StoreWitness`), for commands beside it and for the API; a node
// answers it over that API (`RemoteNode`). Both answer in the same values, so that a command says the same words whichever it
// asks, and what the API cannot say is missing here, where it is seen. What is not there is `nil`: the words on that are
// those of whoever asks.

/// Whoever can be asked how jobs and runs are.
package protocol Witness: Sendable {
    /// How long to wait before asking again what has come since.
    var pause: Duration { get }

    /// The time of the store.
    func now() async throws -> Timestamp

    /// How all is, and up to so many of the jobs that need a look, the worst first.
    func standing(limit: Int) async throws -> StandingResource

    /// All jobs in force, by name.
    func jobs() async throws -> [JobResource]

    /// A job in force, its definition key by key.
    func job(_ name: String) async throws -> JobResource?

    /// The due instants of a job in force after a moment; on another clock than its own where one is named.
    func fires(of job: String, after start: Timestamp, count: Int, timezone: String?) async throws -> FiresResource?

    /// The versions of a job's definition, the newest first; of one that was removed as well.
    func versions(of job: String, limit: Int) async throws -> [VersionResource]

    /// What differs between two versions, named as they are listed.
    func changes(of job: String, from first: String, to second: String) async throws -> [PlanDiff.KeyChange]

    /// Why a job ran, or did not, at a moment or lately, on a reader's clock; of one that was removed as well.
    func explanation(of job: String, at moment: Timestamp?, on clock: Schedule) async throws -> ExplanationResource?

    /// Who follows whom: in the flow of one job, or in all flows.
    func graph(around job: String?) async throws -> [FlowDrawing.Box]

    /// Runs that fit, the newest first.
    func runs(_ filter: RunFilter) async throws -> [Run]

    /// A run, as lists show it.
    func run(_ id: RunID) async throws -> Run?

    /// A run, with what is told of one alone: what it handed on, and what it counts as.
    func whole(_ id: RunID) async throws -> RunResource?

    /// The attempts of a run, first to newest.
    func attempts(of run: RunID) async throws -> [AttemptResource]

    /// Why a run is where it is, on a reader's clock; empty where nothing is known of its job any more.
    func explanation(of run: RunID, on clock: Schedule) async throws -> [String]

    /// A part of what a run wrote, after the ``LogPage/next`` of the part before.
    func logs(of run: RunID, after place: String?) async throws -> LogPage

    /// The flow that a run is part of.
    func flow(of run: RunID) async throws -> FlowProgress

    /// Nodes, living ones first, then the latest gone.
    func nodes() async throws -> [NodeResource]

    /// Events that fit, the newest first.
    func events(_ filter: EventFilter) async throws -> [EventResource]
}

/// A part of what a run wrote.
package struct LogPage: Sendable {
    package var pieces: [LogPiece]
    /// Where to go on.
    package var next: String?
    /// Whether there is no more now.
    package var isLast: Bool
}

extension Witness {
    /// The zones of jobs' own clocks: of a handful one by one, and all at once otherwise.
    package func zones(of names: Set<String>) async throws -> [String: String] {
        guard names.count > 10 else {
            var zones: [String: String] = [:]
            for name in names { zones[name] = try await job(name)?.timezone }
            return zones
        }
        return Dictionary(
            try await jobs().filter { names.contains($0.name) }.map { ($0.name, $0.timezone) }
        ) { first, _ in first }
    }
}
