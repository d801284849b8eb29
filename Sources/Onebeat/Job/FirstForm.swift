import Foundation

/// Reads what version 0.1 stored: the form that the compiler had made up. Nothing writes it any more.
enum FirstForm {
    static func read(_ value: JSONValue) throws -> JobDefinition {
        var form = try StoredObject(value)
        guard let name = try form.text("name") else { throw StoredFormError("it has no name") }
        guard let schedule = try form.object("schedule") else { throw StoredFormError("it has no schedule") }
        guard let work = try form.object("work") else { throw StoredFormError("it has no work") }
        guard let policies = try form.object("policies") else { throw StoredFormError("it has no policies") }
        return JobDefinition(
            name: name, schedule: try read(schedule: schedule), work: try read(work: work),
            policies: try read(policies: policies), description: try form.text("description"))
    }

    private static func read(schedule: StoredObject) throws -> ScheduleDefinition {
        var form = schedule
        // A list could be its only element.
        for key in ["cron", "at", "after", "except"] {
            guard let value = form.take(key) else { continue }
            if case .string = value { form.put(key, .array([value])) } else { form.put(key, value) }
        }
        return try StoredDefinition.readSchedule(&form)
    }

    private static func read(work: StoredObject) throws -> Work {
        var form = work
        if var shell = try form.object("shell") {
            guard let line = try shell.text("_0") else { throw shell.missing("_0") }
            return .shell(line, try settings(&shell))
        }
        if var command = try form.object("command") {
            guard let arguments = try command.texts("_0") else { throw command.missing("_0") }
            return .command(arguments, try settings(&command))
        }
        if var http = try form.object("http") {
            guard var call = try http.object("_0") else { throw http.missing("_0") }
            guard let url = try call.text("url") else { throw call.missing("url") }
            let usual = HTTPCall(url: url)
            return .http(
                HTTPCall(
                    url: url, method: try call.text("method") ?? usual.method,
                    headers: try call.map("headers") ?? usual.headers, body: try call.text("body"),
                    expected: try call.ints("expected") ?? usual.expected,
                    timeout: try length("timeout", of: &call) ?? usual.timeout))
        }
        if form.has("handler") { return .handler }
        throw StoredFormError("its work is of an unknown kind")
    }

    private static func settings(_ form: inout StoredObject) throws -> ProcessSettings {
        var settings = ProcessSettings()
        guard var stored = try form.object("_1") else { return settings }
        settings.environment = try stored.map("environment") ?? settings.environment
        settings.directory = try stored.text("directory")
        settings.user = try stored.text("user")
        settings.memory = try stored.int("memory")
        settings.cpu = try stored.int("cpu")
        settings.nice = try stored.int("nice")
        settings.grace = try length("grace", of: &stored) ?? settings.grace
        return settings
    }

    private static func read(policies stored: StoredObject) throws -> JobPolicies {
        var (form, policies) = (stored, JobPolicies())
        policies.overlap = try form.word("overlap", OverlapPolicy.self) ?? policies.overlap
        policies.limit = try form.int("limit")
        policies.missed = try form.word("missed", MissedPolicy.self) ?? policies.missed
        policies.deadline = try length("deadline", of: &form) ?? policies.deadline
        policies.catchUp = try form.int("catchUp") ?? policies.catchUp
        if var retry = try form.object("retry") {
            policies.retry.limit = try retry.int("limit") ?? policies.retry.limit
            policies.retry.backoff = try length("backoff", of: &retry) ?? policies.retry.backoff
            policies.retry.max = try length("max", of: &retry) ?? policies.retry.max
            policies.retry.jitter = try retry.double("jitter") ?? policies.retry.jitter
        }
        policies.timeout = try length("timeout", of: &form)
        policies.delivery = try form.word("delivery", Delivery.self) ?? policies.delivery
        policies.priority = try form.int("priority") ?? policies.priority
        policies.queue = try form.text("queue") ?? policies.queue
        policies.expect = try length("expect", of: &form)
        return policies
    }

    /// A length was two numbers, as the standard library encodes it.
    private static func length(_ key: String, of form: inout StoredObject) throws -> Duration? {
        guard let value = form.take(key) else { return nil }
        guard let length = try? JSONDecoder().decode(Duration.self, from: JSONEncoder().encode(value)),
            (.zero...Duration.longestText).contains(length)
        else { throw form.unexpected(key, "a length of time") }
        return .microseconds(length.wholeMicroseconds)
    }
}
