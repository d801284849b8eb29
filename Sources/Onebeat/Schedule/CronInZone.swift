/// A cron expression on the wall clock of a zone: where the two disagree, the daylight-saving rule decides.
///
/// Time is cut into segments of one offset. Within a segment the wall clock runs evenly and the bit sets answer; only
/// at its two ends is there anything to decide. Seconds here are seconds of UTC unless called local.
///
/// A class, because the search is short enough for copies of its parts to be a quarter of its cost.
final class CronInZone: Sendable {
    let cron: CronExpression
    let zone: Zone
    let rule: DaylightSaving

    init(cron: CronExpression, zone: Zone, rule: DaylightSaving) {
        self.cron = cron
        self.zone = zone
        self.rule = rule
    }

    /// Debian's cron takes a jump of 180 minutes or more forward, or of more than 180 back, for a new clock.
    private static let correctedGap = 180 * 60 - 1
    private static let correctedOverlap = 180 * 60
    /// A jump of up to four minutes forward counts as having woken late: wildcard schedules catch up too.
    private static let lateness = 4 * 60
    /// More than any change of clocks: offsets lie within 26 hours of UTC.
    private static let widestShift = 2 * 26 * 3600

    /// The first due second strictly after `moment`.
    func next(after moment: Int) -> Int? {
        var after = moment
        var segment = zone.segment(at: moment)
        while true {
            let moved = movedFire(into: segment, after: after)
            guard let local = cron.next(after: firstLocal(segment, after)) else { return moved }
            let fire = local &- segment.offset
            if fire < lastMoment(segment) { return moved.map { min($0, fire) } ?? fire }
            if let moved { return moved }
            if segment.end == .max { return nil }
            // Nothing matches before `local`, so segments that end well before it need no look, unless `after` is so
            // close to the end of this one that the next may show times again that lie before `after`.
            let isClose = segment.end &- after < Self.widestShift
            let target = isClose ? segment.end : max(segment.end, fire &- Self.widestShift)
            segment = zone.segment(at: target)
            after = max(after, segment.start &- 1)
        }
    }

    /// Where to search from on the wall clock: past what the first pass of an overlap has already fired.
    private func firstLocal(_ segment: Zone.Segment, _ after: Int) -> Int {
        let local = after &+ segment.offset
        guard cron.isFixedTime, rule.overlap == .first, isCorrectedOverlap(segment.previousOffset, segment.offset)
        else { return local }
        return max(local, segment.start &+ segment.previousOffset &- 1)
    }

    /// The second from which this segment may not fire: its end, or where it shows what the second pass will fire.
    private func lastMoment(_ segment: Zone.Segment) -> Int {
        guard cron.isFixedTime, rule.overlap == .last, isCorrectedOverlap(segment.offset, segment.nextOffset)
        else { return segment.end }
        return segment.end &- (segment.offset &- segment.nextOffset)
    }

    private func isCorrectedOverlap(_ before: Int, _ after: Int) -> Bool {
        before > after && before &- after <= Self.correctedOverlap
    }

    /// The fire that stands for all times the clocks jumped over when they entered `segment`, if it is after `after`.
    private func movedFire(into segment: Zone.Segment, after: Int) -> Int? {
        // Only the first whole minute can hold one, which ends within two: most searches are done here.
        guard segment.start != .min, after &- segment.start < 120, let gap = gap(into: segment), movesAcross(gap),
            firstSkipped(in: gap) != nil
        else { return nil }
        let firstMinute = (gap.upperBound &+ 59).flooredQuotient(by: 60) &* 60 &- segment.offset
        guard let second = cron.seconds.first(from: max(0, after &+ 1 &- firstMinute).clamped(to: 0...63)) else {
            return nil
        }
        return firstMinute &+ second
    }

    /// The local times that do not exist because the clocks jumped when they entered `segment`.
    func gap(into segment: Zone.Segment) -> Range<Int>? {
        guard segment.start != .min, segment.previousOffset < segment.offset else { return nil }
        return segment.start &+ segment.previousOffset..<segment.start &+ segment.offset
    }

    /// Whether what matches in `gap` fires after it.
    func movesAcross(_ gap: Range<Int>) -> Bool {
        rule.gap == .next && gap.count <= (cron.isFixedTime ? Self.correctedGap : Self.lateness)
    }

    /// The first time in `gap` that matches.
    func firstSkipped(in gap: Range<Int>) -> Int? {
        cron.next(after: gap.lowerBound - 1).flatMap { $0 < gap.upperBound ? $0 : nil }
    }
}
