/// What time it is, for a process that has just started and whose first look may have been at a clock that is off: by
/// the nodes that live, as their renewals say.
package enum FirstLook {
    /// A little more than the time between two renewals.
    static let patience = Duration.seconds(4)
    static let pause = Duration.milliseconds(200)

    /// Believes the nodes rather than the store's clock, where nodes live and it is not as they say.
    package static func agree(_ store: any Store, time: any TimeSource = SystemTime()) async throws {
        let now = try await store.now()
        let first = try await living(store)
        // The newest renewal knows best: an older one of a node that is gone, and not buried yet, would agree with a clock
        // that was set back.
        guard let newest = first.max(by: { $0.renewedAt < $1.renewedAt }), !newest.agrees(with: now) else { return }
        let end = time.uptime() + patience
        while time.uptime() < end {
            try await time.sleep(until: time.uptime() + pause)
            let nodes = try await living(store)
            let renewed = nodes.filter { node in
                first.contains { $0.id == node.id && $0.renewals != node.renewals }
            }
            guard let latest = renewed.max(by: { $0.renewedAt < $1.renewedAt }) else { continue }
            let sent = time.uptime()
            // What it shows, and not what is held of it: it may have stepped since it was read first.
            let shown = try await store.now() + (store.clock.deviation ?? .zero)
            let received = time.uptime()
            return store.clock.believe(shown - latest.deviation, at: sent + (received - sent) / 2)
        }
    }

    private static func living(_ store: any Store) async throws(StoreError) -> [NodeRecord] {
        try await store.nodes(limit: NeighbourLoop.most).filter { !$0.isGone && !$0.roles.isEmpty }
    }
}

extension NodeRecord {
    /// When its lease was renewed last, by the store's time as the node knew it.
    fileprivate var renewedAt: Timestamp { leaseUntil - LeaseLengths().held(slots: slots) }

    /// Whether it may have been renewed lately, by a clock that shows `now`.
    fileprivate func agrees(with now: Timestamp) -> Bool {
        now >= renewedAt - StoreClock.bound && now <= leaseUntil + StoreClock.bound
    }
}
