/// What was told to people, and what is still to be told. Each incident is kept once, whoever finds it, so that nothing is
/// told twice when leaders change.
public protocol AlertStore: Sendable {
    /// Keeps incidents that are not known yet; those that are stay as they are.
    /// - Returns: those that were not known, with their numbers.
    func open(_ incidents: [Incident]) async throws(StoreError) -> [Incident]

    /// Ends incidents. Those that are over stay as they are.
    func close(_ incidents: [Int64]) async throws(StoreError)

    /// Incidents, the newest first: only those that are not over, or those of all; and only those before one, to turn a page.
    func incidents(openOnly: Bool, before: Int64?, limit: Int) async throws(StoreError) -> [Incident]

    /// The incidents that one message tells of.
    func incidents(of batch: Int64) async throws(StoreError) -> [Incident]

    /// Lets incidents go that were held back: they are told from now on, with the words and the run that they have here. Those
    /// that are over, or were not held back, stay as they are.
    func release(_ incidents: [Incident]) async throws(StoreError)

    /// Puts the incidents of a rule that are in no message yet, and not held back, into one, once the first of them is `age`
    /// old; one that was held back is as old as its release. The message has the number of the first incident.
    func gather(_ rule: String, olderThan age: Duration) async throws(StoreError)

    /// Messages of rules for which no run has been asked for, as far as is known.
    func unsent(limit: Int) async throws(StoreError) -> [(rule: String, batch: Int64)]

    /// A run was asked for that sends the message.
    func sent(_ batch: Int64) async throws(StoreError)

    /// Somebody has seen an incident, and with it the trouble: what is open of the same job and kind, by whichever channel or
    /// entry it was told, is seen as well. One that is over says nothing of a later trouble; a reminder of one that lasts does.
    /// - Throws: ``StoreError/notFound(_:)``.
    func acknowledge(_ incident: Int64, by actor: String) async throws(StoreError)

    /// Begins a silence: for so long nothing is told of the jobs, or by the alerts, whose names fit a pattern.
    func silence(
        _ pattern: String, for length: Duration, because reason: String, by actor: String
    ) async throws(StoreError) -> Silence

    /// Silences that end at or after a moment, the newest first; only those before one, to turn a page.
    func silences(endingFrom moment: Timestamp, before: Int64?, limit: Int) async throws(StoreError) -> [Silence]

    /// Ends a silence now. One that is over stays as it is.
    /// - Throws: ``StoreError/notFound(_:)``.
    func endSilence(_ id: Int64, by actor: String) async throws(StoreError)
}

extension AlertStore {
    /// The newest incidents.
    public func incidents(openOnly: Bool, limit: Int) async throws(StoreError) -> [Incident] {
        try await incidents(openOnly: openOnly, before: nil, limit: limit)
    }

    /// The newest silences that end at or after a moment.
    public func silences(endingFrom moment: Timestamp, limit: Int) async throws(StoreError) -> [Silence] {
        try await silences(endingFrom: moment, before: nil, limit: limit)
    }
}

/// A time for which nothing is told of some jobs.
public struct Silence: Sendable, Equatable {
    /// The store's number.
    public var id: Int64
    /// The name of jobs, or of jobs of alerts; `*` stands for any characters.
    public var pattern: String
    /// When it began.
    public var from: Timestamp
    /// When it ends, or ended.
    public var until: Timestamp
    /// Why.
    public var reason: String
    /// Who asked for it.
    public var actor: String

    /// Makes one; stores do.
    package init(id: Int64, pattern: String, from: Timestamp, until: Timestamp, reason: String, actor: String) {
        self.id = id
        self.pattern = pattern
        self.from = from
        self.until = until
        self.reason = reason
        self.actor = actor
    }

    /// What stores note of its beginning.
    package var event: Event {
        Event(
            "alert.silenced", actor: actor, message: "silence \(id) of \(pattern) until \(until.words): \(reason)")
    }

    /// What stores note where somebody ended one.
    package static func ended(_ id: Int64, by actor: String) -> Event {
        Event("alert.unsilenced", actor: actor, message: "silence \(id)")
    }

    /// Whether it holds at a moment.
    package func holds(at moment: Timestamp) -> Bool { from <= moment && moment < until }

    /// Whether nothing is told of a job by the job of an alert.
    package func covers(_ job: String, by rule: String) -> Bool {
        NamePattern.fits(job, pattern) || NamePattern.fits(rule, pattern)
    }
}

/// Something that people are told of once.
public struct Incident: Sendable, Equatable {
    /// The store's number; 0 before it has one.
    public var id: Int64
    /// The job of the alert's rule.
    public var rule: String
    /// What happened: a word of ``AlertKind``.
    public var kind: String
    /// The job it happened to.
    public var job: String
    /// What tells one incident of a job from the next: when the job last did well before it.
    public var since: Timestamp
    /// The run that showed it.
    public var run: RunID?
    /// What happened, in words.
    public var summary: String
    /// When it was found; the store fills it in.
    public var openedAt: Timestamp
    /// When it was over.
    public var closedAt: Timestamp?
    /// The message it is told in.
    public var batch: Int64?
    /// Who has seen it.
    public var acknowledgedBy: String?
    /// Whether it is over as soon as it is kept: a piece of news and not a state.
    public var isNews: Bool
    /// What kept it from being told when it was found: quiet hours, or a silence.
    public var heldBy: String?
    /// When it was let go after that.
    public var releasedAt: Timestamp?

    /// Whether nobody is told of it, as things are.
    public var isHeld: Bool { heldBy != nil && releasedAt == nil }

    /// From when on people are told of it, where it is not held.
    package var toldFrom: Timestamp { releasedAt ?? openedAt }

    /// Makes an incident that is not kept yet.
    public init(
        rule: String, kind: AlertKind, job: String, since: Timestamp, run: RunID? = nil, summary: String,
        isNews: Bool = false
    ) {
        id = 0
        self.rule = rule
        self.kind = kind.rawValue
        self.job = job
        self.since = since
        self.run = run
        self.summary = summary
        openedAt = .distantPast
        self.isNews = isNews
    }

    /// One as it was kept; stores use it.
    package init(
        id: Int64, rule: String, kind: String, job: String, since: Timestamp, run: RunID?, summary: String,
        openedAt: Timestamp, closedAt: Timestamp?, batch: Int64?, acknowledgedBy: String?, isNews: Bool,
        heldBy: String? = nil, releasedAt: Timestamp? = nil
    ) {
        self.id = id
        self.rule = rule
        self.kind = kind
        self.job = job
        self.since = since
        self.run = run
        self.summary = summary
        self.openedAt = openedAt
        self.closedAt = closedAt
        self.batch = batch
        self.acknowledgedBy = acknowledgedBy
        self.isNews = isNews
        self.heldBy = heldBy
        self.releasedAt = releasedAt
    }
}
