import Foundation
import Onebeat

/// A trigger of APScheduler 3 as keys of a job.
struct PickledTrigger {
    typealias Problem = Pickle.Problem

    private(set) var keys: [ImportedKey] = []
    private(set) var notes: [String] = []

    /// - Parameters:
    ///   - name: its class, `apscheduler.triggers.cron.CronTrigger`.
    ///   - state: what the class would be given to set itself up with.
    init(_ name: String, _ state: Int?, in reader: PickledState) throws(Problem) {
        guard let members = reader.members(state) else { throw Problem(description: "its trigger has no state") }
        switch name.replacing(":", with: ".") {
        case "apscheduler.triggers.cron.CronTrigger":
            let cron = try PickledCron(members, in: reader)
            setCron(cron.texts, cron, isOfBothDays: cron.isOfBothDays)
        case "apscheduler.triggers.interval.IntervalTrigger":
            guard let length = reader.length(members["interval"]), length >= .milliseconds(1) else {
                throw Problem(description: "its interval is no length of a millisecond or more")
            }
            keys.append(ImportedKey("every", .text(length.text)))
            try setBounds(
                reader.moment(members["start_date"], "start_date"), reader.moment(members["end_date"], "end_date"))
        case "apscheduler.triggers.date.DateTrigger":
            guard let moment = try reader.moment(members["run_date"], "run_date") else {
                throw Problem(description: "its trigger has no run_date")
            }
            keys.append(ImportedKey("at", .text("\(moment)")))
        case "apscheduler.triggers.combining.OrTrigger": try setUnion(members, in: reader)
        case let name: throw Problem(description: "its trigger is \(quoted(name)), which no schedule here is like")
        }
        if let jitter = reader.int(members["jitter"]), jitter > 0 {
            keys.append(ImportedKey("spread", .text(Duration.seconds(min(jitter, 1_000_000_000)).text)))
            notes.append(
                "jitter is drawn anew each time there; spread puts each fire of a job off by the same share of it")
        }
    }

    private mutating func setCron(_ texts: [String], _ cron: PickledCron, isOfBothDays: Bool) {
        keys.append(ImportedKey("cron", texts.count == 1 ? .text(texts[0]) : .list(texts)))
        if isOfBothDays { keys.append(ImportedKey("dialect", .text(CronDialect.celery.rawValue))) }
        keys.append(ImportedKey("timezone", .text(cron.zone)))
        setBounds(cron.start, cron.end)
    }

    private mutating func setBounds(_ start: Timestamp?, _ end: Timestamp?) {
        if let start { keys.append(ImportedKey("start", .text("\(start)"))) }
        if let end { keys.append(ImportedKey("end", .text("\(end)"))) }
    }

    /// Several crons of one zone are one job, which starts once where two of them meet; that is what `OrTrigger` does.
    private mutating func setUnion(_ members: [String: Int], in reader: PickledState) throws(Problem) {
        var crons: [PickledCron] = []
        for part in (reader.list(members["triggers"]) ?? []).prefix(100) {
            let pair = reader.list(part) ?? []
            guard pair.count == 2, reader.text(pair[0]) == "apscheduler.triggers.cron:CronTrigger",
                let state = reader.members(pair[1])
            else { throw Problem(description: "its trigger combines others than crons; make them a job each") }
            crons.append(try PickledCron(state, in: reader))
        }
        guard let first = crons.first,
            crons.allSatisfy({ $0.zone == first.zone && $0.start == first.start && $0.end == first.end })
        else {
            throw Problem(
                description: "its trigger combines crons of several zones, starts or ends; make them a job each")
        }
        // Where one of the fields starts with a star both rules say the same.
        setCron(crons.flatMap(\.texts), first, isOfBothDays: crons.contains(where: \.isOfBothDays))
    }
}

/// A `CronTrigger`: a moment must match all of its fields, each a union of expressions.
struct PickledCron {
    typealias Problem = Pickle.Problem

    private(set) var texts: [String] = []
    let zone: String
    private(set) var start: Timestamp?
    private(set) var end: Timestamp?
    /// Whether days of the month and days of the week are both named: a day must match both.
    private(set) var isOfBothDays = false

    private static let expressions = "apscheduler.triggers.cron.expressions."

    /// One part of a field.
    private enum Part {
        case all(step: Int64?)
        case range(Int64, Int64?, step: Int64?)
        case weekdays(Int64, Int64)
        /// The k-th such weekday of the month, 0 the first, 5 the last; weekdays count from Monday, 0.
        case position(Int64, weekday: Int64)
        case lastDay
    }

    init(_ members: [String: Int], in reader: PickledState) throws(Problem) {
        guard let zone = reader.zone(members["timezone"]) else {
            throw Problem(description: "its zone is not known by name")
        }
        self.zone = zone
        start = try reader.moment(members["start_date"], "start_date")
        end = try reader.moment(members["end_date"], "end_date")
        var fields: [String: [Part]] = [:]
        for field in (reader.list(members["fields"]) ?? []).prefix(20) {
            guard let state = reader.members(reader.object(field)?.state), let name = reader.text(state["name"]) else {
                throw Problem(description: "a field of its cron trigger has no name")
            }
            var parts: [Part] = []
            for expression in (reader.list(state["expressions"]) ?? []).prefix(200) {
                parts.append(try Self.part(expression, of: name, in: reader))
            }
            fields[name] = parts
        }
        try setYears(fields["year"] ?? [])
        if let week = fields["week"], !Self.isEvery(week) {
            throw Problem(description: "it is for certain weeks of the year, which no schedule here has")
        }
        try setTexts(fields)
    }

