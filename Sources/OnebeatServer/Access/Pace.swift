import Onebeat
import Synchronization

/// How often one caller may ask: so much at once, and so much a second after that. Each node counts for itself.
final class Pace: Sendable {
    private struct Account {
        /// How many requests are left.
        var left: Double
        var at: Duration
    }

    /// From so many callers on, those are forgotten who may ask as often as anybody.
    private static let many = 1000

    private let burst: Double
    private let rate: Double
    private let time: any TimeSource
    private let accounts = Mutex<[String: Account]>([:])

    init(_ limits: WebLimits, time: any TimeSource) {
        burst = Double(max(1, limits.burst))
        rate = Double(max(1, limits.rate))
        self.time = time
    }

    /// Counts a request.
    /// - Returns: `nil` where it may pass; otherwise after how long one may.
    func wait(of caller: String) -> Duration? {
        let now = time.uptime()
        return accounts.withLock { accounts in
            if accounts.count > Self.many { accounts = accounts.filter { self.left(of: $0.value, now) < burst } }
            let left = accounts[caller].map { self.left(of: $0, now) } ?? burst
            guard left >= 1 else {
                accounts[caller] = Account(left: left, at: now)
                return .seconds((1 - left) / rate)
            }
            accounts[caller] = Account(left: left - 1, at: now)
            return nil
        }
    }

    private func left(of account: Account, _ now: Duration) -> Double {
        min(burst, account.left + max(0, (now - account.at).inSeconds) * rate)
    }
}
