/// The locks of one node, as far as the node knows: a value, so that what is due can be decided without asking anyone.
struct LockLedger: Sendable {
    /// One lock that the node holds, or wants to.
    struct Entry: Sendable, Equatable {
        /// How the entry stands.
        enum State: Sendable, Equatable {
            /// Held, as far as is known.
            case held
            /// Wanted, where nobody or the holder of this token has it.
            case wanted(after: String?)
            /// Taken by another program. The run goes on, since the store decides; the lock is let be.
            case taken
        }

        var token: LockToken
        var expect: Duration?
        var length: Duration
        var state: State
        /// The attempts that it guards. One without any was asked for and brought nothing yet.
        var guarded: Set<Fence> = []
        /// The uptime at which it is looked after.
        var nextAt: Duration

        var isLookedAfter: Bool { !guarded.isEmpty && state != .taken }
    }

    /// A lock to give up, and until when that matters.
    struct Leftover: Sendable, Equatable {
        var lock: HeldLock
        var until: Duration
    }

    private(set) var entries: [String: Entry] = [:]
    private(set) var leftovers: [Leftover] = []

    subscript(job: String) -> Entry? {
        get { entries[job] }
        set { entries[job] = newValue }
    }

    /// Drops what an earlier life of the node held. It is not given up: those jobs may be dying still, and their locks
    /// end by themselves.
    mutating func forget(allBut boot: String?) {
        entries = entries.filter { $0.value.token.node.boot == boot }
    }

    /// Puts in a lock that was just asked for. A lock that another program took and let go again may still have an
    /// attempt to guard.
    mutating func put(_ entry: Entry, for job: String) {
        var entry = entry
        if let old = entries[job], old.token.node == entry.token.node { entry.guarded = old.guarded }
        entries[job] = entry
    }

    /// Notes attempts that started under a lock, or ought to have.
    mutating func guarded(_ claims: [Claim], nonce: String, at uptime: Duration) {
        for claim in claims
        where claim.definition.policies.effectiveLimit == 1 && claim.run.kind != .backfill {
            let job = claim.run.job
            var entry =
                entries[job]
                ?? Entry(
                    token: LockToken(NodeID(name: claim.run.node ?? "", boot: claim.run.boot ?? ""), nonce: nonce),
                    expect: claim.definition.policies.expect, length: LockLength.shortest, state: .wanted(after: nil),
                    nextAt: uptime)
            entry.guarded.insert(claim.fence)
            entries[job] = entry
        }
    }

    /// Gives up what was asked for and brought nothing.
    mutating func dropUnused(at uptime: Duration) {
        for (job, entry) in entries where entry.guarded.isEmpty { drop(job, entry, at: uptime) }
    }

    /// Gives up the lock of an attempt that is settled, unless it guards another.
    mutating func settled(_ claim: Claim, at uptime: Duration) {
        guard var entry = entries[claim.run.job], entry.guarded.remove(claim.fence) != nil else { return }
        entries[claim.run.job] = entry
        if entry.guarded.isEmpty { drop(claim.run.job, entry, at: uptime) }
    }

    /// Gives up everything.
    mutating func dropAll(at uptime: Duration) {
        for (job, entry) in entries { drop(job, entry, at: uptime) }
    }

    /// Locks to give up that have not ended by themselves yet; the caller puts back what it could not give up.
    mutating func takeLeftovers(at uptime: Duration) -> [Leftover] {
        defer { leftovers = [] }
        return leftovers.filter { $0.until > uptime }
    }

    mutating func leave(_ some: [Leftover]) { leftovers += some }

    /// Jobs whose locks are to be looked after by now.
    func due(at uptime: Duration) -> [(job: String, entry: Entry)] {
        entries.filter { $0.value.isLookedAfter && $0.value.nextAt <= uptime }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }

    /// The next uptime at which a lock is to be looked after.
    var nextAt: Duration? { entries.values.filter(\.isLookedAfter).map(\.nextAt).min() }

    /// Whether there is anything to do by now.
    func isDue(at uptime: Duration) -> Bool { !leftovers.isEmpty || nextAt.map { $0 <= uptime } ?? false }

    private mutating func drop(_ job: String, _ entry: Entry, at uptime: Duration) {
        entries[job] = nil
        // Also one that is only wanted: the answer to an earlier try may have been lost.
        guard entry.state != .taken else { return }
        let lock = HeldLock(LockName(job: job), token: entry.token.description)
        leftovers.append(Leftover(lock: lock, until: uptime + entry.length))
    }
}
