import Logging
import Synchronization

// Cluster: who lives and who leads. One lease a node carries all its runs. A node trusts its lease only until
// *uptime before the request + length − margin*; then it stops its work by itself, before anybody may take it over.
// Leaders only save work: two at a time would be slower and never wrong.

/// This node's standing, for all loops to look at.
package final class Membership: Sendable {
    private struct State {
        var id: NodeID?
        var trustedUntil = Duration.zero
        var term: Term?
        var termTrustedUntil = Duration.zero
        var isLeaving = false
    }

    private let state = Mutex(State())
    private let time: any TimeSource

    /// A node that has not joined.
    package init(_ time: any TimeSource) { self.time = time }

    /// The node's life, while its lease can be trusted.
    package var id: NodeID? {
        let now = time.uptime()
        return state.withLock { $0.trustedUntil > now ? $0.id : nil }
    }

    /// The node's life, whether or not its lease can still be trusted; `nil` before it joined and after a lost lease.
    var claimedID: NodeID? { state.withLock { $0.id } }

    /// The term, while this node leads.
    package var term: Term? {
        let now = time.uptime()
        return state.withLock { $0.termTrustedUntil > now ? $0.term : nil }
    }

    /// Whether the node takes no new work, since it is about to leave.
    package var isLeaving: Bool { state.withLock { $0.isLeaving } }

    func joined(_ id: NodeID, trustedUntil instant: Duration) {
        state.withLock {
            $0.id = id
            $0.trustedUntil = instant
        }
    }

    func lostLease() {
        state.withLock {
            $0.id = nil
            $0.term = nil
        }
    }

    /// - Returns: whether that changed.
    func leads(_ term: Term?, trustedUntil instant: Duration) -> Bool {
        state.withLock { state in
            defer {
                state.term = term
                state.termTrustedUntil = instant
            }
            return state.term != term
        }
    }

    func beginLeaving() { state.withLock { $0.isLeaving = true } }
}

/// How long leases last, and how much of them a node leaves unused.
public struct LeaseLengths: Sendable, Equatable {
    /// The node's lease, renewed at a third of it.
    public var node: Duration
    /// How long before its end a node stops trusting it: the time its jobs have to be stopped and gone.
    public var margin: Duration
    /// The lead, renewed at a third of it.
    public var lead: Duration

    /// Lengths; a dead node's runs start elsewhere within ``held(slots:)`` and one reaping turn, or as soon as its guardian
    /// says that all is over.
    public init(node: Duration = .seconds(10), margin: Duration = .seconds(3), lead: Duration = .seconds(3)) {
        self.node = node
        self.margin = margin
        self.lead = lead
    }

    /// For how long the store is asked to keep others away from the runs of a node with so many slots. The node itself
    /// trusts ``node``, less the margin, and no more.
    public func held(slots: Int) -> Duration { node + Self.guardianNeeds(slots: slots) }

    /// What a node's guardian may need beyond the margin to see the last process dead, twice what it takes two busy
    /// processors where each job is three processes that only KILL ends (`Benchmarks/Guardian`).
    static func guardianNeeds(slots: Int) -> Duration { .seconds(1) + .milliseconds(2) * slots }
}
