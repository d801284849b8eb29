import Dispatch
import Synchronization

/// Where long computations are made: one at a time, on a thread of its own, since nothing else may wait for them; and few may
/// wait for their turn.
final class Desk: Sendable {
    private let most: Int
    private let queue: DispatchQueue
    private let waiting = Mutex(0)

    /// - Parameter most: how many may be here, those that wait counted.
    init(_ name: String, most: Int) {
        self.most = most
        queue = DispatchQueue(label: "onebeat.\(name)")
    }

    /// - Returns: `nil` where too many wait.
    func compute<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
        let isFull = waiting.withLock { waiting in
            if waiting >= most { return true }
            waiting += 1
            return false
        }
        if isFull { return nil }
        defer { waiting.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}
