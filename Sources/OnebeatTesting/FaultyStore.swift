// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

/// How often a store fails, each from 0 to 1, and how slow it is.
public struct StoreFaults: Sendable, Equatable {
    /// The store is unavailable, and nothing happened.
    public var unavailable = 0.0
    /// A change never reached the store, and the caller cannot know.
    public var lostRequest = 0.0
    /// A change happened, and the caller cannot know.
    public var lostReply = 0.0
    /// A change is held on its way: the caller gives up, and it happens a while later all the same.
    public var heldRequest = 0.0
    /// The longest a request or a reply is under way.
    public var delay = Duration.zero

    /// A store that never fails.
    public init() {}

    /// A store that fails in each way this often.
    public init(
        unavailable: Double = 0, lostRequest: Double = 0, lostReply: Double = 0, heldRequest: Double = 0,
        delay: Duration = .zero
    ) {
        self.heldRequest = heldRequest
        self.unavailable = unavailable
        self.lostRequest = lostRequest
        self.lostReply = lostReply
        self.delay = delay
    }
}

/// A store as a node sees it over a bad line: calls fail before they arrive, replies get lost after the change was
/// made, and both take their time. Chance comes from a seed.
public struct FaultyStore: StoreWrapper {
    public let base: any Store
    private let faults: @Sendable () -> StoreFaults
    private let dice: Dice
    private let wait: @Sendable (Duration) async throws(StoreError) -> Void
    private let later: @Sendable (Duration, @escaping @Sendable () async -> Void) -> Void

    /// - Parameters:
    ///   - faults: asked at each call, so that the line may get worse and better.
    ///   - dice: where chance comes from.
    ///   - wait: lets so much time pass; may throw for a caller that is gone by then.
    ///   - later: does something when so much time has passed, whatever becomes of the caller.
    public init(
        _ base: any Store, dice: Dice, faults: @escaping @Sendable () -> StoreFaults,
        wait: @escaping @Sendable (Duration) async throws(StoreError) -> Void = { _ throws(StoreError) in },
        later: @escaping @Sendable (Duration, @escaping @Sendable () async -> Void) -> Void = { _, _ in }
    ) {
        self.base = base
        self.dice = dice
        self.faults = faults
        self.wait = wait
        self.later = later
    }

