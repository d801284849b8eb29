/// The stored form of what a job does.
extension StoredDefinition {
    static func write(_ work: Work) -> JSONValue {
        var form = StoredForm()
        form.put("kind", work.kind)
        switch work {
        case .shell(let line, let settings):
            form.put("line", line)
            put(settings, into: &form)
        case .command(let arguments, let settings):
            form.put("arguments", arguments)
            put(settings, into: &form)
        case .http(let call): put(call, into: &form)
        case .alert(let rule): put(rule, into: &form)
        case .celery(let call): put(call, into: &form)
        case .signal(let watch):
            form["expected"] = write(watch.expected)
            form.put("grace", watch.grace)
        case .handler, .unknown: break
        }
        return form.value
    }

    static func readWork(_ form: inout StoredObject) throws(StoredFormError) -> Work {
        guard let kind = try form.text("kind") else { throw StoredFormError("its work has no kind") }
        switch kind {
        case "run":
            guard let line = try form.text("line") else { throw form.missing("line") }
            return .shell(line, try readSettings(&form))
        case "exec":
            guard let arguments = try form.texts("arguments") else { throw form.missing("arguments") }
            return .command(arguments, try readSettings(&form))
        case "http": return .http(try readCall(&form))
        case Work.celeryKind: return .celery(try readTask(&form))
        case "handler": return .handler
        case Work.alertKind: return .alert(try readRule(&form))
        case SignalWatch.kind:
            guard var expected = try form.object("expected") else { throw form.missing("expected") }
            var watch = SignalWatch(try readSchedule(&expected))
            watch.grace = try form.length("grace") ?? watch.grace
            return .signal(watch)
        default: return .unknown(kind)
        }
    }

    private static func put(_ settings: ProcessSettings, into form: inout StoredForm) {
        form.put("env", settings.environment)
        form.put("dir", settings.directory)
        form.put("user", settings.user)
        form.put("memory", settings.memory)
        form.put("cpu", settings.cpu)
        form.put("nice", settings.nice)
        form.put("grace", settings.grace)
        let usual = ProcessSettings()
        if settings.base != usual.base { form.put("environment", settings.base.rawValue) }
        if settings.leave { form["leave"] = .bool(true) }
        if settings.output != usual.output { form.put("output", settings.output.rawValue) }
    }

    private static func readSettings(_ form: inout StoredObject) throws(StoredFormError) -> ProcessSettings {
        var settings = ProcessSettings()
        settings.environment = try form.map("env") ?? settings.environment
        settings.directory = try form.text("dir")
        settings.user = try form.text("user")
        settings.memory = try form.int("memory")
        settings.cpu = try form.int("cpu")
        settings.nice = try form.int("nice")
        settings.grace = try form.length("grace") ?? settings.grace
        settings.base = try form.word("environment", ProcessSettings.Environment.self) ?? settings.base
        settings.leave = try form.bool("leave") ?? settings.leave
        settings.output = try form.word("output", ProcessSettings.Output.self) ?? settings.output
        return settings
    }

    private static func put(_ rule: AlertRule, into form: inout StoredForm) {
        form.put("on", rule.on)
        if !rule.jobs.isEmpty { form.put("jobs", rule.jobs) }
        if !rule.tags.isEmpty { form.put("tags", rule.tags) }
        form.put("after", rule.after)
        form.put("group", rule.group)
        form.put("repeat", rule.repeats)
        if rule.output > 0 { form.put("output", rule.output) }
        if let quiet = rule.quiet {
            var hours = StoredForm()
            hours.put("from", quiet.from.description)
            hours.put("to", quiet.to.description)
            hours.put("timezone", quiet.timezone)
            if !quiet.days.isEmpty { hours.put("days", quiet.days.sorted().map { QuietHours.dayNames[$0] }) }
            form["quiet"] = hours.value
        }
        form.put("channel", rule.channel)
        form.put("settings", rule.settings)
    }

