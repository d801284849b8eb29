import Onebeat
import Synchronization

/// Rows that another program holds for long, in a transaction of its own or by hand: a move over many jobs waits for them once,
/// and from then on for a while takes what it can get, so that the others are not late for one.
final class HeldRows: Sendable {
    /// How long after a wait that was in vain nobody waits again.
    private static let memory = Duration.seconds(5)

    private let until = Mutex(ContinuousClock.now)

    /// Carries out a move, told whether it may wait for rows, and once more without when that was in vain.
    func passOver<Value>(in transaction: Transaction, _ move: (_ isWaiting: Bool) throws -> Value) throws -> Value {
        guard ContinuousClock.now >= until.withLock({ $0 }) else { return try move(false) }
        do {
            return try move(true)
        } catch let failure as PostgresFailure where failure.isLockTimeout && !transaction.hasCommitted {
            until.withLock { $0 = ContinuousClock.now + Self.memory }
            try transaction.end()
            return try move(false)
        }
    }

    /// The guarded jobs that ``Statement/lockGuarded(_:waiting:)`` locked, and those it did not.
    static func parted(_ rows: Rows) -> (locked: Set<String>, held: Set<String>) {
        var (locked, held): (Set<String>, Set<String>) = ([], [])
        for (name, isLocked): (String, Bool) in rows.map({ ($0[0], $0[1]) }) {
            if isLocked { locked.insert(name) } else { held.insert(name) }
        }
        return (locked, held)
    }
}
