/// The stored form of a definition, written and read by hand. All policies are written, so that a later version with other
/// defaults does not change what a stored job does; of the rest only what differs from its default.
///
/// A key that is added here is added in both directions; a test holds that every property survives.
enum StoredDefinition {
    static func write(_ definition: JobDefinition) -> JSONValue {
        var form = StoredForm()
        form["format"] = .int(DefinitionText.format)
        form.put("name", definition.name)
        form.put("description", definition.description)
        if !definition.tags.isEmpty { form.put("tags", definition.tags) }
        form.put("owner", definition.owner)
        form.put("needs", definition.needs.mapValues(write))
        if let each = definition.each {
            var list = StoredForm()
            list.put("job", each.job)
            list.put("path", each.path)
            form["each"] = list.value
        }
        if definition.hasSecretOutput { form.put("secret", ["output"]) }
        form.put("by", definition.by?.description)
        form["schedule"] = write(definition.schedule)
        form["work"] = write(definition.work)
        form["policies"] = write(definition.policies)
        return form.value.filled(from: definition.foreign)
    }

    static func read(_ value: JSONValue) throws(StoredFormError) -> JobDefinition {
        var form = try StoredObject(value)
        let format = try form.int("format") ?? 0
        guard format == DefinitionText.format else {
            throw StoredFormError(
                "its form has the number \(format), and \(DefinitionText.format) is the newest known here")
        }
        guard let name = try form.text("name") else { throw StoredFormError("it has no name") }
        guard var schedule = try form.object("schedule") else { throw StoredFormError("it has no schedule") }
        guard var work = try form.object("work") else { throw StoredFormError("it has no work") }
        var policies = try form.object("policies") ?? .empty
        var definition = JobDefinition(
            name: name, schedule: try readSchedule(&schedule), work: try readWork(&work),
            policies: try readPolicies(&policies), description: try form.text("description"))
        definition.tags = try form.texts("tags") ?? definition.tags
        definition.owner = try form.text("owner")
        definition.needs = try readNeeds(try form.map("needs") ?? [:])
        if var list = try form.object("each") {
            guard let job = try list.text("job") else { throw StoredFormError("each names no job") }
            definition.each = Each(in: job, at: try list.texts("path") ?? [])
        }
        definition.hasSecretOutput = try form.texts("secret")?.contains("output") ?? false
        if let by = try form.text("by") {
            guard let time = TimeOfDay(by) else { throw form.unexpected("by", "a time such as 06:30") }
            definition.by = time
        }
        var foreign = form.rest
        if !schedule.rest.isEmpty { foreign["schedule"] = .object(schedule.rest) }
        if !work.rest.isEmpty { foreign["work"] = .object(work.rest) }
        if !policies.rest.isEmpty { foreign["policies"] = .object(policies.rest) }
        definition.foreign = .object(foreign)
        if case .unknown(let kind) = definition.work {
            definition.trouble =
                "its work is of the kind \"\(kind)\", which Onebeat \(OnebeatVersion.current) does not know; upgrade this node"
        }
        return definition
    }

    private static func write(_ need: Need) -> String {
        switch need {
        case .within(let length): length.text
        case .sameDay: Need.sameDayWord
        }
    }

    /// A need that is not known must not be taken for none: the job would start without it.
    private static func readNeeds(_ stored: [String: String]) throws(StoredFormError) -> [String: Need] {
        var needs: [String: Need] = [:]
        for (job, text) in stored {
            if text == Need.sameDayWord {
                needs[job] = .sameDay
            } else if let length = Duration(text: text) {
                needs[job] = .within(length)
            } else {
                throw StoredFormError("it needs \(job) in a way that this version does not know")
            }
        }
        return needs
    }

    // MARK: The schedule

    static func write(_ schedule: ScheduleDefinition) -> JSONValue {
        var form = StoredForm()
        switch schedule.rhythm {
        case .cron(let expressions): form.put("cron", expressions)
        case .every(let length): form.put("every", length)
        case .delay(let length): form.put("delay", length)
        case .at(let moments): form.put("at", moments.map(\.description))
        case .repeat(let interval): form.put("repeat", interval)
        case .solar(let event): form["solar"] = write(event)
        case .event(let name): form.put("event", name)
        case .after(let jobs): form.put("after", jobs)
        case .manual: break
        }
        let usual = ScheduleDefinition(.manual)
        if schedule.timezone != usual.timezone { form.put("timezone", schedule.timezone) }
        form.put("start", schedule.start?.description)
        form.put("end", schedule.end?.description)
        if schedule.spread != usual.spread { form.put("spread", schedule.spread) }
        if !schedule.except.isEmpty { form.put("except", schedule.except) }
        if schedule.daylightSaving != usual.daylightSaving {
            var clocks = StoredForm()
            clocks.put("gap", schedule.daylightSaving.gap.rawValue)
            clocks.put("overlap", schedule.daylightSaving.overlap.rawValue)
            form["dst"] = clocks.value
        }
        if schedule.dialect != usual.dialect { form.put("dialect", schedule.dialect.rawValue) }
        return form.value
    }

