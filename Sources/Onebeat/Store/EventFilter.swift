/// Which events to list.
public struct EventFilter: Sendable, Equatable {
    /// Only this job's.
    public var job: String?
    /// Only of this kind: `job.paused`.
    public var kind: String?
    /// Only older than the one with this number: how to turn a page.
    public var before: Int64?
    /// Only newer than the one with this number, and of those the oldest: how to turn a page back, and to follow.
    public var after: Int64?
    /// At most so many, 1 to 1000.
    public var limit: Int

    /// All events, or a job's.
    public init(job: String? = nil, limit: Int = 50) {
        self.job = job
        self.limit = limit
    }
}

/// An event as it is kept.
public struct EventRecord: Sendable, Equatable {
    /// The store's number. Numbers grow, with gaps; where events are written at the same time, one with a lower number may
    /// be seen later than one with a higher one.
    public var number: Int64
    /// The event.
    public var event: Event

    /// Makes a record; stores do.
    public init(number: Int64, event: Event) {
        self.number = number
        self.event = event
    }
}
