extension CronExpression {
    /// The first matching wall clock time after `local` (both in seconds as `CivilTime` counts them).
    ///
    /// Jumps from set bit to set bit, so its cost does not depend on how far the match lies, but for the months
    /// without one: at most 4,800 of those, about 0.1 ms.
    func next(after local: Int) -> Int? {
        let from = local &+ 1
        let day = from.flooredQuotient(by: CivilTime.secondsInDay)
        if days.matches(day), let second = timeOfDay(from: from &- day &* CivilTime.secondsInDay) {
            return day &* CivilTime.secondsInDay &+ second
        }
        guard let day = days.next(after: day), let second = timeOfDay(from: 0) else { return nil }
        return day &* CivilTime.secondsInDay &+ second
    }

    /// The first matching second of the day at or after `second` (0 to 86,399).
    private func timeOfDay(from second: Int) -> Int? {
        let hour = second / 3600
        if hours.has(hour) {
            let minute = second / 60 % 60
            if minutes.has(minute), let found = seconds.first(from: second % 60) {
                return hour &* 3600 &+ minute &* 60 &+ found
            }
            if let found = minutes.first(from: minute &+ 1) {
                return hour &* 3600 &+ found &* 60 &+ seconds.trailingZeroBitCount
            }
        }
        guard let found = hours.first(from: hour &+ 1) else { return nil }
        return found &* 3600 &+ minutes.trailingZeroBitCount &* 60 &+ seconds.trailingZeroBitCount
    }
}

extension CronDays {
    /// Whether a day, counted from 1970, matches.
    func matches(_ day: Int) -> Bool {
        if isEveryDay { return true }
        let date = CivilDate(daysSince1970: day)
        return years.has(date.year) && months.has(date.month)
            && mask(year: date.year, month: date.month, first: day &- date.day &+ 1).has(date.day)
    }

    /// The first matching day after `day`, or `nil` when a whole cycle of the calendar has none.
    func next(after day: Int) -> Int? {
        if isEveryDay { return day &+ 1 }
        let date = CivilDate(daysSince1970: day &+ 1)
        var year = date.year
        var month = date.month
        var firstDay = date.day
        let lastYear = years.isEvery ? year &+ 400 : CronYears.range.upperBound
        while year <= lastYear {
            guard let wanted = years.first(from: year) else { return nil }
            if wanted > year { (year, month, firstDay) = (wanted, 1, 1) }
            guard let found = months.first(from: month) else {
                year &+= 1
                month = 1
                firstDay = 1
                continue
            }
            if found > month { firstDay = 1 }
            month = found
            let first = CivilDate(year: year, month: month, day: 1).daysSince1970
            if let day = mask(year: year, month: month, first: first).first(from: firstDay) {
                return first &+ day &- 1
            }
            month &+= 1
            firstDay = 1
        }
        return nil
    }

    /// The matching days of a month whose first day is `first`, as bits 1 to 31.
    private func mask(year: Int, month: Int, first: Int) -> UInt64 {
        let length = CivilDate.length(ofMonth: month, year: year)
        let whole: UInt64 = (2 << UInt64(length)) &- 2
        let weekday = CivilDate.weekday(ofDay: first)
        var byMonth = ofMonth
        var before = (beforeLast | workdayBeforeLast) & ((1 << UInt64(length)) &- 1)
        while before != 0 {
            let bit = before.trailingZeroBitCount
            let day = length - bit
            if beforeLast.has(bit) { byMonth |= 1 << UInt64(day) }
            if workdayBeforeLast.has(bit) {
                byMonth |= 1 << UInt64(workday(nearest: day, length: length, firstWeekday: weekday))
            }
            before &= before &- 1
        }
        var nearest = nearestWorkdays & whole
        while nearest != 0 {
            let day = nearest.trailingZeroBitCount
            byMonth |= 1 << UInt64(workday(nearest: day, length: length, firstWeekday: weekday))
            nearest &= nearest &- 1
        }
        var byWeek = Self.days(ofWeek, firstWeekday: weekday)
        if lastOfWeek != 0 {
            byWeek |= Self.days(lastOfWeek, firstWeekday: weekday) & (0x7f << UInt64(length - 6))
        }
        if nthOfWeek != 0 {
            for week in 0..<5 {
                let days = nthOfWeek >> UInt64(week * 7) & 0x7f
                byWeek |= Self.days(days, firstWeekday: weekday) & (0xfe << UInt64(week * 7))
            }
        }
        return (matchesBoth ? byMonth & byWeek : byMonth | byWeek) & whole
    }

    /// Days of week (bits 0 to 6) as days of a month (bits 1 to 35) that starts on `firstWeekday`.
    private static func days(_ ofWeek: UInt64, firstWeekday: Int) -> UInt64 {
        let rotated = (ofWeek >> UInt64(firstWeekday) | ofWeek << UInt64(7 - firstWeekday)) & 0x7f
        return (rotated &* 0x1020_4081) << 1
    }

    /// Saturdays give way to the Friday before, Sundays to the Monday after, and neither leaves the month.
    private func workday(nearest day: Int, length: Int, firstWeekday: Int) -> Int {
        switch (firstWeekday + day - 1) % 7 {
        case 6: day > 1 ? day - 1 : day + 2
        case 0: day < length ? day + 1 : day - 2
        default: day
        }
    }
}
