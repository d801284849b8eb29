// Dispatch: how a worker learns that a run is due without asking the store. What is kept here are pointers to runs; the
// store's row decides. Whoever keeps them may lose, double or forget them: that costs a later start and nothing else,
// since the leader announces again what is due and was not claimed, and workers look into the store now and then.

/// Points workers to due runs, so that of many nodes only those go to the store that will find something there. Every
/// move is one flight for many runs.
public protocol Dispatch: Sendable {
    /// Tells the workers of their queues about runs. Telling of a run again is telling of it once.
    /// - Parameter now: the store's time, as far as it is known; what is due soon after it wakes workers that wait.
    /// - Throws: ``DispatchError``; any of the runs may have been told of then.
    func announce(_ pointers: [RunPointer], at now: Timestamp) async throws(DispatchError)

    /// Takes pointers to runs that are due by `now`, queue by queue, the longest due first; each goes to one taker.
    /// - Throws: ``DispatchError``; pointers may be lost then.
    func take(_ queues: [String], dueBy now: Timestamp, limit: Int) async throws(DispatchError) -> TakenPointers

    /// Wake-ups from now on, until the surrounding Swift task is cancelled: something was announced that is due soon. They
    /// may be lost, and may come for nothing.
    func wakeUps(_ queues: [String]) -> AsyncStream<Void>
}

/// A run, as dispatch knows it.
public struct RunPointer: Sendable, Hashable {
    /// The run's key.
    public var run: String
    /// Which workers may claim it: those of a queue, and closures apart, as programs and `onebeat up` cannot do each other's
    /// work, and so tasks of Celery, which not every node can send.
    public var queue: String
    /// When it may start.
    public var dueAt: Timestamp

    /// Points to the run of this key.
    public init(run: String, queue: String, dueAt: Timestamp) {
        self.run = run
        self.queue = queue
        self.dueAt = dueAt
    }

    /// Points to a run.
    public init(_ run: Run) {
        self.init(run: run.key, queue: Self.lane(run.queue, need: run.need), dueAt: run.dueAt)
    }

    /// Where pointers to runs of a queue go that need this.
    static func lane(_ queue: String, need: String) -> String {
        if need == Work.celeryKind { return "celery/\(queue)" }
        return need.hasPrefix(JobDefinition.need(ofHandler: "")) ? "closures/\(queue)" : queue
    }

    /// Where a worker finds pointers to what it can do.
    static func lanes(_ queues: [String], _ abilities: Abilities) -> [String] {
        guard case .only(let needs) = abilities else {
            return ["", "handler:", Work.celeryKind].flatMap { need in queues.map { lane($0, need: need) } }
        }
        return queues.flatMap { queue in Set(needs.map { lane(queue, need: $0) }).sorted() }
    }
}

/// What a worker took.
public struct TakenPointers: Sendable, Equatable {
    /// The keys of due runs; whether they are still to be claimed is the store's to say.
    public var runs: [String]
    /// When the next pointer of these queues is due, as far as is known.
    public var nextDue: Timestamp?

    /// Makes an answer.
    public init(runs: [String] = [], nextDue: Timestamp? = nil) {
        self.runs = runs
        self.nextDue = nextDue
    }
}

/// Whoever keeps pointers did not do what was asked.
public struct DispatchError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong and what would do.
    public var description: String

    /// Wraps a sentence.
    public init(_ description: String) { self.description = description }
}
