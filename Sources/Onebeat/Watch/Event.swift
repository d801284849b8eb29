/// Something worth remembering that is not a run: a change of a job, an operator's word, a node's coming and going.
public struct Event: Sendable, Equatable {
    /// What happened: `job.added`, `job.changed`, `job.removed`, `job.paused`, `job.resumed`, `job.invalid`,
    /// `run.triggered`, `run.signalled`, `run.marked`, `run.cancel_requested`, `run.taken_over`, `run.stuck`, `node.joined`, `node.left`, `node.dead`,
    /// `job.unserved`, `node.skewed`, `source.outdated`, `node.name_shared`, `node.zones_differ`, `leader.elected`,
    /// `store.away`, `clock.held`, `clock.stepped`, `job.set_back`, …
    public var kind: String
    /// The job it is about.
    public var job: String?
    /// The run it is about.
    public var run: RunID?
    /// Who did it: a node, or a person as the system knows them.
    public var actor: String
    /// In words.
    public var message: String
    /// When, by the store's clock; the store fills it in.
    public var at: Timestamp

    /// Makes an event.
    public init(
        _ kind: String, job: String? = nil, run: RunID? = nil, actor: String, message: String = "",
        at: Timestamp = .distantPast
    ) {
        self.kind = kind
        self.job = job
        self.run = run
        self.actor = actor
        self.message = message
        self.at = at
    }

    /// Somebody said what a run counts as.
    package static func marked(_ run: Run, as state: RunMark.State, because reason: String, by actor: String) -> Event {
        Event(
            "run.marked", job: run.job, run: run.id, actor: actor,
            message: "\(run.key), which is \(run.state.rawValue), counts as \(state.rawValue): \(reason)")
    }

    /// The words on a run that was asked for by hand.
    package static func triggered(requestID: String) -> String { "request \(requestID)" }
}
