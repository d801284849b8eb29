import Synchronization

/// Stops attempts whose runs someone asked to end.
final class CancelLoop: TurnTaking {
    /// From one look to the next, while there is anything to stop.
    private static let pause = Duration.seconds(1)

    let name = "cancel"
    private let store: any RunStore
    private let membership: Membership
    private let attempts: any AttemptRunning
    private let lookedAt = Mutex(Timestamp.distantPast)

    init(store: any RunStore, membership: Membership, attempts: any AttemptRunning) {
        self.store = store
        self.membership = membership
        self.attempts = attempts
    }

    func turn(at now: Timestamp) async throws -> NextTurn {
        // The start of an attempt brings the next turn.
        guard let id = membership.id, await attempts.count + attempts.remoteCount > 0 else {
            return .after(.seconds(60))
        }
        // Starts may come one after the other, and a look at each would cost as much as a claim.
        let last = lookedAt.withLock { $0 }
        if last <= now, now < last + Self.pause { return .at(last + Self.pause) }
        lookedAt.withLock { $0 = now }
        let runs = try await store.cancelRequests(of: id)
        if !runs.isEmpty { await attempts.stop(runs, because: .cancelled) }
        return .after(Self.pause)
    }
}
