import Logging
import Onebeat

/// Looks how the jobs are, keeps what is to be told, and asks for the runs that tell it. The leader looks often; others look
/// as well, so that it is found when the leader does not. Each may: the store keeps an incident once, and a message has one run.
package struct AlertLoop: TurnTaking {
    /// How often the leader looks, and how often the others do.
    static let pause = (leader: Duration.seconds(5), other: Duration.seconds(30))
    /// How many incidents that are over are looked at for what was told already.
    static let memory = 1000

    package let name = "alerts"
    let store: any Store
    let health: HealthReader
    let actor: String
    let isLeader: @Sendable () -> Bool
    let logger: Logger

    package init(
        store: any Store, schedules: ScheduleCache, actor: String, isLeader: @escaping @Sendable () -> Bool,
        logger: Logger
    ) {
        self.store = store
        health = HealthReader(store, schedules: schedules)
        self.actor = actor
        self.isLeader = isLeader
        self.logger = logger
    }

    package func turn(at now: Timestamp) async throws -> NextTurn {
        let pause = isLeader() ? Self.pause.leader : Self.pause.other
        var named = JobFilter()
        named.containing = AlertReader.prefix
        let isThere = try await store.jobs(named).contains(where: \.isAlert)
        let open = try await store.incidents(openOnly: true, limit: 10_000)
        // Where nobody is to be told of anything, nothing is looked at.
        guard isThere || !open.isEmpty else { return .after(pause) }
        let reading = try await health.all()
        let rules = reading.lines.map(\.job).filter(\.isAlert)
        var view = Alerting.View(now: reading.now, lines: reading.lines, known: open)
        view.known += try await store.incidents(openOnly: false, limit: Self.memory).filter { $0.closedAt != nil }
        var filter = RunFilter()
        filter.states = RunState.troubles
        filter.from = reading.now - .seconds(86_400)
        filter.limit = 200
        view.troubles = try await store.runs(filter)
        let change = Alerting.decide(view)
        let opened = try await store.open(change.opened)
        for incident in opened {
            logger.notice(
                "to be told",
                metadata: [
                    "alert": "\(incident.rule)", "job": "\(incident.job)", "kind": "\(incident.kind)",
                    "why": "\(incident.summary)",
                ])
        }
        try await store.close(change.closed)
        for job in rules {
            guard case .alert(let rule) = job.definition.work else { continue }
            try await store.gather(job.name, olderThan: rule.group)
        }
        try await send()
        return .after(pause)
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
