import Logging
import Synchronization

/// Finds runs that the store has running under this life of the node while no attempt here is for them, and hands them
/// back: the net below ``RunStore/readBack(_:of:)``. Nobody else would end such a run while this node lives.
///
/// Whether anything of it ever began is not asked: a store that went back to an older state may have forgotten an end.
final class StrayLoop: TurnTaking {
    static let page = 500
    /// While a claim is under way, what looks like a stray may be its doing.
    static let pause = Duration.milliseconds(100)

    let name = "strays"
    private let store: any RunStore
    private let membership: Membership
    private let attempts: any AttemptRunning
    private let outbox: Outbox
    private let openClaims: [OpenClaim]
    private let lease: Duration
    private let logger: Logger
    /// Where the next look begins.
    private let seen = Mutex<RunID?>(nil)

    init(
        store: any RunStore, membership: Membership, attempts: any AttemptRunning, outbox: Outbox,
        openClaims: [OpenClaim], lease: Duration, logger: Logger
    ) {
        self.store = store
        self.membership = membership
        self.attempts = attempts
        self.outbox = outbox
        self.openClaims = openClaims
        self.lease = lease
        self.logger = logger
    }

    func turn(at now: Timestamp) async throws -> NextTurn {
        guard let id = membership.id else { return .after(lease / 3) }
        let running = try await store.running(of: id, after: seen.withLock { $0 }, limit: Self.page)
        // First whether a claim is under way: what one that has ended brought was handed to the attempts before that.
        let isDecided = openClaims.allSatisfy { $0.name == nil }
        // In this order: an attempt that ends is in the outbox before it is gone from the attempts.
        let strays = await attempts.unknown(running).filter { !outbox.holds($0) }
        guard strays.isEmpty || isDecided else { return .after(Self.pause) }
        for stray in strays {
            logger.warning(
                "a run of this node has no attempt here; it is handed back",
                metadata: ["run": "\(stray.run.key)", "fence": "\(stray.fence)"])
            // Guarded by its fence, as every report: one that was settled meanwhile stays as it is.
            outbox.put(AttemptReport(stray, .interrupted))
        }
        let isWhole = running.count < Self.page
        seen.withLock { $0 = isWhole ? nil : running.last?.run.id }
        return isWhole ? .after(lease / 3) : .now
    }
}
