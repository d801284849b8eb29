// Run: the record of one fire, from its plan to its one outcome. The store is authoritative; this folder holds the
// values and the one table of legal moves that every store enforces.

/// Where a run stands. Each state names those that may follow; a terminal state is never left.
public enum RunState: String, Sendable, Hashable, Codable, CaseIterable {
    /// Waits for other jobs of its flow, or for the runs of its own elements. Then: scheduled, skipped, cancelled; for the
    /// whole of its elements also succeeded, failed.
    case waiting
    /// Planned, or due and not yet claimed. Then: running, skipped, missed, cancelled.
    case scheduled
    /// Claimed by a worker. Then: an outcome, or scheduled again for a further attempt.
    case running
    /// Ended well.
    case succeeded
    /// Ended badly, and no attempt is left.
    case failed
    /// Stopped at its time-out, and no attempt is left.
    case timedOut = "timed_out"
    /// Ended by a person or by the job's removal.
    case cancelled
    /// Its worker vanished, the end is unknown, and it must not be started again (at most once).
    case lost
    /// Its worker vanished too often; it is not tried again.
    case dead
    /// Not started, for a reason that was true when it was due.
    case skipped
    /// Not started, since it was too late.
    case missed
    /// In a state that a newer version wrote and this one does not know. Nothing follows here: who knows it goes on.
    case unknown

    /// Reads a store's word.
    package init(stored word: String) { self = Self(rawValue: word) ?? .unknown }

    /// Whether the run has ended, as far as this version can tell.
    public var isTerminal: Bool { self != .unknown && followers.isEmpty }

    /// The states that may follow this one.
    public var followers: Set<RunState> {
        switch self {
        case .waiting: [.scheduled, .skipped, .cancelled, .succeeded, .failed]
        case .scheduled: [.running, .skipped, .missed, .cancelled]
        case .running: [.scheduled, .succeeded, .failed, .timedOut, .cancelled, .lost, .dead]
        case .succeeded, .failed, .timedOut, .cancelled, .lost, .dead, .skipped, .missed, .unknown: []
        }
    }
}

/// A move that the table of ``RunState/followers`` does not know.
package struct IllegalMove: Error, Equatable, CustomStringConvertible {
    package var run: RunID
    package var from: RunState
    package var to: RunState

    package var description: String { "run \(run) cannot go from \(from.rawValue) to \(to.rawValue)" }
}
