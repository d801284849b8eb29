/// Events from outside that start jobs.
public protocol EmissionStore: Sendable {
    /// Keeps an event, and adds a run of each job that starts on it, with that of a root its flow: in one transaction. The
    /// same name and id twice is one event. Of a job that is paused the run is recorded as skipped.
    /// - Returns: the event's runs, those of followers not among them.
    func emit(_ emission: Emission) async throws(StoreError) -> [Run]
}

/// An event from outside.
public struct Emission: Sendable, Equatable {
    /// Its name: 1 to 200 bytes without control characters.
    public var name: String
    /// What tells it from others of its name; the same likewise.
    public var id: String
    /// What it brings; jobs are given it as the value of `event`.
    public var data: RunValue?
    /// Who emits it.
    public var actor: String

    /// An event that is to be emitted.
    public init(_ name: String, id: String, data: RunValue? = nil, by actor: String) {
        self.name = name
        self.id = id
        self.data = data
        self.actor = actor
    }

    /// The name under which jobs are given what it brings.
    package static let parent = "event"

    /// What its runs have for a request; `number` is the store's.
    package static func request(_ number: Int64) -> String { "event-\(number)" }

    /// Whether a request is of that form. Somebody may have asked for a run under such a name by hand.
    package static func isRequest(_ request: String) -> Bool {
        request.hasPrefix("event-") && Int64(request.dropFirst("event-".count)) != nil
    }

    /// Whether a run may have been started by an event, or belong to a flow that was.
    package static func mayHaveStarted(_ run: Run) -> Bool { run.kind == .manual && isRequest(run.requestID) }

    /// What is kept of it for people.
    package func event(starting count: Int) -> Event {
        Event(
            "event.emitted", actor: actor,
            message:
                "\(name), \(id); \(count == 0 ? "no job starts on it" : "\(count) job\(count == 1 ? "" : "s") started")"
        )
    }
}

extension Run {
    /// Whether an event from outside started it, as far as the row tells.
    package var isOfEvent: Bool { kind == .manual && Emission.isRequest(requestID) }
}
