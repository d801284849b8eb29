import Synchronization

/// Ended attempts on their way into the store. They stay until the store has answered for them.
package final class Outbox: Sendable {
    private let reports = Mutex<[AttemptReport]>([])
    private let bell: Bell

    /// An empty outbox that rings when something comes in.
    package init(ringing bell: Bell) { self.bell = bell }

    /// Adds a report.
    package func put(_ report: AttemptReport) {
        reports.withLock { $0.append(report) }
        bell.ring()
    }

    /// Adds a report again that the store could not take now, and rings for nobody.
    func putBack(_ report: AttemptReport) { reports.withLock { $0.append(report) } }

    /// The oldest reports.
    func first(_ limit: Int) -> [AttemptReport] { reports.withLock { Array($0.prefix(limit)) } }

    /// Drops the oldest reports.
    func drop(_ number: Int) { reports.withLock { $0.removeFirst(number) } }

    /// Whether a report on this attempt waits.
    func holds(_ claim: Claim) -> Bool {
        reports.withLock { $0.contains { $0.claim.run.id == claim.run.id && $0.claim.fence == claim.fence } }
    }

    /// Whether nothing waits.
    package var isEmpty: Bool { reports.withLock { $0.isEmpty } }
}