    private func look<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let faults = faults()
        try await wait(dice.length(upTo: faults.delay))
        if dice.says(faults.unavailable) { throw .unavailable("a fault on purpose") }
        let value = try await body()
        try await wait(dice.length(upTo: faults.delay))
        return value
    }

    private func change<Value>(
        _ body: @escaping @Sendable () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let faults = faults()
        if faults.heldRequest > 0, dice.says(faults.heldRequest) {
            later(dice.length(.seconds(1), .seconds(15))) { _ = try? await body() }
            try await wait(.seconds(5))
            throw .unknownOutcome("the request was held on purpose")
        }
        let value = try await look { () async throws(StoreError) -> Value in
            if dice.says(faults.lostRequest) { throw .unknownOutcome("the request was lost on purpose") }
            return try await body()
        }
        if dice.says(faults.lostReply) { throw .unknownOutcome("the reply was lost on purpose") }
        return value
    }

    public func apply(
        _ request: ApplyRequest, unless isOverdue: @escaping @Sendable (JobRecord, Timestamp) -> Bool,
        deciding: @escaping @Sendable (JobDefinition, JobRecord?, Timestamp) -> FirePlan
    ) async throws(StoreError) -> [JobChange] {
        try await change { () async throws(StoreError) in
            try await base.apply(
                request, unless: isOverdue, deciding: deciding)
        }
    }

    public func plannable(
        from start: Timestamp?, through horizon: Timestamp, limit: Int
    ) async throws(StoreError) -> [JobRecord] {
        try await look { () async throws(StoreError) in
            try await base.plannable(from: start, through: horizon, limit: limit)
        }
    }

    public func setPaused(
        _ isPaused: Bool, job: String, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) {
        try await change { () async throws(StoreError) in
            try await base.setPaused(isPaused, job: job, asSeen: sight, by: actor)
        }
    }

    public func plan(_ plans: [FirePlan], term: Term?) async throws(StoreError) -> Int {
        try await change { () async throws(StoreError) in try await base.plan(plans, term: term) }
    }

    public func followers(of root: String) async throws(StoreError) -> [JobRecord] {
        try await look { () async throws(StoreError) in try await base.followers(of: root) }
    }

    public func trigger(
        _ job: String, requestID: String, alone: Bool, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) -> Run {
        try await change { () async throws(StoreError) in
            try await base.trigger(job, requestID: requestID, alone: alone, asSeen: sight, by: actor)
        }
    }

    public func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        try await change { () async throws(StoreError) in try await base.claim(request, deciding: deciding) }
    }

    public func readBack(_ nonce: ClaimNonce, of node: NodeID) async throws(StoreError) -> [Claim] {
        try await change { () async throws(StoreError) in try await base.readBack(nonce, of: node) }
    }

    public func running(of node: NodeID, after run: RunID?, limit: Int) async throws(StoreError) -> [Claim] {
        try await look { () async throws(StoreError) in try await base.running(of: node, after: run, limit: limit) }
    }

    public func dueRuns(
        queues: [String], abilities: Abilities, within ahead: Duration, limit: Int
    ) async throws(StoreError) -> [DueRun] {
        try await look { () async throws(StoreError) in
            try await base.dueRuns(queues: queues, abilities: abilities, within: ahead, limit: limit)
        }
    }

    public func nextDue(queues: [String], abilities: Abilities) async throws(StoreError) -> Timestamp? {
        try await look { () async throws(StoreError) in
            try await base.nextDue(queues: queues, abilities: abilities)
        }
    }

    public func settle(
        _ reports: [AttemptReport], room: OwnRoom?,
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        try await change { () async throws(StoreError) in try await base.settle(reports, room: room, deciding: deciding)
        }
    }

    public func cancel(_ run: RunID, asSeen sight: RunSight?, by actor: String) async throws(StoreError) -> Run {
        try await change { () async throws(StoreError) in try await base.cancel(run, asSeen: sight, by: actor) }
    }

    public func cancelRequests(of node: NodeID) async throws(StoreError) -> [RunID] {
        try await look { () async throws(StoreError) in try await base.cancelRequests(of: node) }
    }

    public func endOverdue(
        limit: Int, deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> [Run] {
        try await change { () async throws(StoreError) in try await base.endOverdue(limit: limit, deciding: deciding) }
    }

    public func unclaimed(for length: Duration, limit: Int) async throws(StoreError) -> [UnclaimedRuns] {
        try await look { () async throws(StoreError) in try await base.unclaimed(for: length, limit: limit) }
    }

    public func releaseHeld(limit: Int) async throws(StoreError) -> Int {
        try await change { () async throws(StoreError) in try await base.releaseHeld(limit: limit) }
    }

    public func join(_ node: NodeRecord, lease: Duration) async throws(StoreError) -> Timestamp {
        try await change { () async throws(StoreError) in try await base.join(node, lease: lease) }
    }

    public func renew(_ node: NodeID, lease: Duration, skew: Duration) async throws(StoreError) -> Timestamp {
        try await change { () async throws(StoreError) in try await base.renew(node, lease: lease, skew: skew) }
    }

    public func bury(_ node: NodeID) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await base.bury(node) }
    }

    public func leave(_ node: NodeID) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await base.leave(node) }
    }

    public func lead(_ node: NodeID, lease: Duration) async throws(StoreError) -> Term? {
        try await change { () async throws(StoreError) in try await base.lead(node, lease: lease) }
    }

    public func resign(_ node: NodeID) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await base.resign(node) }
    }

    public func take(_ lock: HeldLock, lease: Duration) async throws(StoreError) -> LeaseAnswer {
        try await change { () async throws(StoreError) in try await base.take(lock, lease: lease) }
    }

    public func extend(_ lock: HeldLock, lease: Duration) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await base.extend(lock, lease: lease) }
    }

    public func giveUp(_ lock: HeldLock) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await base.giveUp(lock) }
    }

    public func reap(
        limit: Int, deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> ReapResult {
        try await change { () async throws(StoreError) in try await base.reap(limit: limit, deciding: deciding) }
    }

    public func appendLog(_ pieces: [LogPiece], dropping: [LogPiece.ID]) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await base.appendLog(pieces, dropping: dropping) }
    }

    public func prune(before instant: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await change { () async throws(StoreError) in try await base.prune(before: instant, limit: limit) }
    }
}
