import Onebeat

/// What is wrong with the whole and with no job: who leads, clocks, the store.
struct WholeTrouble: Equatable {
    /// What it is of, where incidents have a job: no job can be called so.
    var subject: String
    var kind: AlertKind
    var why: String
    /// Whether it is over already.
    var isNews = false

    /// Whether an incident is of the whole.
    static func isOne(_ incident: Incident) -> Bool { incident.job.hasPrefix("(") }

    /// How long nobody may lead, and the store may be away, before it is worth a word.
    static let patience = (lead: Duration.seconds(30), store: Duration.seconds(15))
    /// What is away for less than that, a look apart, is not noted at all.
    static let breath = Duration.seconds(5)
    /// What comes back within so long is the same: all who look name it by the same moment.
    static let quantum: Int64 = 600_000_000
    /// How long those who do not lead wait for the leader to tell of an outage. Who leads when it is over may not have looked
    /// while it lasted, and then knows of none.
    static let courtesy = Duration.seconds(20)
    /// What is told of an outage begins so much before the end that another node saw, at the earliest.
    static let sameOutage = Duration.seconds(60)

    /// What the nodes' records show.
    /// - Parameter leaderlessSince: since when no living node was seen to lead.
    static func find(among nodes: [NodeRecord], leaderlessSince: Timestamp?, at now: Timestamp) -> [WholeTrouble] {
        let living = nodes.filter { $0.standing(at: now) == "alive" }
        var found = living.filter(\.isSkewed).map { node in
            let length = node.skew < .zero ? .zero - node.skew : node.skew
            return WholeTrouble(
                subject: "(clock of \(node.id.name))", kind: .skew,
                why:
                    "it was \(length.brief) \(node.skew < .zero ? "ahead of" : "behind") the store's at \(now.words); is NTP at work there?"
            )
        }
        if let since = leaderlessSince, now.duration(since: since) >= patience.lead {
            let planners = living.count { $0.roles.contains(.beat) }
            let why =
                planners == 0 ? "no living node has the role beat" : "\(planners) living nodes could, and none does"
            found.append(
                WholeTrouble(
                    subject: "(lead)", kind: .leaderless,
                    why: "nobody has led since \(since.words): \(why); nothing new falls due"))
        }
        return found
    }

    /// An outage of the store that is over.
    static func outage(from start: Timestamp, to end: Timestamp, seenBy node: String) -> WholeTrouble {
        WholeTrouble(
            subject: "(store)", kind: .store,
            why:
                "it could not be reached for \(end.duration(since: start).brief), from \(start.words) on, as node \(node) saw it",
            isNews: true)
    }

    /// What is kept of an outage that is too short to be told of.
    static func event(from start: Timestamp, to end: Timestamp, seenBy node: String) -> Event {
        Event(
            "store.away", actor: node,
            message: "the store could not be reached for \(end.duration(since: start).brief), from \(start.words) on")
    }

    /// What a rule tells of it.
    static func incidents(_ rule: AlertRule, _ name: String, _ view: Alerting.View) -> [Incident] {
        view.whole.compactMap { trouble in
            guard rule.on.contains(trouble.kind.rawValue),
                !view.known.contains(where: { $0.rule == name && $0.job == trouble.subject && $0.closedAt == nil })
            else { return nil }
            let since = Timestamp(microseconds: view.now.microseconds / quantum * quantum)
            var incident = Incident(
                rule: name, kind: trouble.kind, job: trouble.subject, since: since, summary: trouble.why,
                isNews: trouble.isNews)
            incident.heldBy = view.hush(rule, name, trouble.subject, at: view.now)
            return view.isKnown(incident) ? nil : incident
        }
    }
}