    static func readSchedule(_ form: inout StoredObject) throws(StoredFormError) -> ScheduleDefinition {
        let usual = ScheduleDefinition(.manual)
        var definition = ScheduleDefinition(
            try readRhythm(&form),
            timezone: try form.text("timezone") ?? usual.timezone,
            start: try form.time("start"), end: try form.time("end"),
            spread: try form.length("spread") ?? usual.spread,
            except: try form.texts("except") ?? usual.except,
            daylightSaving: try readClocks(try form.object("dst")))
        definition.dialect = try form.word("dialect", CronDialect.self) ?? usual.dialect
        return definition
    }

    private static func readClocks(_ stored: StoredObject?) throws(StoredFormError) -> DaylightSaving {
        var clocks = DaylightSaving()
        guard var form = stored else { return clocks }
        clocks.gap = try form.word("gap", DaylightSaving.Gap.self) ?? clocks.gap
        clocks.overlap = try form.word("overlap", DaylightSaving.Overlap.self) ?? clocks.overlap
        return clocks
    }

    /// A rhythm that is not known must not be taken for none: the job would silently never be due.
    private static func readRhythm(_ form: inout StoredObject) throws(StoredFormError) -> ScheduleDefinition.Rhythm {
        if let expressions = try form.texts("cron") { return .cron(expressions) }
        if let length = try form.length("every") { return .every(length) }
        if let length = try form.length("delay") { return .delay(length) }
        if let moments = try form.times("at") { return .at(moments) }
        if let interval = try form.text("repeat") { return .repeat(interval) }
        if let event = try form.object("solar") { return .solar(try readEvent(event)) }
        if let name = try form.text("event") { return .event(name) }
        if let jobs = try form.texts("after") { return .after(jobs) }
        let known: Set = ["timezone", "start", "end", "spread", "except", "dst", "dialect"]
        if let key = form.rest.keys.sorted().first(where: { !known.contains($0) }) {
            throw StoredFormError("it is due by \"\(key)\", which this version does not know")
        }
        return .manual
    }

    private static func write(_ event: SolarEvent) -> JSONValue {
        var form = StoredForm()
        form.put("event", event.kind.rawValue)
        form["latitude"] = .amount(event.latitude)
        form["longitude"] = .amount(event.longitude)
        return form.value
    }

    private static func readEvent(_ stored: StoredObject) throws(StoredFormError) -> SolarEvent {
        var form = stored
        guard let kind = try form.word("event", SolarEvent.Kind.self), let latitude = try form.double("latitude"),
            let longitude = try form.double("longitude")
        else { throw StoredFormError("schedule.solar lacks its event or its place") }
        return SolarEvent(kind, latitude: latitude, longitude: longitude)
    }

    // MARK: The policies

    private static func write(_ policies: JobPolicies) -> JSONValue {
        var form = StoredForm()
        form.put("overlap", policies.overlap.rawValue)
        if policies.overlapScope != .run { form.put("overlap_scope", policies.overlapScope.rawValue) }
        form.put("limit", policies.limit)
        form.put("missed", policies.missed.rawValue)
        form.put("deadline", policies.deadline)
        form.put("catch_up", policies.catchUp)
        form["retry"] = write(policies.retry)
        form.put("timeout", policies.timeout)
        form.put("delivery", policies.delivery.rawValue)
        form.put("priority", policies.priority)
        form.put("queue", policies.queue)
        form.put("expect", policies.expect)
        form.put("trigger_rule", policies.triggerRule.rawValue)
        return form.value
    }

    private static func write(_ retry: RetryPolicy) -> JSONValue {
        var form = StoredForm()
        form.put("limit", retry.limit)
        form.put("backoff", retry.backoff)
        form.put("max", retry.max)
        form["jitter"] = .amount(retry.jitter)
        return form.value
    }

    private static func readPolicies(_ form: inout StoredObject) throws(StoredFormError) -> JobPolicies {
        var policies = JobPolicies()
        policies.overlap = try form.word("overlap", OverlapPolicy.self) ?? policies.overlap
        policies.overlapScope = try form.word("overlap_scope", OverlapScope.self) ?? policies.overlapScope
        policies.limit = try form.int("limit")
        policies.missed = try form.word("missed", MissedPolicy.self) ?? policies.missed
        policies.deadline = try form.length("deadline") ?? policies.deadline
        policies.catchUp = try form.int("catch_up") ?? policies.catchUp
        if let retry = try form.object("retry") { policies.retry = try readRetry(retry) }
        policies.timeout = try form.length("timeout")
        policies.delivery = try form.word("delivery", Delivery.self) ?? policies.delivery
        policies.priority = try form.int("priority") ?? policies.priority
        policies.queue = try form.text("queue") ?? policies.queue
        policies.expect = try form.length("expect")
        policies.triggerRule = try form.word("trigger_rule", TriggerRule.self) ?? policies.triggerRule
        return policies
    }

    private static func readRetry(_ stored: StoredObject) throws(StoredFormError) -> RetryPolicy {
        var (form, retry) = (stored, RetryPolicy())
        retry.limit = try form.int("limit") ?? retry.limit
        retry.backoff = try form.length("backoff") ?? retry.backoff
        retry.max = try form.length("max") ?? retry.max
        retry.jitter = try form.double("jitter") ?? retry.jitter
        return retry
    }
}

extension ScheduleDefinition: Encodable {
    /// Writes the keys of a configuration, leaving out what is at its default.
    public func encode(to encoder: any Encoder) throws { try keys.encode(to: encoder) }

    /// The keys of a configuration, without what is at its default.
    package var keys: JSONValue { StoredDefinition.write(self) }
}
