import Logging

/// Joins, renews the node's lease, and notices its loss: then the attempts are stopped and the node rejoins under a new
/// boot. A lease once lost is never regained.
struct HeartbeatLoop: TurnTaking {
    let name = "heartbeat"
    let store: any LeaseStore & HistoryStore
    let membership: Membership
    let clock: NodeClock
    let lengths: LeaseLengths
    let node: NodeRecord
    let attempts: any AttemptRunning
    /// Told at each renewal which life the lease is for, and the uptime until which it can be trusted.
    let onRenewal: @Sendable (NodeID, Duration) -> Void
    /// Rung when the node has joined: loops that need a lease would else find out a turn later.
    let onJoin: [Bell]
    let metrics: LeaseMetrics
    let logger: Logger
    let makeBoot: @Sendable () -> String

    func turn(at now: Timestamp) async throws -> NextTurn {
        if let id = membership.claimedID {
            guard membership.id != nil else { return await loseLease(id, "it could not be renewed in time") }
            let grant: Grant
            do {
                grant = try await ask { try await store.renew(id, lease: held, skew: clock.skew) }
            } catch StoreError.fenced(let why) {
                return await loseLease(id, why)
            } catch {
                // The next try comes soon, since a lost lease costs all running attempts.
                logger.warning("lease not renewed", metadata: ["node": "\(id)", "error": "\(error)"])
                return .after(lengths.node / 20)
            }
            // While it was not trusted, claims were left unstarted and the guardian ended jobs. Only the end of this
            // lease gives their runs to others, so it must not be trusted again.
            guard membership.id != nil else { return await loseLease(id, "its renewal came too late") }
            take(grant, as: id)
        } else {
            var record = node
            record.id.boot = makeBoot()
            let joining = record
            take(try await ask { try await store.join(joining, lease: held) }, as: record.id)
            logger.info("joined", metadata: ["node": "\(record.id)"])
            for bell in onJoin { bell.ring() }
        }
        return .after(lengths.node / 3)
    }

    private var held: Duration { lengths.held(slots: node.slots) }

    /// A lease as the store granted it, by this node's uptime.
    private struct Grant {
        var trustedUntil: Duration
        var asked: Duration
        var answered: Duration
    }

    private func ask(_ request: () async throws -> Timestamp) async throws -> Grant {
        let asked = clock.time.uptime()
        let sent = clock.steady
        let granted = try await request()
        clock.correct(to: granted, sent: sent, received: clock.steady)
        return Grant(
            trustedUntil: asked + lengths.node - lengths.margin, asked: asked, answered: clock.time.uptime())
    }

    private func take(_ grant: Grant, as id: NodeID) {
        membership.joined(id, trustedUntil: grant.trustedUntil)
        onRenewal(id, grant.trustedUntil)
        metrics.renewed(
            in: grant.answered - grant.asked, trustedFor: grant.trustedUntil - grant.answered, skew: clock.skew)
    }

    private func loseLease(_ id: NodeID, _ why: String) async -> NextTurn {
        logger.error("lease lost; stopping all attempts", metadata: ["node": "\(id)", "reason": "\(why)"])
        membership.lostLease()
        await attempts.stopAll(because: .leaseLost)
        return .now
    }
}

/// Takes the lead when it is free, and keeps it.
///
/// A node whose clock is too far from the store's stands back while another can lead: its corrected time is right, but
/// a clock that is off tends to jump. Where no other can, it leads all the same, since a database host with a wrong clock
/// would else leave every job without a leader.
struct LeadLoop: TurnTaking {
    let name = "lead"
    let store: any LeaseStore
    let membership: Membership
    let clock: NodeClock
    let lengths: LeaseLengths
    let onElection: [Bell]
    let metrics: LeaseMetrics
    let logger: Logger

    func turn(at now: Timestamp) async throws -> NextTurn {
        guard let id = membership.id, !membership.isLeaving else { return .after(lengths.lead / 3) }
        if NodeRecord.isTooFar(clock.skew), try await isReplaceable(id, at: now) {
            if membership.term != nil { try await store.resign(id) }
            if membership.leads(nil, trustedUntil: .zero) {
                logger.notice("stands back, since its clock is off", metadata: ["node": "\(id)"])
                metrics.leads(false)
            }
            return .after(lengths.lead / 3)
        }
        let start = clock.time.uptime()
        let term = try await store.lead(id, lease: lengths.lead)
        if membership.leads(term, trustedUntil: start + lengths.lead - lengths.lead / 6) {
            logger.info(term == nil ? "follows" : "leads", metadata: ["node": "\(id)", "term": "\(term?.value ?? 0)"])
            metrics.leads(term != nil)
            for bell in onElection { bell.ring() }
        }
        return .after(lengths.lead / 3)
    }

    private func isReplaceable(_ id: NodeID, at now: Timestamp) async throws(StoreError) -> Bool {
        try await store.nodes(limit: NeighbourLoop.most).contains { $0.id != id && $0.isFitToLead(at: now) }
    }
}
