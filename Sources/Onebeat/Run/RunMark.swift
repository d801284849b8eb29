/// What somebody says that an ended run counts as, for those that follow it. The run keeps the outcome it had.
public struct RunMark: Sendable, Equatable {
    /// What a run can be marked as.
    public enum State: String, Sendable, CaseIterable {
        /// Those that follow it go on as if it had ended well.
        case succeeded
        /// Those that follow it do as if it had not.
        case failed
    }

    /// What it counts as.
    public var state: State
    /// Why, in the words of who marked it: 1 to 1000 bytes.
    public var reason: String
    /// Who marked it.
    public var actor: String
    /// When.
    public var at: Timestamp

    /// Makes a mark; stores do.
    public init(_ state: State, because reason: String, by actor: String, at: Timestamp) {
        self.state = state
        self.reason = reason
        self.actor = actor
        self.at = at
    }
}

extension Run {
    /// The run in the eyes of those that follow it.
    package func counted(as state: RunMark.State) -> Run {
        var run = self
        run.state = state == .succeeded ? .succeeded : .failed
        run.reason = nil
        return run
    }

    /// Whether it was asked for by hand in place of a run that had ended.
    package var isForPastInstant: Bool {
        kind == .manual && ["retry-of-", "mark-of-"].contains { requestID.hasPrefix($0) }
    }

    /// The name of a wish to run an ended run's job once more; asked twice it is one wish.
    package static func retryRequest(of run: RunID) -> String { "retry-of-\(run)" }

    /// The name under which a mark lets runs go.
    package static func markRequest(of run: RunID) -> String { "mark-of-\(run)" }
}
