// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

/// A store that stands before another one and passes on whatever it does not change.
public protocol StoreWrapper: Store {
    /// The store behind it.
    var base: any Store { get }
}

extension StoreWrapper {
    public var clock: StoreClock { base.clock }

    public func now() async throws(StoreError) -> Timestamp { try await base.now() }

    public func apply(
        _ request: ApplyRequest, unless isOverdue: @escaping @Sendable (JobRecord, Timestamp) -> Bool,
        deciding: @escaping @Sendable (JobDefinition, JobRecord?, Timestamp) -> FirePlan
    ) async throws(StoreError) -> [JobChange] {
        try await base.apply(
            request, unless: isOverdue, deciding: deciding)
    }

    public func history(of source: String) async throws(StoreError) -> SourceHistory {
        try await base.history(of: source)
    }

    public func jobs(_ filter: JobFilter) async throws(StoreError) -> [JobRecord] { try await base.jobs(filter) }

    public func job(_ name: String) async throws(StoreError) -> JobRecord? { try await base.job(name) }

    public func definition(_ version: JobVersion) async throws(StoreError) -> JobDefinition? {
        try await base.definition(version)
    }

    public func setPaused(
        _ isPaused: Bool, job: String, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) {
        try await base.setPaused(isPaused, job: job, asSeen: sight, by: actor)
    }

    public func plannable(
        from start: Timestamp?, through horizon: Timestamp, limit: Int
    ) async throws(StoreError) -> [JobRecord] {
        try await base.plannable(from: start, through: horizon, limit: limit)
    }

    public func plan(_ plans: [FirePlan], term: Term?) async throws(StoreError) -> Int {
        try await base.plan(plans, term: term)
    }

    public func followers(of root: String) async throws(StoreError) -> [JobRecord] {
        try await base.followers(of: root)
    }

    public func trigger(
        _ job: String, requestID: String, alone: Bool, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) -> Run {
        try await base.trigger(job, requestID: requestID, alone: alone, asSeen: sight, by: actor)
    }

