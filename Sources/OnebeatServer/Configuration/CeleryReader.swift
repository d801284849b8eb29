import Onebeat

/// Reads the Celery task of a job, and what the file says of the application. `${NAME}` stays in arguments: it is
/// expanded when the task is sent, so that no secret is stored.
enum CeleryReader {
    /// The task under `celery`, or `nil` when problems were reported.
    static func read(_ job: MapReader) -> CeleryCall? {
        if case .scalar(let scalar)? = job.node("celery"), !scalar.string.isEmpty {
            job.problem("is text where a map belongs, such as {task: \(scalar.string)}", key: "celery")
            return nil
        }
        guard let map = job.map("celery", keys: keys, refused: refused) else { return nil }
        guard map.has("task") else {
            map.findings.problem(
                "task is missing: the task's name, as in app.tasks.newsletter", at: map.mark, map.place)
            return nil
        }
        let task = map.value("task", Read.name)
        var call = CeleryCall(task: task ?? "")
        if let arguments = map.value("args", list) { call.arguments = arguments }
        if let keywords = map.value("kwargs", members) { call.keywords = keywords }
        call.queue = map.value("queue", Read.name)
        call.priority = map.value("priority", Read.integer(0...255))
        call.expires = map.value("expires", Read.positiveLength)
        call.countdown = map.value("countdown", Read.length)
        call.timeLimit = map.value("time_limit", Read.positiveLength)
        call.softTimeLimit = map.value("soft_time_limit", Read.positiveLength)
        if let headers = map.value("headers", members) { call.headers = headers }
        if let outcome = map.value("outcome", Read.choice(of: CeleryCall.End.self)) { call.outcome = outcome }
        return task == nil ? nil : call
    }

    /// What is wrong with the values of other jobs that are to be given to a task.
    static func checkTemplates(_ call: CeleryCall, of job: JobDefinition, _ map: MapReader) {
        let names = job.valueNames
        guard !names.isEmpty, let celery = map.map("celery", keys: keys) else { return }
        func check(_ value: JSONValue, _ key: String) {
            switch value {
            case .null, .bool, .int, .large, .number: break
            case .string(let text):
                if let problem = ValueTemplate.problem(in: text, following: names) {
                    celery.problem(problem, key: key)
                }
            case .array(let elements): for element in elements { check(element, key) }
            case .object(let members): for member in members.values { check(member, key) }
            }
        }
        check(.array(call.arguments), "args")
        check(.object(call.keywords), "kwargs")
        check(.object(call.headers), "headers")
    }

    private static let keys = [
        "task", "args", "kwargs", "queue", "priority", "expires", "countdown", "time_limit", "soft_time_limit",
        "headers", "outcome",
    ]

    private static let refused = [
        "eta": "a time belongs into the job's schedule; countdown holds a task back for a little while",
        "retry": "retries belong beside celery: retry: {limit: 3}",
        "timeout": "a time-out belongs beside celery; time_limit is the worker's own",
    ]

    // MARK: The application

    /// What the file says of the application.
    static func section(_ top: MapReader, _ address: (YAMLNode) throws(Misfit) -> String) -> CelerySection? {
        let keys = ["broker", "results", "prefix", "results_prefix", "priority_steps", "separator", "queue"]
        guard let map = top.map("celery", keys: keys) else { return nil }
        var section = CelerySection()
        section.broker = map.value("broker", address).map { SecretAddress($0) }
        section.results = map.value("results", address).map { SecretAddress($0) }
        section.prefix = map.value("prefix", Read.name)
        section.resultsPrefix = map.value("results_prefix", Read.name)
        section.separator = map.value("separator", separator)
        section.queue = map.value("queue", Read.name)
        section.prioritySteps = map.value("priority_steps") { (node) throws(Misfit) in
            let steps = try Read.list(of: Read.integer(0...255))(node)
            guard steps == steps.sorted(), steps.first == 0, Set(steps).count == steps.count else {
                throw Misfit("must begin with 0 and grow, as in [0, 3, 6, 9]")
            }
            return steps
        }
        return section
    }

    private static func separator(_ node: YAMLNode) throws(Misfit) -> String {
        let text = try Read.text(node)
        guard (1...20).contains(text.utf8.count) else { throw Misfit("has \(text.utf8.count) bytes; 1 to 20 will do") }
        return text
    }

    // MARK: JSON

    private static func list(_ node: YAMLNode) throws(Misfit) -> [JSONValue] {
        guard case .array(let values) = try json(node) else {
            throw Misfit("is \(node.kind) where a list belongs, such as [weekly, 3]; kwargs takes a map")
        }
        return values
    }

    private static func members(_ node: YAMLNode) throws(Misfit) -> [String: JSONValue] {
        guard let members = try json(node).members else {
            throw Misfit("is \(node.kind) where a map belongs, such as {size: 3}")
        }
        return members
    }

    /// A value as JSON has it. How deep it may be is bounded where the file's nodes are made.
    static func json(_ node: YAMLNode) throws(Misfit) -> JSONValue {
        switch node {
        case .sequence(let list):
            var values: [JSONValue] = []
            for element in list.nodes { values.append(try json(element)) }
            return .array(values)
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for pair in mapping.pairs { members[pair.key.string] = try json(pair.value) }
            return .object(members)
        case .scalar(let scalar):
            if node.isEmpty { return .null }
            if scalar.style == .plain, let value = try plain(scalar) { return value }
            do throws(Misfit) {
                try Read.checkVariables(scalar.string)
            } catch {
                throw Misfit(error.message, at: scalar.position)
            }
            return .string(scalar.string)
        }
    }

    /// What is written without quotes and is no text: `true`, `3`, `0.5`.
    private static func plain(_ scalar: YAMLScalar) throws(Misfit) -> JSONValue? {
        let text = scalar.string
        if text == "true" || text == "false" { return .bool(text == "true") }
        guard let first = text.first, first.isASCII, first.isNumber || "+-.".contains(first) else { return nil }
        if text.wholeMatch(of: /[-+]?[0-9]+/) != nil {
            let digits = text.drop { "+-".contains($0) }
            guard digits.count == 1 || digits.first != "0" else {
                throw Misfit(
                    "is \(text); write \"\(text)\" in quotes for text, or a number without its zeros",
                    at: scalar.position)
            }
            if let number = JSONValue(digits: text) { return number }
            throw Misfit("is \(text), too large a number; write it in quotes, as text", at: scalar.position)
        }
        guard text.wholeMatch(of: /[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?/) != nil else { return nil }
        let digits = text.hasPrefix("+") ? String(text.dropFirst()) : text
        guard let number = Double(digits), number.isFinite else {
            throw Misfit("is \(text), too large a number; write it in quotes, as text", at: scalar.position)
        }
        return .number(number)
    }
}
