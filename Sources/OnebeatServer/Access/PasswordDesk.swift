import Dispatch
import Synchronization

/// Where passwords are tried: few at one time, since each costs memory and a processor, on threads of their own, since
/// nothing else may wait for them.
final class PasswordDesk: Sendable {
    private static let most = 16

    private let queue = DispatchQueue(label: "onebeat.passwords")
    private let waiting = Mutex(0)

    /// - Returns: `nil` where too many wait.
    func fits(_ password: String, _ hash: String) async -> Bool? {
        let isFull = waiting.withLock { waiting in
            if waiting >= Self.most { return true }
            waiting += 1
            return false
        }
        if isFull { return nil }
        defer { waiting.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Password.fits(password, hash)) }
        }
    }
}
