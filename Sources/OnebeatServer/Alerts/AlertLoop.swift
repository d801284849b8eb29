import Logging
import Onebeat
import Synchronization

/// Looks how the jobs are, keeps what is to be told, and asks for the runs that tell it. The leader looks often; others look
/// as well, so that it is found when the leader does not. Each may: the store keeps an incident once, and a message has one run.
package struct AlertLoop: TurnTaking {
    /// How often the leader looks, and how often the others do.
    static let pause = (leader: Duration.seconds(5), other: Duration.seconds(30))
    /// How many incidents that are over are looked at for what was told already.
    static let mostKnown = 1000

    package let name = "alerts"
    let store: any Store
    let readings: SharedReadings
    let actor: String
    let isLeader: @Sendable () -> Bool
    let logger: Logger
    private let memory = Memory()

    /// What a node remembers from one look to the next.
    private final class Memory: Sendable {
        struct State {
            /// Since when the store has not answered.
            var failedAt: Timestamp?
            /// The newest time without the store, that nobody has told of.
            var outage: (from: Timestamp, to: Timestamp)?
            /// One that was too short for that, and of which no event is kept yet.
            var breath: (from: Timestamp, to: Timestamp)?
            /// Since when nobody has led.
            var leaderlessSince: Timestamp?
        }
        let state = Mutex(State())
    }

    /// - Parameter readings: what pages read as well: all jobs are read once for both.
    package init(
        store: any Store, readings: SharedReadings, actor: String, isLeader: @escaping @Sendable () -> Bool,
        logger: Logger
    ) {
        self.store = store
        self.readings = readings
        self.actor = actor
        self.isLeader = isLeader
        self.logger = logger
    }

    package func turn(at now: Timestamp) async throws -> NextTurn {
        do {
            let next = try await look(at: now)
            memory.state.withLock { $0.failedAt = nil }
            return next
        } catch {
            memory.state.withLock { $0.failedAt = $0.failedAt ?? now }
            throw error
        }
    }

    /// Notes that the store answers, and since when nobody leads.
    /// - Parameter answered: the store's time, as it answered just now.
    private func note(_ reading: HealthReader.Reading, at now: Timestamp, answered: Timestamp) -> Timestamp? {
        let hasLeader = reading.nodes.contains { $0.isLeader && $0.standing(at: reading.now) == "alive" }
        return memory.state.withLock { state in
            // A look that was held up until the store was back saw it be away, too.
            let start = state.failedAt ?? now
            let length = answered.duration(since: start)
            if length >= WholeTrouble.patience.store {
                state.outage = (start, answered)
            } else if length >= WholeTrouble.breath {
                state.breath = (start, answered)
            }
            state.failedAt = nil
            state.leaderlessSince = hasLeader ? nil : state.leaderlessSince ?? reading.now
            return state.leaderlessSince
        }
    }

    /// Keeps an event of an outage that is too short to be told of: whoever asks why a run was late, or was started again,
    /// finds it.
    private func keepBreath() async throws {
        guard let breath = memory.state.withLock({ $0.breath }) else { return }
        try await store.record(WholeTrouble.event(from: breath.from, to: breath.to, seenBy: actor))
        memory.state.withLock { $0.breath = nil }
    }

    /// An outage that is to be told of: by the leader at once, and by others where no leader has.
    private func outage(at now: Timestamp, _ known: [Incident]) -> WholeTrouble? {
        memory.state.withLock { state in
            guard let outage = state.outage else { return nil }
            let isTold = known.contains {
                $0.kind == AlertKind.store.rawValue && $0.openedAt >= outage.to - WholeTrouble.sameOutage
            }
            if isTold || now.duration(since: outage.to) > WholeTrouble.sameOutage * 5 { state.outage = nil }
            guard !isTold, isLeader() || now.duration(since: outage.to) >= WholeTrouble.courtesy else { return nil }
            return .outage(from: outage.from, to: outage.to, seenBy: actor)
        }
    }

    private func look(at now: Timestamp) async throws -> NextTurn {
        let pause = isLeader() ? Self.pause.leader : Self.pause.other
        var named = JobFilter()
        named.containing = AlertReader.prefix
        let isThere = try await store.jobs(named).contains(where: \.isAlert)
        let open = try await store.incidents(openOnly: true, limit: 10_000)
        // Where nobody is to be told of anything, nothing is looked at.
        guard isThere || !open.isEmpty else { return .after(pause) }
        // It may be older than what is kept of incidents; what came after it is decided on at the next look.
        let reading = try await readings.snapshot(within: Self.pause.leader).reading
        let decided = try await store.now()
        let leaderlessSince = note(reading, at: now, answered: decided)
        try await keepBreath()
        let rules = reading.lines.map(\.job).filter(\.isAlert)
        var view = Alerting.View(now: decided, lines: reading.lines, known: open)
        view.readAt = reading.now
        view.known += try await store.incidents(openOnly: false, limit: Self.mostKnown).filter { $0.closedAt != nil }
        var filter = RunFilter()
        filter.states = RunState.troubles
        filter.from = decided - .seconds(86_400)
        filter.limit = 200
        view.troubles = try await store.runs(filter)
        view.silences = try await store.silences(endingFrom: decided - Alerting.lookBack, limit: Self.mostKnown)
        view.upSince = ClusterFacts(now: reading.now, nodes: reading.nodes).upSince
        view.slow = try await slow(reading, rules)
        view.whole = WholeTrouble.find(among: reading.nodes, leaderlessSince: leaderlessSince, at: reading.now)
        if let outage = outage(at: decided, view.known) { view.whole.append(outage) }
        let change = Alerting.decide(view)
        let opened = try await store.open(change.opened)
        for incident in opened {
            var metadata: Logger.Metadata = [
                "alert": "\(incident.rule)", "job": "\(incident.job)", "kind": "\(incident.kind)",
                "why": "\(incident.summary)",
            ]
            if let hush = incident.heldBy { metadata["held_by"] = "\(hush)" }
            logger.notice("\(incident.isHeld ? "held back" : "to be told")", metadata: metadata)
        }
        try await store.close(change.closed)
        try await store.release(change.released)
        for job in rules {
            guard case .alert(let rule) = job.definition.work else { continue }
            try await store.gather(job.name, olderThan: rule.group)
        }
        try await send()
        // Who has something to tell that the leader has not told yet looks again soon.
        return .after(memory.state.withLock { $0.outage == nil } ? pause : Self.pause.leader)
    }

    /// Runs that lately ended well after three times what others of their job took; asked for only where somebody is to be
    /// told of them.
    private func slow(_ reading: HealthReader.Reading, _ rules: [JobRecord]) async throws -> [(
        run: Run, usual: Duration
    )] {
        let asking = rules.compactMap { job -> AlertRule? in
            guard !job.isPaused, case .alert(let rule) = job.definition.work else { return nil }
            return rule.on.contains(AlertKind.slow.rawValue) ? rule : nil
        }
        if asking.isEmpty { return [] }
        let start = reading.now - Alerting.lookBack
        let names = reading.lines.filter { line in
            line.newestEnd?.finishedAt.map { $0 > start } ?? false && asking.contains { $0.watches(line.job) }
        }.prefix(HealthReader.mostSuspects).map(\.job.name)
        if names.isEmpty { return [] }
        let runs = try await store.newestRuns(of: names, states: [.succeeded], each: 20)
        return Dictionary(grouping: runs, by: \.job).values.flatMap { Alerting.slow(among: $0, from: start) }
    }

    /// Asks for a run for each message: twice is the same run, so that who dies between the two steps harms nothing.
    private func send() async throws {
        for (rule, batch) in try await store.unsent(limit: 100) {
            do {
                _ = try await store.trigger(rule, requestID: "\(AlertExecutor.batchPrefix)\(batch)", by: actor)
            } catch StoreError.notFound {
                logger.warning("nobody is told: the alert was removed", metadata: ["alert": "\(rule)"])
            }
            try await store.sent(batch)
        }
    }
}
