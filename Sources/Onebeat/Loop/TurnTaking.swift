/// A background loop: one bounded step at a time.
package protocol TurnTaking: Sendable {
    /// What the loop is called in logs and metrics.
    var name: String { get }

    /// Does one step and says when it wants the next.
    /// - Parameter now: the node's time, corrected by the store's.
    /// - Throws: what kept the step from its end; the next turn comes after a pause that grows.
    func turn(at now: Timestamp) async throws -> NextTurn
}

/// When a loop wants its next turn. It may come earlier, when something rings.
package enum NextTurn: Sendable, Equatable {
    /// At once: there is more to do.
    case now
    /// At this time.
    case at(Timestamp)
    /// After this pause.
    case after(Duration)

    /// The earlier of two wishes.
    package func orAfter(_ pause: Duration, from now: Timestamp) -> NextTurn {
        switch self {
        case .now: .now
        case .at(let instant): .at(min(instant, now + pause))
        case .after(let own): .after(min(own, pause))
        }
    }
}
