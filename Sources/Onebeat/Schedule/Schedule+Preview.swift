extension Schedule {
    /// The next `count` fires after `moment`, and between them the times that a gap of the clocks took away.
    ///
    /// Times skipped do not count towards `count`; a gap gives one line however many times of the schedule it holds.
    public func preview(after moment: Timestamp, count: Int) -> [Occurrence] {
        var lines: [Occurrence] = []
        var after = moment
        for _ in 0..<max(0, count) {
            let fire = next(after: after)
            let end = fire ?? after
            lines += skipped(after: after, through: end)
            guard let fire else { break }
            lines.append(occurrence(fire))
            after = fire
        }
        return lines
    }

    private var crons: [CronInZone] {
        if case .crons(let crons) = rhythm { crons } else { [] }
    }

    private func occurrence(_ fire: Timestamp) -> Occurrence {
        let second = fire.seconds
        let segment = zone.segment(at: second)
        let local = CivilTime(seconds: second + segment.offset)
        guard let cron = crons.first(where: { $0.next(after: second - 1) == second }) else {
            return Occurrence(instant: fire, local: format(fire), mark: .plain, note: nil)
        }
        if let gap = cron.gap(into: segment), cron.movesAcross(gap), second - segment.start < 120,
            let missed = cron.firstSkipped(in: gap).map(CivilTime.init(seconds:))
        {
            let note =
                "\(missed.clock) does not exist on \(missed.date): the clocks jump from \(clock(gap.lowerBound)) to"
                + " \(clock(gap.upperBound))"
            if cron.cron.matches(local) {
                return Occurrence(instant: fire, local: format(fire), mark: .plain, note: "\(note); one fire for both")
            }
            return Occurrence(
                instant: fire, local: format(fire), mark: .moved(from: missed.description), note: "\(note); moved")
        }
        let back = segment.previousOffset - segment.offset
        if back > 0, second < segment.start + back {
            return Occurrence(
                instant: fire, local: format(fire), mark: .secondPass,
                note: "\(local.clock) comes twice on \(local.date); this is the second pass")
        }
        let ahead = segment.offset - segment.nextOffset
        if segment.end != .max, ahead > 0, second >= segment.end - ahead {
            return Occurrence(
                instant: fire, local: format(fire), mark: .firstPass,
                note: "\(local.clock) comes twice on \(local.date); this is the first pass")
        }
        return Occurrence(instant: fire, local: format(fire), mark: .plain, note: nil)
    }

    /// One line for each gap in between whose times of the schedule do not fire at all.
    private func skipped(after: Timestamp, through end: Timestamp) -> [Occurrence] {
        guard !crons.isEmpty else { return [] }
        var lines: [Occurrence] = []
        var segment = zone.segment(at: after.seconds)
        while segment.end <= end.seconds {
            segment = zone.segment(at: segment.end)
            for cron in crons {
                guard let gap = cron.gap(into: segment), !cron.movesAcross(gap), let first = cron.firstSkipped(in: gap)
                else { continue }
                let local = CivilTime(seconds: first)
                let jump = "the clocks jump from \(clock(gap.lowerBound)) to \(clock(gap.upperBound))"
                let more = cron.cron.next(after: first).map { $0 < gap.upperBound } ?? false
                lines.append(
                    Occurrence(
                        instant: Timestamp(seconds: Int64(segment.start)), local: local.description, mark: .skipped,
                        note:
                            "\(local.clock)\(more ? " and later times do" : " does") not exist on \(local.date): \(jump)"
                    ))
                break
            }
        }
        return lines
    }

    private func clock(_ local: Int) -> String { CivilTime(seconds: local).clock }
}
