import Onebeat

/// What a person says of an application whose entries are read where beat keeps them, and not by its own Python.
package struct CeleryGuess: Sendable {
    /// The application's `broker_url`.
    package var broker: String
    /// Its `result_backend`; `nil` where that is not known.
    package var results: String?
    /// Its `timezone`.
    package var timezone: String

    /// All that is not said is as Celery has it.
    package init(broker: String, results: String?, timezone: String) {
        self.broker = broker
        self.results = results
        self.timezone = timezone
    }

    func application(_ entries: [Exported.Entry], scheduler: String) -> Exported {
        Exported(
            timezone: timezone, broker: broker, results: results, queue: "celery", serializer: "json",
            priority_steps: [0, 3, 6, 9], separator: "\u{6}\u{16}", scheduler: scheduler,
            knowsResults: results != nil, entries: entries)
    }

    static let routes =
        "what only the application's code knows is not here: task_routes, task_default_queue, global_keyprefix and its like; onebeat import celery MODULE:APP reads that too"
}

extension Exported.Entry {
    /// An entry with nothing but its name, to be filled.
    init(stored name: String, task: String?) {
        self.init(
            name: name, task: task ?? "", schedule: .init(type: "none"), args: .array([]), kwargs: .object([:]),
            queue: "celery", options: .init(), left: [], registered: true, problems: [])
        if task == nil { problems.append("it names no task") }
    }

    mutating func take(arguments: JSONValue?, keywords: JSONValue?) {
        switch arguments ?? .null {
        case .null: break
        case .array(let list) where !list.contains(where: \.isOfPython): args = .array(list)
        default: problems.append("its arguments are no list of plain values")
        }
        switch keywords ?? .null {
        case .null: break
        case .object(let map) where !map.values.contains(where: \.isOfPython): kwargs = .object(map)
        default: problems.append("its keyword arguments are no map of plain values")
        }
    }

    /// The options of `apply_async`, as far as a job here has them; the others are told.
    mutating func take(options given: [String: JSONValue]) {
        for (key, value) in given.sorted(by: { $0.key < $1.key }) where value != .null {
            switch (key, value) {
            case ("queue", .string(let name)): queue = name
            case ("priority", .int(let number)): options.priority = Int(number)
            case ("headers", .object): options.headers = value
            case ("expires", _): options.expires = length(key, value)
            case ("countdown", _): options.countdown = length(key, value)
            case ("time_limit", _): options.time_limit = length(key, value)
            case ("soft_time_limit", _): options.soft_time_limit = length(key, value)
            case ("ignore_result", _), ("serializer", "json"): break
            default: left.append("\(key)=\(value.text)")
            }
        }
    }

    private mutating func length(_ key: String, _ value: JSONValue) -> Double? {
        switch value {
        case .int(let seconds): return Double(seconds)
        case .number(let seconds): return seconds
        case .null, .bool, .large, .string, .array, .object:
            problems.append("option \(key) is \(value.text), which is no length")
            return nil
        }
    }
}

extension JSONValue {
    /// Whether it is, or holds, what RedBeat writes for a value that JSON has not.
    fileprivate var isOfPython: Bool {
        switch self {
        case .null, .bool, .int, .large, .number, .string: false
        case .array(let elements): elements.contains(where: \.isOfPython)
        case .object(let members): members["__type__"] != nil || members.values.contains(where: \.isOfPython)
        }
    }

    /// Reads JSON that somebody else wrote.
    static func reading(_ text: String) -> JSONValue? {
        try? JSONValue(json: Array(text.utf8))
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }

    var double: Double? {
        switch self {
        case .int(let number): Double(number)
        case .number(let number): number
        case .null, .bool, .large, .string, .array, .object: nil
        }
    }

    var int: Int64? {
        switch self {
        case .int(let number): number
        case .number(let number): Int64(exactly: number)
        case .null, .bool, .large, .string, .array, .object: nil
        }
    }

    var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
}