    public func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        try await base.claim(request, deciding: deciding)
    }

    public func readBack(_ nonce: ClaimNonce, of node: NodeID) async throws(StoreError) -> [Claim] {
        try await base.readBack(nonce, of: node)
    }

    public func running(of node: NodeID, after run: RunID?, limit: Int) async throws(StoreError) -> [Claim] {
        try await base.running(of: node, after: run, limit: limit)
    }

    public func dueRuns(
        queues: [String], abilities: Abilities, within ahead: Duration, limit: Int
    ) async throws(StoreError) -> [DueRun] {
        try await base.dueRuns(queues: queues, abilities: abilities, within: ahead, limit: limit)
    }

    public func nextDue(queues: [String], abilities: Abilities) async throws(StoreError) -> Timestamp? {
        try await base.nextDue(queues: queues, abilities: abilities)
    }

    public func settle(
        _ reports: [AttemptReport], room: OwnRoom?,
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        try await base.settle(reports, room: room, deciding: deciding)
    }

    public func cancel(_ run: RunID, asSeen sight: RunSight?, by actor: String) async throws(StoreError) -> Run {
        try await base.cancel(run, asSeen: sight, by: actor)
    }

    public func cancelRequests(of node: NodeID) async throws(StoreError) -> [RunID] {
        try await base.cancelRequests(of: node)
    }

    public func endOverdue(
        limit: Int, deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> [Run] {
        try await base.endOverdue(limit: limit, deciding: deciding)
    }

    public func unclaimed(for length: Duration, limit: Int) async throws(StoreError) -> [UnclaimedRuns] {
        try await base.unclaimed(for: length, limit: limit)
    }

    public func releaseHeld(limit: Int) async throws(StoreError) -> Int { try await base.releaseHeld(limit: limit) }

    public func join(_ node: NodeRecord, lease: Duration) async throws(StoreError) -> Timestamp {
        try await base.join(node, lease: lease)
    }

    public func renew(_ node: NodeID, lease: Duration, skew: Duration) async throws(StoreError) -> Timestamp {
        try await base.renew(node, lease: lease, skew: skew)
    }

    public func bury(_ node: NodeID) async throws(StoreError) { try await base.bury(node) }

    public func leave(_ node: NodeID) async throws(StoreError) { try await base.leave(node) }

    public func lead(_ node: NodeID, lease: Duration) async throws(StoreError) -> Term? {
        try await base.lead(node, lease: lease)
    }

    public func resign(_ node: NodeID) async throws(StoreError) { try await base.resign(node) }

    public func take(_ lock: HeldLock, lease: Duration) async throws(StoreError) -> LeaseAnswer {
        try await base.take(lock, lease: lease)
    }

    public func extend(_ lock: HeldLock, lease: Duration) async throws(StoreError) {
        try await base.extend(lock, lease: lease)
    }

    public func giveUp(_ lock: HeldLock) async throws(StoreError) { try await base.giveUp(lock) }

    public func reap(
        limit: Int, deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> ReapResult {
        try await base.reap(limit: limit, deciding: deciding)
    }

    public func nodes(limit: Int) async throws(StoreError) -> [NodeRecord] { try await base.nodes(limit: limit) }

    public func runs(_ filter: RunFilter) async throws(StoreError) -> [Run] { try await base.runs(filter) }

    public func run(_ id: RunID) async throws(StoreError) -> Run? { try await base.run(id) }

    public func value(of run: RunID) async throws(StoreError) -> RunValue? { try await base.value(of: run) }

    public func input(of run: RunID) async throws(StoreError) -> [String: RunValue] {
        try await base.input(of: run)
    }

    public func waits(in flow: RunID, limit: Int) async throws(StoreError) -> [Wait] {
        try await base.waits(in: flow, limit: limit)
    }

    public func attempts(of run: RunID) async throws(StoreError) -> [Attempt] { try await base.attempts(of: run) }

    public func statuses(job: String?) async throws(StoreError) -> [JobStatus] { try await base.statuses(job: job) }

    public func appendLog(_ pieces: [LogPiece], dropping: [LogPiece.ID]) async throws(StoreError) {
        try await base.appendLog(pieces, dropping: dropping)
    }

    public func logs(of run: RunID, after position: LogPosition?, limit: Int) async throws(StoreError) -> [LogPiece] {
        try await base.logs(of: run, after: position, limit: limit)
    }

    public func record(_ event: Event) async throws(StoreError) { try await base.record(event) }

    public func events(_ filter: EventFilter) async throws(StoreError) -> [EventRecord] {
        try await base.events(filter)
    }

    public func runCounts() async throws(StoreError) -> [RunState: Int] { try await base.runCounts() }

    public func prune(before instant: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await base.prune(before: instant, limit: limit)
    }

    public func statuses(of jobs: [String]?) async throws(StoreError) -> [JobStatus] {
        try await base.statuses(of: jobs)
    }

    public func newestEnds(of jobs: [String]?) async throws(StoreError) -> [Run] {
        try await base.newestEnds(of: jobs)
    }

    public func newestRuns(
        of jobs: [String], states: Set<RunState>, each: Int
    ) async throws(StoreError) -> [Run] {
        try await base.newestRuns(of: jobs, states: states, each: each)
    }

    public func longestWaiting(for length: Duration, limit: Int) async throws(StoreError) -> [Run] {
        try await base.longestWaiting(for: length, limit: limit)
    }

    public func longestRunning(limit: Int) async throws(StoreError) -> [Run] {
        try await base.longestRunning(limit: limit)
    }

    public func open(_ incidents: [Incident]) async throws(StoreError) -> [Incident] {
        try await base.open(incidents)
    }

    public func close(_ incidents: [Int64]) async throws(StoreError) { try await base.close(incidents) }

    public func release(_ incidents: [Incident]) async throws(StoreError) { try await base.release(incidents) }

    public func incidents(openOnly: Bool, before: Int64?, limit: Int) async throws(StoreError) -> [Incident] {
        try await base.incidents(openOnly: openOnly, before: before, limit: limit)
    }

    public func silence(
        _ pattern: String, for length: Duration, because reason: String, by actor: String
    ) async throws(StoreError) -> Silence {
        try await base.silence(pattern, for: length, because: reason, by: actor)
    }

    public func silences(
        endingFrom moment: Timestamp, before: Int64?, limit: Int
    ) async throws(StoreError) -> [Silence] {
        try await base.silences(endingFrom: moment, before: before, limit: limit)
    }

    public func endSilence(_ id: Int64, by actor: String) async throws(StoreError) {
        try await base.endSilence(id, by: actor)
    }

    public func incidents(of batch: Int64) async throws(StoreError) -> [Incident] {
        try await base.incidents(of: batch)
    }

    public func gather(_ rule: String, olderThan age: Duration) async throws(StoreError) {
        try await base.gather(rule, olderThan: age)
    }

    public func unsent(limit: Int) async throws(StoreError) -> [(rule: String, batch: Int64)] {
        try await base.unsent(limit: limit)
    }

    public func sent(_ batch: Int64) async throws(StoreError) { try await base.sent(batch) }

    public func acknowledge(_ incident: Int64, by actor: String) async throws(StoreError) {
        try await base.acknowledge(incident, by: actor)
    }

    public func definedJobs(after name: String?, limit: Int) async throws(StoreError) -> [String] {
        try await base.definedJobs(after: name, limit: limit)
    }

    public func versions(
        of job: String, before version: JobVersion?, limit: Int
    ) async throws(StoreError) -> [DefinitionVersion] {
        try await base.versions(of: job, before: version, limit: limit)
    }

    public func ledger(_ query: LedgerQuery) async throws(StoreError) -> [LedgerEntry] {
        try await base.ledger(query)
    }

    public func firstSuccess(
        of job: String, from start: Timestamp, before end: Timestamp
    ) async throws(StoreError) -> Timestamp? {
        try await base.firstSuccess(of: job, from: start, before: end)
    }

    public func keptSince() async throws(StoreError) -> Timestamp? { try await base.keptSince() }

    public func retry(
        _ run: RunID, downstream: Bool, asSeen sight: RunSight?, by actor: String
    ) async throws(StoreError) -> Run {
        try await base.retry(run, downstream: downstream, asSeen: sight, by: actor)
    }

    public func mark(
        _ run: RunID, as state: RunMark.State, because reason: String, asSeen sight: RunSight?, by actor: String
    ) async throws(StoreError) -> [Run] {
        try await base.mark(run, as: state, because: reason, asSeen: sight, by: actor)
    }

    public func mark(of run: RunID) async throws(StoreError) -> RunMark? { try await base.mark(of: run) }

    public func marks(in flow: RunID, limit: Int) async throws(StoreError) -> [RunID: RunMark] {
        try await base.marks(in: flow, limit: limit)
    }

    public func add(_ backfill: Backfill) async throws(StoreError) -> Backfill { try await base.add(backfill) }

    public func backfills(openOnly: Bool, before: Int64?, limit: Int) async throws(StoreError) -> [Backfill] {
        try await base.backfills(openOnly: openOnly, before: before, limit: limit)
    }

    public func change(
        _ backfill: Int64, to state: Backfill.State, by actor: String
    ) async throws(StoreError) -> Backfill {
        try await base.change(backfill, to: state, by: actor)
    }

    public func openRuns(of backfill: Int64) async throws(StoreError) -> Int { try await base.openRuns(of: backfill) }

    public func openFlows(of backfill: Int64) async throws(StoreError) -> Int { try await base.openFlows(of: backfill) }

    public func newestStates(
        of job: String, at instants: [Timestamp]
    ) async throws(StoreError) -> [Timestamp: RunState] {
        try await base.newestStates(of: job, at: instants)
    }

    public func take(_ step: BackfillStep, term: Term?) async throws(StoreError) -> Int? {
        try await base.take(step, term: term)
    }

    public func add(_ user: WebUser, by actor: String) async throws(StoreError) -> Bool {
        try await base.add(user, by: actor)
    }

    public func users(after name: String?, limit: Int) async throws(StoreError) -> [WebUser] {
        try await base.users(after: name, limit: limit)
    }

    public func user(_ name: String) async throws(StoreError) -> WebUser? { try await base.user(name) }

    public func setPassword(_ hash: String, of user: String, by actor: String) async throws(StoreError) -> Bool {
        try await base.setPassword(hash, of: user, by: actor)
    }

    public func removeUser(
        _ name: String, keepingAdmin keepsAdmin: Bool, by actor: String
    ) async throws(StoreError) -> Bool {
        try await base.removeUser(name, keepingAdmin: keepsAdmin, by: actor)
    }

    public func beginSession(
        _ digest: String, of user: String, lasting length: Duration
    ) async throws(StoreError) -> Bool {
        try await base.beginSession(digest, of: user, lasting: length)
    }

    public func session(_ digest: String, idle: Duration) async throws(StoreError) -> WebUser? {
        try await base.session(digest, idle: idle)
    }

    public func endSession(_ digest: String) async throws(StoreError) { try await base.endSession(digest) }

    public func add(_ token: WebToken, by actor: String) async throws(StoreError) -> Bool {
        try await base.add(token, by: actor)
    }

    public func tokens(after name: String?, limit: Int) async throws(StoreError) -> [WebToken] {
        try await base.tokens(after: name, limit: limit)
    }

    public func token(_ digest: String) async throws(StoreError) -> WebToken? { try await base.token(digest) }

    public func revokeToken(_ name: String, by actor: String) async throws(StoreError) -> Bool {
        try await base.revokeToken(name, by: actor)
    }

    public func signInFailures(
        of keys: [String]
    ) async throws(StoreError) -> (failures: [String: SignInFailures], now: Timestamp) {
        try await base.signInFailures(of: keys)
    }

    public func countSignInFailure(of keys: [String]) async throws(StoreError) {
        try await base.countSignInFailure(of: keys)
    }

    public func forgetSignInFailures(of keys: [String]) async throws(StoreError) {
        try await base.forgetSignInFailures(of: keys)
    }

    public func signal(_ signal: JobSignal, asSeen sight: JobSight?) async throws(StoreError) -> Run {
        try await base.signal(signal, asSeen: sight)
    }

    public func emit(_ emission: Emission) async throws(StoreError) -> [Run] { try await base.emit(emission) }

    public func standby() async throws(StoreError) -> Standby? { try await base.standby() }

    public func change(standby wish: Standby.Wish, by actor: String) async throws(StoreError) -> Standby {
        try await base.change(standby: wish, by: actor)
    }

    public func concede(_ runs: [RunID], because words: String) async throws(StoreError) -> Int {
        try await base.concede(runs, because: words)
    }
}
