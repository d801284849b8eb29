import Logging

/// What the loops of one node share, and the loops. A node runs them in real time; a simulation takes their turns itself.
package struct NodeParts: Sendable {
    package let membership: Membership
    package let clock: NodeClock
    package let outbox: Outbox
    let openClaim = OpenClaim()
    let remoteClaim: OpenClaim
    /// Rung when a run may be due or a slot is free.
    package let worker: Bell
    /// Rung when a run may be due that takes no slot.
    let remoteWorker = Bell()
    package let demand: Demand
    let planning = Bell()
    /// Rung when this node begins to lead, or leads no more.
    let elected = Bell()
    private let leading = Bell()
    private let settling = Bell()
    let cancelling = Bell()
    let locking = Bell()

    package init(time: any TimeSource) {
        worker = Bell()
        remoteClaim = OpenClaim(beside: openClaim)
        demand = Demand(ringing: worker, other: Demand(ringing: remoteWorker))
        clock = NodeClock(time)
        membership = Membership(time)
        outbox = Outbox(ringing: settling)
    }

    /// Keeps the node's locks, where it has any.
    package func keeper(
        of locks: any Locks, store: any Store, settings: NodeSettings, chance: Chance, logger: Logger
    ) -> LockKeeper {
        LockKeeper(
            locks, policy: settings.lockPolicy, store: store, membership: membership, time: clock.time, bell: locking,
            demand: demand, logger: logger, makeNonce: chance.word)
    }

    /// The loops, each with the bell that brings its next turn forward.
    /// - Parameter onRenewal: told at each renewal whose lease it is, and until which uptime it can be trusted.
    package func loops(
        store: any Store, attempts: any AttemptRunning, settings: NodeSettings, abilities: Abilities = .everything,
        processID: Int = 0, schedules: ScheduleCache, chance: Chance, locks: LockKeeper? = nil,
        announcer: Announcer? = nil, logger: Logger,
        onRenewal: @escaping @Sendable (NodeID, Duration) -> Void
    ) -> [(loop: any TurnTaking, bell: Bell)] {
        let metrics = RunMetrics()
        let leaseMetrics = LeaseMetrics()
        let settle: @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement = {
            Settlement.decide($0, $1, of: $2, at: $3, chance: chance.fraction())
        }
        let record = NodeRecord(
            id: NodeID(name: settings.name, boot: ""), roles: settings.roles,
            slots: settings.roles.contains(.worker) ? settings.slots : 0,
            queues: settings.roles.contains(.worker) ? settings.queues : [], abilities: abilities,
            version: settings.version,
            processID: processID, zones: schedules.zones.version ?? "")
        // What every node does, whatever its roles: it lives, and looks after what the dead have left.
        var loops: [(loop: any TurnTaking, bell: Bell)] = [
            (
                HeartbeatLoop(
                    store: store, membership: membership, clock: clock, lengths: settings.leases, node: record,
                    attempts: attempts, onRenewal: onRenewal, onJoin: [leading, worker, remoteWorker],
                    metrics: leaseMetrics,
                    logger: logger, makeBoot: chance.word), Bell()
            ),
            (
                NeighbourLoop(
                    store: store, membership: membership, clock: clock, lease: settings.leases.node, logger: logger),
                Bell()
            ),
            (ReleaseLoop(store: store, demand: demand), Bell()),
            (
                Reaper(
                    store: store, settle: settle, demand: demand, announcer: announcer, metrics: metrics,
                    logger: logger), Bell()
            ),
        ]
        if settings.roles.contains(.beat) {
            loops += [
                (
                    LeadLoop(
                        store: store, membership: membership, clock: clock, lengths: settings.leases,
                        onElection: [planning, elected], metrics: leaseMetrics, logger: logger), leading
                ),
                (
                    FiringLoop(
                        store: store, membership: membership, schedules: schedules, demand: demand,
                        announcer: announcer, logger: logger),
                    planning
                ),
                (
                    RevisionLoop(
                        store: store, membership: membership, schedules: schedules, planning: planning, logger: logger),
                    Bell()
                ),
                (OverdueLoop(store: store, membership: membership, metrics: metrics, logger: logger), Bell()),
                (
                    BackfillLoop(
                        store: store, membership: membership, schedules: schedules, demand: demand, logger: logger),
                    Bell()
                ),
                (PruneLoop(store: store, membership: membership, keep: settings.keep), Bell()),
            ]
            if let announcer {
                loops.append((ReconcileLoop(store: store, membership: membership, announcer: announcer), Bell()))
            }
        }
        if settings.roles.contains(.worker) {
            let own = abilities.remote(false)
            let claimsFreely = locks == nil && announcer == nil
            let room: @Sendable () async -> OwnRoom? = {
                let free = settings.slots - (await attempts.count)
                guard claimsFreely, free > 0, membership.id != nil, !membership.isLeaving else { return nil }
                return OwnRoom(slots: free, queues: settings.queues, abilities: own)
            }
            loops += [
                (
                    Worker(
                        store: store, membership: membership, attempts: attempts, slots: settings.slots,
                        queues: settings.queues, abilities: own, outbox: outbox,
                        openClaim: openClaim, onStart: cancelling, demand: demand, locks: locks, announcer: announcer,
                        metrics: metrics, logger: logger), worker
                ),
                (CancelLoop(store: store, membership: membership, attempts: attempts), cancelling),
                (
                    StrayLoop(
                        store: store, membership: membership, attempts: attempts, outbox: outbox,
                        openClaims: [openClaim, remoteClaim], lease: settings.leases.node, logger: logger), Bell()
                ),
                (
                    SettlingLoop(
                        store: store, outbox: outbox, settle: settle, locks: locks, demand: demand,
                        announcer: announcer, room: room, metrics: metrics, logger: logger), settling
                ),
            ]
            if let remote = abilities.remote(true).words, !remote.isEmpty, abilities != .everything {
                // Without locks: whoever does the work may take the job's lock, and this node does none of it.
                let watcher = Worker(
                    store: store, membership: membership, attempts: attempts, slots: Worker.mostWatches,
                    queues: settings.queues, isRemote: true, abilities: .only(Set(remote)), outbox: outbox,
                    openClaim: remoteClaim, onStart: cancelling, demand: demand.remote, announcer: announcer,
                    metrics: metrics, logger: logger)
                loops.append((watcher, remoteWorker))
            }
            if let locks { loops.append((locks, locking)) }
        }
        return loops
    }
}

/// Where a node's chance comes from.
package struct Chance: Sendable {
    /// Sixteen characters: enough for a boot or a nonce.
    let word: @Sendable () -> String
    /// From 0 to 1, for the jitter of retries.
    let fraction: @Sendable () -> Double

    package init(word: @escaping @Sendable () -> String, fraction: @escaping @Sendable () -> Double) {
        self.word = word
        self.fraction = fraction
    }

    static let system = Chance(
        word: {
            let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        },
        fraction: { .random(in: 0...1) })
}
