import Onebeat

/// Reads when a job is due, and compiles it, so that what a schedule cannot be is told at its place in the file.
struct ScheduleReader {
    static let keys = [
        "cron", "every", "delay", "at", "repeat", "solar", "on", "after", "timezone", "start", "end", "spread",
        "except",
        "dst", "dialect",
    ]
    private static let rhythms = ["cron", "every", "delay", "at", "repeat", "solar", "on", "after"]
    /// What a job that follows others takes from its root.
    private static let rootsOnly = ["start", "end", "spread", "except", "missed", "catch_up"]

    let map: MapReader
    let jobName: String
    let zones: ZoneFiles

    /// The schedule, or `nil` when problems were reported.
    func read(timezone defaultZone: String) -> Schedule? {
        var definition = ScheduleDefinition(.manual, timezone: defaultZone)
        if let zone = map.value("timezone", Read.words) { definition.timezone = zone }
        // The zone goes first: moments without an offset are read against it.
        // Without one the rest is read by UTC, so that what else is wrong is told as well.
        let named = compile(ScheduleDefinition(.manual, timezone: definition.timezone))
        let untold = map.findings.problemCount
        if named == nil { definition.timezone = "UTC" }
        guard let zone = named ?? compile(ScheduleDefinition(.manual)) else { return nil }
        let moment = { (node: YAMLNode) throws(Misfit) in try Self.moment(node, in: zone) }
        definition.start = map.value("start", moment)
        definition.end = map.value("end", moment)
        if let spread = map.value("spread", Read.length) { definition.spread = spread }
        if let except = map.value("except", Read.list(of: Read.words)) { definition.except = except }
        if let rule = daylightSaving() { definition.daylightSaving = rule }
        if let dialect = map.value("dialect", Read.choice(of: CronDialect.self)) {
            if !map.has("cron") { map.warning("has no effect without cron", key: "dialect") }
            definition.dialect = dialect
        }
        let given = Self.rhythms.filter(map.has)
        if given.count > 1 {
            map.problem(
                "\(given[0]) is given too, but a job has one rhythm; make them two jobs", key: given[1],
                at: map.mark(ofKey: given[1]))
        }
        definition.rhythm = rhythm(given.first, moment: moment) ?? .manual
        guard map.findings.problemCount == untold else { return nil }
        let schedule = compile(definition)
        return named == nil ? nil : schedule
    }

    private func rhythm(
        _ key: String?, moment: @escaping (YAMLNode) throws(Misfit) -> Timestamp
    ) -> ScheduleDefinition.Rhythm? {
        switch key {
        case "cron":
            map.value("cron", Read.list(of: Read.words)).map { texts in
                for warning in texts.flatMap({ StepWarning.all(in: $0) }) { map.warning(warning, key: "cron") }
                return .cron(texts)
            }
        case "every": map.value("every", Read.positiveLength).map { .every($0) }
        case "delay": map.value("delay", Read.positiveLength).map { .delay($0) }
        case "at": map.value("at", Read.list(of: moment)).map { .at($0) }
        case "repeat": map.value("repeat", Read.words).map { .repeat($0) }
        case "on": event().map { .event($0) }
        case "after": following().map { .after($0) }
        case "solar": solarEvent().map { .solar($0) }
        default: nil
        }
    }

    private func following() -> [String]? {
        for key in Self.rootsOnly where map.has(key) {
            map.warning("has no effect on a job that follows others; its root decides when the flow is due", key: key)
        }
        return map.value("after", Read.list(of: Read.words))
    }

    /// `on: {event: NAME}`.
    private func event() -> String? {
        guard let on = map.map("on", keys: ["event"]) else { return nil }
        guard on.has("event") else {
            map.problem("event is missing, as in {event: file_arrived}", key: "on")
            return nil
        }
        return on.value("event", Read.name)
    }

    private func solarEvent() -> SolarEvent? {
        let keys = ["event", "latitude", "longitude"]
        guard let inner = map.map("solar", keys: keys) else { return nil }
        for key in keys where !inner.has(key) {
            map.problem("has no \(key); write it like {event: sunset, latitude: 48.85, longitude: 2.35}", key: "solar")
        }
        let kind = inner.value("event", Read.choice(of: SolarEvent.Kind.self))
        let latitude = inner.value("latitude", Read.degrees(90))
        let longitude = inner.value("longitude", Read.degrees(180))
        guard let kind, let latitude, let longitude else { return nil }
        return SolarEvent(kind, latitude: latitude, longitude: longitude)
    }

    private func daylightSaving() -> DaylightSaving? {
        guard let inner = map.map("dst", keys: ["gap", "overlap"]) else { return nil }
        if !map.has("cron") { map.warning("has no effect without cron", key: "dst") }
        var rule = DaylightSaving()
        if let gap = inner.value("gap", Read.choice(of: DaylightSaving.Gap.self)) { rule.gap = gap }
        if let overlap = inner.value("overlap", Read.choice(of: DaylightSaving.Overlap.self)) { rule.overlap = overlap }
        return rule
    }

    /// A moment must mean one instant. Without an offset it does only where the job's zone is UTC.
    private static func moment(_ node: YAMLNode, in zone: Schedule) throws(Misfit) -> Timestamp {
        let text = try Read.words(node)
        guard let moment = Timestamp(iso8601: text) else {
            throw Misfit("is \(quoted(text)), which is not a moment; write it like 2026-12-24T18:00:00+08:00")
        }
        let offset = zone.format(moment).dropFirst(19)
        let hasOffset = text.dropFirst(10).contains { "zZ+-".contains($0) }
        guard hasOffset || ["UTC", "Etc/UTC", "Z"].contains(zone.definition.timezone) else {
            throw Misfit(
                "is \(quoted(text)) without an offset; in \(zone.definition.timezone) write "
                    + "\(moment.description.dropLast())\(offset)")
        }
        return moment
    }

    private func compile(_ definition: ScheduleDefinition) -> Schedule? {
        do {
            return try Schedule(definition, jobName: jobName, zones: zones)
        } catch {
            report(error, definition)
            return nil
        }
    }

    private func report(_ error: ScheduleError, _ definition: ScheduleDefinition) {
        // Compiling stops at the first expression that is wrong; the others of a list are worth hearing too.
        if case .cron(let texts) = definition.rhythm, error.setting == "cron", texts.count > 1 {
            let before = map.findings.problemCount
            for text in texts {
                var one = ScheduleDefinition(.cron([text]), timezone: definition.timezone)
                one.dialect = definition.dialect
                do { _ = try Schedule(one, jobName: jobName, zones: zones) } catch { point(at: error) }
            }
            if map.findings.problemCount > before { return }
        }
        point(at: error)
    }

    private func point(at error: ScheduleError) {
        guard let scalar = scalar(error.text, of: error.setting) else {
            // A setting that the job does not have comes from what jobs share.
            return map.problem(error.message, key: error.setting)
        }
        let mark = error.offset.map { map.findings.mark(in: scalar, offset: $0) } ?? scalar.position
        map.problem(error.message, key: error.setting, at: mark)
    }

    private func scalar(_ text: String, of key: String) -> YAMLScalar? {
        switch map.node(key) {
        case .scalar(let scalar)?: scalar
        case .sequence(let list)?: list.nodes.lazy.compactMap(\.scalar).first { $0.string == text }
        case .mapping?, nil: nil
        }
    }
}
