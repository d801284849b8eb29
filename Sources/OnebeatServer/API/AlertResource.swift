import Onebeat

/// An incident as JSON.
package struct IncidentResource: Codable {
    package var id: Int64
    package var alert: String
    package var kind: String
    package var job: String
    package var run: Int64?
    package var summary: String
    package var openedAt: Timestamp
    package var closedAt: Timestamp?
    package var message: Int64?
    /// Whether, and by which run, it was told.
    package var told: String
    package var acknowledgedBy: String?
    /// Whether it was over as soon as it was kept: a piece of news and not a state.
    package var isNews: Bool
    /// What kept it from being told when it was found: quiet hours, or a silence.
    package var heldBy: String?
    /// When it was let go after that, to be told.
    package var releasedAt: Timestamp?

    package init(_ incident: Incident, told: String) {
        id = incident.id
        alert = incident.rule
        kind = incident.kind
        job = incident.job
        run = incident.run?.value
        summary = incident.summary
        openedAt = incident.openedAt
        closedAt = incident.closedAt
        message = incident.batch
        self.told = told
        acknowledgedBy = incident.acknowledgedBy
        isNews = incident.isNews
        heldBy = incident.heldBy
        releasedAt = incident.releasedAt
    }
}

/// A silence as JSON.
package struct SilenceResource: Codable {
    package var id: Int64
    package var pattern: String
    package var from: Timestamp
    package var until: Timestamp
    package var reason: String
    package var actor: String

    package init(_ silence: Silence) {
        id = silence.id
        pattern = silence.pattern
        from = silence.from
        until = silence.until
        reason = silence.reason
        actor = silence.actor
    }
}