    private static func part(_ node: Int, of field: String, in reader: PickledState) throws(Problem) -> Part {
        guard let (name, _, state) = reader.object(node), name.hasPrefix(expressions),
            let members = reader.members(state)
        else { throw Problem(description: "its \(field) holds \(reader.name(of: node))") }
        let step = reader.int(members["step"])
        let first = reader.int(members["first"])
        switch name.dropFirst(expressions.count) {
        case "AllExpression": return .all(step: step)
        case "RangeExpression", "MonthRangeExpression":
            guard let first else { break }
            return .range(first, reader.int(members["last"]), step: step)
        case "WeekdayRangeExpression":
            guard let first else { break }
            return .weekdays(first, reader.int(members["last"]) ?? first)
        case "WeekdayPositionExpression":
            guard let number = reader.int(members["option_num"]), let day = reader.int(members["weekday"]),
                (0...5).contains(number), (0...6).contains(day)
            else { break }
            return .position(number, weekday: day)
        case "LastDayOfMonthExpression": return .lastDay
        default: break
        }
        throw Problem(description: "its \(field) holds \(quoted(name)), which is not read")
    }

    private static func isEvery(_ parts: [Part]) -> Bool {
        parts.isEmpty || parts.contains { if case .all(let step) = $0 { (step ?? 1) == 1 } else { false } }
    }

    /// Years that follow one another are a start and an end.
    private mutating func setYears(_ parts: [Part]) throws(Problem) {
        if Self.isEvery(parts) { return }
        guard parts.count == 1, case .range(let first, let last, step: nil) = parts[0],
            (1970...9998).contains(first), (first...9998).contains(last ?? first),
            let begin = PickledState.moment("\(first)-01-01T00:00:00", in: zone),
            let over = PickledState.moment("\((last ?? first) + 1)-01-01T00:00:00", in: zone)
        else { throw Problem(description: "it is for years that do not follow one another; make them a job each") }
        start = max(start ?? begin, begin)
        end = min(end ?? over, over - .seconds(1))
    }

    private mutating func setTexts(_ fields: [String: [Part]]) throws(Problem) {
        func text(_ field: String, _ lowest: Int64, _ highest: Int64) throws(Problem) -> String {
            try Self.text(fields[field] ?? [], field, lowest, highest)
        }
        let second = try text("second", 0, 59)
        let clock = (second == "0" ? "" : "\(second) ") + "\(try text("minute", 0, 59)) \(try text("hour", 0, 23))"
        let month = try text("month", 1, 12)
        let weekdays = try Self.weekdays(fields["day_of_week"] ?? [])
        let days = fields["day"] ?? []
        let positions = days.compactMap { part -> String? in
            guard case .position(let number, let weekday) = part else { return nil }
            return number == 5 ? "\((weekday + 1) % 7)L" : "\((weekday + 1) % 7)#\(number + 1)"
        }
        guard positions.isEmpty || weekdays == "*" else {
            throw Problem(description: "its day is a certain weekday of the month, and its day_of_week is given, too")
        }
        if positions.count < max(days.count, 1) {
            let day = try Self.text(days.filter { if case .position = $0 { false } else { true } }, "day", 1, 31)
            texts.append("\(clock) \(day) \(month) \(weekdays)")
            isOfBothDays = !day.hasPrefix("*") && !weekdays.hasPrefix("*")
        }
        if !positions.isEmpty { texts.append("\(clock) * \(month) \(positions.joined(separator: ","))") }
    }

    private static func text(
        _ parts: [Part], _ field: String, _ lowest: Int64, _ highest: Int64
    ) throws(Problem) -> String {
        if isEvery(parts) { return "*" }
        var texts: [String] = []
        for part in parts {
            switch part {
            case .all(let step): texts.append(step.map { "*/\($0)" } ?? "*")
            case .range(let first, nil, let step): texts.append(step.map { "\(first)-\(highest)/\($0)" } ?? "\(first)")
            case .range(let first, let last?, let step):
                texts.append((first == last ? "\(first)" : "\(first)-\(last)") + (step.map { "/\($0)" } ?? ""))
            case .lastDay: texts.append("L")
            case .weekdays, .position: throw Problem(description: "its \(field) holds days of the week")
            }
        }
        return texts.joined(separator: ",")
    }

    /// APScheduler counts from Monday, cron from Sunday.
    private static func weekdays(_ parts: [Part]) throws(Problem) -> String {
        if isEvery(parts) { return "*" }
        var days: Set<Int> = []
        for part in parts {
            let (first, last, step): (Int64, Int64, Int64)
            switch part {
            case .all(let each): (first, last, step) = (0, 6, each ?? 1)
            case .range(let from, let to, let each):
                (first, last, step) = (from, to ?? (each == nil ? from : 6), each ?? 1)
            case .weekdays(let from, let to): (first, last, step) = (from, to, 1)
            case .position, .lastDay: throw Problem(description: "its day_of_week holds days of the month")
            }
            guard (0...6).contains(first), (first...6).contains(last), step > 0 else {
                throw Problem(description: "its day_of_week is no range of days")
            }
            for day in stride(from: first, through: last, by: Int(min(step, 7))) { days.insert(Int(day + 1) % 7) }
        }
        return CelerySchedule.field(Array(days), 0...6)
    }
}
