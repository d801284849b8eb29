import Onebeat

/// How long whoever failed to sign in has to wait.
///
/// Three counts slow guessing down: of one user from one address soon and long, of one address, and of one user from
/// anywhere late and for seconds only, so that nobody can lock others out for good. What is refused here is not counted.
enum SignInThrottle {
    /// - Returns: `nil` for whoever may try now.
    static func wait(
        _ name: String, from address: String, _ failures: [String: SignInFailures], now: Timestamp
    ) -> Duration? {
        let waits = [
            wait(failures[SignInKey.pair(name, address)], free: 5, most: 300, now),
            wait(failures[SignInKey.address(address)], free: 50, most: 60, now),
            wait(failures[SignInKey.user(name)], free: 20, most: 10, now),
        ]
        return waits.compactMap(\.self).max()
    }

    /// Doubles with each failure beyond those that are free.
    private static func wait(_ failures: SignInFailures?, free: Int, most: Int, _ now: Timestamp) -> Duration? {
        guard let failures, failures.count >= free else { return nil }
        let seconds = min(1 << min(failures.count - free, 20), most)
        // A clock that was set back lets nobody wait for longer.
        let left = min((failures.lastAt + .seconds(seconds)).duration(since: now), .seconds(seconds))
        return left > .zero ? left : nil
    }
}
