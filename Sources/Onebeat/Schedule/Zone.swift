/// A time zone as a table: from which second of UTC on which offset holds.
///
/// After the changes that its file lists, those of its rule are laid out for one Gregorian cycle of 400 years; what
/// lies beyond repeats that cycle exactly. So one binary search answers for any moment.
final class Zone: Sendable {
    let name: String
    /// Ascending; the first is `Int.min`. Neighbours differ in their offset.
    private let starts: [Int]
    /// Seconds east of UTC, one for each of `starts`.
    private let offsets: [Int]
    /// Where the last laid out cycle ends; `Int.max` for a zone whose offset stays what it is.
    private let cycleEnd: Int

    static let secondsInCycle = CivilDate.daysInCycle * CivilTime.secondsInDay
    static let utc = Zone(name: "UTC", offset: 0, changes: [], rule: nil)

    /// A stretch of time with one offset.
    struct Segment: Sendable, Hashable {
        /// First second, and the first one after; `Int.min` and `Int.max` where there is no end.
        var start: Int
        var end: Int
        var offset: Int
        /// The offset before `start` and from `end` on; equal to `offset` where there is no such time.
        var previousOffset: Int
        var nextOffset: Int
    }

    /// - Parameters:
    ///   - offset: what holds before the first change.
    ///   - changes: ascending.
    ///   - rule: what holds after the last change.
    init(name: String, offset: Int, changes: [(at: Int, offset: Int)], rule: PosixZoneRule?) {
        self.name = name
        // A rule without summer time repeats what the table's end says, unless there is no table.
        var table = Table(offset: changes.isEmpty ? rule?.standardOffset ?? offset : offset)
        for change in changes { table.append(change.at, change.offset) }
        if let rule, rule.summer != nil {
            let lastListed = changes.last?.at ?? CivilTime(CivilDate(year: 1900, month: 1, day: 1)).seconds
            let firstYear = CivilTime(seconds: lastListed).date.year
            let following = (firstYear...firstYear + 402).flatMap(rule.changes).filter { $0.at > lastListed }
            // Stable, so that of two changes at one second (summer time all year round) the later one stays.
            for (_, change) in following.enumerated().sorted(by: {
                ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
            }) {
                table.append(change.at, change.offset)
            }
            cycleEnd = CivilTime(CivilDate(year: firstYear + 401, month: 1, day: 1)).seconds
        } else {
            cycleEnd = .max
        }
        starts = table.starts
        offsets = table.offsets
    }

    private struct Table {
        var starts = [Int.min]
        var offsets: [Int]

        init(offset: Int) { offsets = [offset] }

        mutating func append(_ start: Int, _ offset: Int) {
            if starts.count > 1, starts.last == start {
                starts.removeLast()
                offsets.removeLast()
            }
            if offsets.last != offset {
                starts.append(start)
                offsets.append(offset)
            }
        }
    }

    /// The stretch of time that holds the second `moment` of UTC.
    func segment(at moment: Int) -> Segment {
        if moment < cycleEnd { return listedSegment(at: moment) }
        let cycles = (moment - cycleEnd) / Self.secondsInCycle + 1
        var segment = listedSegment(at: moment - cycles * Self.secondsInCycle)
        segment.start += cycles * Self.secondsInCycle
        if segment.end != .max { segment.end += cycles * Self.secondsInCycle }
        return segment
    }

    private func listedSegment(at moment: Int) -> Segment {
        var low = 0
        var high = starts.count
        while high &- low > 1 {
            let middle = (low &+ high) >> 1
            if starts[middle] <= moment { low = middle } else { high = middle }
        }
        let isLast = low == starts.count - 1
        return Segment(
            start: starts[low], end: isLast ? .max : starts[low + 1], offset: offsets[low],
            previousOffset: offsets[max(0, low - 1)], nextOffset: offsets[isLast ? low : low + 1])
    }

    /// Seconds east of UTC at a second of UTC.
    func offset(at moment: Int) -> Int { segment(at: moment).offset }

    /// The wall clock at a second of UTC.
    func local(_ moment: Int) -> CivilTime { CivilTime(seconds: moment + offset(at: moment)) }

    /// The first second of UTC at which the wall clock shows `local`, or, where the clocks jump over it, the second
    /// they jump.
    func moment(of local: CivilTime) -> Int {
        // No clock is more than a day away from UTC by much, so the segment two days before is early enough.
        var segment = segment(at: local.seconds - 2 * CivilTime.secondsInDay)
        while segment.end != .max, segment.end <= local.seconds - segment.offset {
            segment = self.segment(at: segment.end)
        }
        return max(local.seconds - segment.offset, segment.start)
    }
}
