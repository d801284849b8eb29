/// What can go wrong between a node and its store. The engine branches on each case.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The store could not be reached or is busy, and nothing was changed: try later.
    case unavailable(String)
    /// The change was sent and its reply was lost: it may have happened. Read it back before trying again.
    case unknownOutcome(String)
    /// Whoever asked holds no valid lease or fence any more: stop.
    case fenced(String)
    /// The store cannot be used as it is: a newer schema, a network file system, a full disk, a damaged file.
    case refused(String)
    /// There is no such job, run or node.
    case notFound(String)
    /// Definitions that are older than those in force, which stay.
    case outdated(String)
    /// What somebody wanted to change is not as they saw it any more, and nothing was done.
    case changed(String)

    /// A name that is taken: two sources must not change each other's jobs unawares.
    package static func taken(_ job: String, by source: String) -> StoreError {
        .refused(
            "job \"\(job)\" is defined by \(source); give it another name here, or remove it there first. "
                + "If the two are one and the same that has moved, name it here: source: \"\(source)\"")
    }

    /// A value that somebody else wrote, or that a disk lost.
    package static func unreadableValue(of job: String) -> StoreError {
        .refused(
            "what \"\(job)\" handed on cannot be read (table run_values): it is no JSON. Run \"\(job)\" again with its flow"
        )
    }

    /// What the elements of a list handed on is more than a run can be given.
    package static func tooMuchOfElements(_ job: String) -> StoreError {
        .refused(
            "what the elements of \"\(job)\" handed on is more than \(RunValue.mostBytesOfElements) bytes together;"
                + " hand on files' places instead of their content")
    }

    /// A wish for a flow by the name of one for a job of it alone.
    package static func wished(_ request: String, belowOf job: String) -> StoreError {
        .refused(
            "a job that follows \(job) was asked for as \"\(request)\" before, on its own; ask for \(job) and what follows it"
                + " under another name")
    }

    /// What would do for an element whose followers are wanted as well.
    package static func loneElementWords(_ run: Run) -> String {
        "run \(run.id) is for one element of \(run.job)'s list, and what follows hangs on all of them; retry it alone, or"
            + " with --downstream the run of \(run.job) that stands for all (`onebeat flow \(run.id)` shows it)"
    }

    /// What hangs on an element hangs on all of them.
    package static func loneElement(_ run: Run) -> StoreError {
        .refused(loneElementWords(run))
    }

    /// A run of which only the end will do.
    package static func notEnded(_ run: Run, to verb: String) -> StoreError {
        .refused(
            "run \(run.id) of \(run.job) has not ended: it is \(run.state.rawValue); cancel it or wait, and \(verb) it then"
        )
    }

    /// An instant is in one backfill at a time.
    package static func overlapping(_ backfill: Backfill) -> StoreError {
        .refused(
            "backfill \(backfill.id) of \(backfill.job) covers \(backfill.from.words) to \(backfill.to.words) and has not ended; wait for it,"
                + " or `onebeat backfills cancel \(backfill.id)`")
    }

    /// Nothing can be done to a backfill any more.
    package static func ended(_ backfill: Backfill) -> StoreError {
        .refused("backfill \(backfill.id) of \(backfill.job) has ended: it is \(backfill.state.rawValue)")
    }

    /// A word on a job that runs here.
    package static func runsHere(_ job: String) -> StoreError {
        .refused(
            "job \(job) is run by nodes, and is not told of; `signal: {every: 1d, grace: 2h}` makes one that only reports"
        )
    }

    /// The lease of a node that was declared dead, or has left.
    package static func over(_ node: NodeID) -> StoreError { .fenced("the lease of node \(node) is over") }

    /// Nobody could let anybody in any more.
    package static func lastAdmin(_ name: String) -> StoreError {
        .refused("\(name) is the last admin of all jobs: add another one before, or `onebeat users remove \(name)`")
    }

    /// A change of definitions that came too late: a job it would replace or remove is due, and has no run for that yet.
    package static let overtaken = StoreError.unavailable(
        "a job fell due each time its change arrived, since others change the same jobs; nothing was changed, try again"
    )

    /// Tables that cannot be changed yet: the nodes that hold leases speak to them as they are. A new node waits for them.
    package static func inUse(by nodes: [String]) -> StoreError {
        .unavailable(
            "its tables are those of an older Onebeat than \(OnebeatVersion.current), and in use by"
                + " \(nodes.joined(separator: ", ")); they are brought up to date when all of these have stopped")
    }

    /// What went wrong and what would do.
    public var description: String {
        switch self {
        case .unavailable(let what): "the store is unavailable: \(what)"
        case .unknownOutcome(let what): "the store did not confirm a change: \(what)"
        case .fenced(let what): "refused as stale: \(what)"
        case .refused(let what), .notFound(let what), .outdated(let what), .changed(let what): what
        }
    }
}
