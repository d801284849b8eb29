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
        let (mark, note) = explanation(of: fire.seconds)
        return Occurrence(instant: fire, local: format(fire), mark: mark, note: note)
    }

    private func explanation(of fire: Int) -> (Occurrence.Mark, note: String?) {
        guard let cron = crons.first(where: { $0.next(after: fire - 1) == fire }) else { return (.plain, nil) }
        let segment = zone.segment(at: fire)
        let local = CivilTime(seconds: fire + segment.offset)
        if let gap = cron.gap(into: segment), cron.movesAcross(gap), fire - segment.start < 120,
            let missed = cron.firstSkipped(in: gap).map(CivilTime.init(seconds:))
        {
            let jump = "\(missed.clock) does not exist on \(missed.date): \(jump(over: gap))"
            if cron.cron.matches(local) { return (.plain, "\(jump); one fire for both") }
            return (.moved(from: missed.description), "\(jump); moved")
        }
        let twice = "\(local.clock) comes twice on \(local.date); this is the"
        if segment.start != .min, fire < segment.start + segment.previousOffset - segment.offset {
            return (.secondPass, "\(twice) second pass")
        }
        if segment.end != .max, fire >= segment.end - (segment.offset - segment.nextOffset) {
            return (.firstPass, "\(twice) first pass")
        }
        return (.plain, nil)
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
                let more = cron.cron.next(after: first).map { $0 < gap.upperBound } ?? false
                let times = "\(local.clock)\(more ? " and later times do" : " does")"
                lines.append(
                    Occurrence(
                        instant: Timestamp(seconds: Int64(segment.start)), local: local.description, mark: .skipped,
                        note: "\(times) not exist on \(local.date): \(jump(over: gap))"))
                break
            }
        }
        return lines
    }

    private func jump(over gap: Range<Int>) -> String {
        let (from, to) = (CivilTime(seconds: gap.lowerBound), CivilTime(seconds: gap.upperBound))
        return "the clocks jump from \(from.clock) to \(from.day == to.day ? to.clock : to.description)"
    }
}