    private static func readRule(_ form: inout StoredObject) throws(StoredFormError) -> AlertRule {
        guard let channel = try form.text("channel") else { throw form.missing("channel") }
        var rule = AlertRule(channel: channel)
        rule.on = try form.texts("on") ?? rule.on
        rule.jobs = try form.texts("jobs") ?? rule.jobs
        rule.tags = try form.texts("tags") ?? rule.tags
        rule.after = try form.int("after") ?? rule.after
        rule.group = try form.length("group") ?? rule.group
        rule.repeats = try form.length("repeat")
        rule.output = max(0, try form.int("output") ?? 0)
        if let quiet = try form.object("quiet") { rule.quiet = try readQuiet(quiet) }
        rule.settings = try form.map("settings") ?? rule.settings
        return rule
    }

    private static func readQuiet(_ stored: StoredObject) throws(StoredFormError) -> QuietHours {
        var form = stored
        guard let from = try form.text("from").flatMap({ TimeOfDay($0) }),
            let to = try form.text("to").flatMap({ TimeOfDay($0) })
        else { throw StoredFormError("work.quiet lacks its times") }
        let days = try form.texts("days") ?? []
        return QuietHours(
            from: from, to: to, timezone: try form.text("timezone") ?? "UTC",
            days: Set(days.compactMap { QuietHours.dayNames.firstIndex(of: $0) }))
    }

    private static func put(_ call: HTTPCall, into form: inout StoredForm) {
        form.put("url", call.url)
        form.put("method", call.method)
        form.put("headers", call.headers)
        form.put("body", call.body)
        if !call.expected.isEmpty { form["expect"] = .array(call.expected.map { .int(Int64($0)) }) }
        form.put("timeout", call.timeout)
        if call.redirects != 0 { form.put("redirects", call.redirects) }
        form.put("ca", call.authorities)
        if call.handsOnBody { form.put("output", "body") }
    }

    private static func readCall(_ form: inout StoredObject) throws(StoredFormError) -> HTTPCall {
        guard let url = try form.text("url") else { throw form.missing("url") }
        let usual = HTTPCall(url: url)
        var call = HTTPCall(
            url: url, method: try form.text("method") ?? usual.method,
            headers: try form.map("headers") ?? usual.headers, body: try form.text("body"),
            expected: try form.ints("expect") ?? usual.expected, timeout: try form.length("timeout") ?? usual.timeout,
            redirects: try form.int("redirects") ?? usual.redirects, authorities: try form.text("ca"))
        call.handsOnBody = try form.text("output") == "body"
        return call
    }

    private static func put(_ call: CeleryCall, into form: inout StoredForm) {
        form.put("task", call.task)
        if !call.arguments.isEmpty { form["args"] = .array(call.arguments) }
        if !call.keywords.isEmpty { form["kwargs"] = .object(call.keywords) }
        form.put("queue", call.queue)
        form.put("priority", call.priority)
        form.put("expires", call.expires)
        form.put("countdown", call.countdown)
        form.put("time_limit", call.timeLimit)
        form.put("soft_time_limit", call.softTimeLimit)
        if !call.headers.isEmpty { form["headers"] = .object(call.headers) }
        if call.outcome != .result { form.put("outcome", call.outcome.rawValue) }
    }

    private static func readTask(_ form: inout StoredObject) throws(StoredFormError) -> CeleryCall {
        guard let task = try form.text("task") else { throw form.missing("task") }
        var call = CeleryCall(task: task)
        call.arguments = try form.array("args") ?? []
        call.keywords = try form.object("kwargs")?.rest ?? [:]
        call.queue = try form.text("queue")
        call.priority = try form.int("priority")
        call.expires = try form.length("expires")
        call.countdown = try form.length("countdown")
        call.timeLimit = try form.length("time_limit")
        call.softTimeLimit = try form.length("soft_time_limit")
        call.headers = try form.object("headers")?.rest ?? [:]
        call.outcome = try form.word("outcome", CeleryCall.End.self) ?? .result
        return call
    }
}
