import Synchronization

/// A lease as somebody saw it who may want to take it over: whose it was, and its newest renewal.
package struct LeaseSight: Sendable, Hashable {
    /// What is leased: a node's boot, the lead, a lock.
    package var name: String
    /// Who holds it; a node holds its own.
    package var holder: String
    /// Grows with each renewal.
    package var renewal: Int64
    /// How long it lasts unless it is renewed.
    package var length: Duration

    package init(_ name: String, holder: String, renewal: Int64, length: Duration) {
        self.name = name
        self.holder = holder
        self.renewal = renewal
        self.length = length
    }
}

/// Counts the leases of others, each by the uptime of this process: no clock that steps can end one.
///
/// A lease is over when it was seen with the same renewal for as long as it lasts. The renewal was made before it was seen
/// first, and its holder trusts it from before that; so he trusts it no longer when it is over here. Whoever declares it
/// over names the renewal he saw, and the store refuses when there was one since. So a process that has just started
/// looks for as long as a lease lasts before it takes anything over.
package final class LeaseWatch: Sendable {
    /// How many leases are remembered; beyond that half of them, those that were not seen for longest, are forgotten.
    static let memory = 10_000

    private struct Entry {
        var sight: LeaseSight
        var since: Duration
        var seen: Duration
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let time: any TimeSource

    package init(_ time: any TimeSource) { self.time = time }

    /// Takes in what a look at the store brought, after its answer has come.
    package func see(_ sights: [LeaseSight]) {
        let now = time.uptime()
        entries.withLock { entries in
            for sight in sights {
                if entries[sight.name]?.sight == sight {
                    entries[sight.name]?.seen = now
                } else {
                    entries[sight.name] = Entry(sight: sight, since: now, seen: now)
                }
            }
            guard entries.count > Self.memory else { return }
            let recent = entries.sorted { $0.value.seen > $1.value.seen }.prefix(Self.memory / 2)
            entries = Dictionary(uniqueKeysWithValues: recent.map { ($0.key, $0.value) })
        }
    }

    /// Those of `sights` that are over.
    package func over(_ sights: [LeaseSight]) -> [LeaseSight] { sights.filter { rest(of: $0) <= .zero } }

    /// How long until the first of these is over that was not renewed for half of its length; `nil` where all were.
    package func nextEnd(of sights: [LeaseSight]) -> Duration? {
        sights.filter { rest(of: $0) < $0.length / 2 }.map(rest).min()
    }

    /// How long it lasts from now on, unless it is renewed.
    private func rest(of sight: LeaseSight) -> Duration {
        let now = time.uptime()
        return entries.withLock { entries in
            guard let entry = entries[sight.name], entry.sight == sight else { return sight.length }
            return entry.since + sight.length - now
        }
    }
}
