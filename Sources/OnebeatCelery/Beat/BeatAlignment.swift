import Onebeat

/// A due instant of a job of ours.
package struct OwnInstant: Sendable, Hashable, Comparable {
    package var at: Timestamp
    package var job: String

    package init(_ at: Timestamp, _ job: String) {
        self.at = at
        self.job = job
    }

    package static func < (a: OwnInstant, b: OwnInstant) -> Bool { (a.at, a.job) < (b.at, b.job) }
}

/// Says for each message of a beat, in the order in which they were sent, which due instant of ours it did the work of.
///
/// Crontabs have the same instants on both sides. A beat's intervals count from when it started and drift by some
/// milliseconds each time, so that they lie anywhere between ours: the nearest one counts, seen from where the message before
/// lay, and none counts twice.
package struct BeatAlignment: Sendable {
    /// By how much messages come after their instants; less than zero for those that come before.
    private var shift = Duration.zero
    private var last: OwnInstant?

    package init() {}

    /// - Parameter own: in their order, and beyond the message on both sides as far as there are any.
    /// - Returns: `nil` where none is near enough: nothing of ours would have been sent then.
    package mutating func instant(of sentAt: Timestamp, among own: [OwnInstant]) -> OwnInstant? {
        let start = last.map { last in own.partition { $0 > last } } ?? 0
        guard start < own.count else { return nil }
        var found = nearest(to: sentAt - shift, own, from: start)
        // What has drifted by more than half a period belongs to the next instant.
        if abs(sentAt.duration(since: own[found].at)) * 5 > own.spacing(at: found) * 3 {
            found = nearest(to: sentAt, own, from: start)
        }
        let difference = sentAt.duration(since: own[found].at)
        guard abs(difference) * 5 <= own.spacing(at: found) * 3 else { return nil }
        shift = difference
        last = own[found]
        return own[found]
    }

    private func nearest(to moment: Timestamp, _ own: [OwnInstant], from start: Int) -> Int {
        let after = max(own.partition { $0.at >= moment }, start)
        guard after < own.count else { return own.count - 1 }
        guard after > start else { return after }
        let (before, beyond) = (moment.duration(since: own[after - 1].at), own[after].at.duration(since: moment))
        return before <= beyond ? after - 1 : after
    }
}

extension [OwnInstant] {
    /// The way to the nearer neighbour that is due at another moment; a day where there is none to tell.
    func spacing(at index: Int) -> Duration {
        guard indices.contains(index) else { return .seconds(86_400) }
        let at = self[index].at
        let next = self[index...].first { $0.at > at }.map { $0.at.duration(since: at) }
        let previous = self[..<index].last { $0.at < at }.map { at.duration(since: $0.at) }
        return [next, previous].compactMap(\.self).min() ?? .seconds(86_400)
    }

    /// The place of the first element of which something is true that is true of all after it.
    func partition(_ isTrue: (OwnInstant) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isTrue(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

private func abs(_ length: Duration) -> Duration { length < .zero ? .zero - length : length }
