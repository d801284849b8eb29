import Foundation
import Onebeat

/// Reads what APScheduler 3 pickles out of a ``Pickle``: dictionaries, moments, zones, plain values.
struct PickledState {
    typealias Problem = Pickle.Problem

    let pickle: Pickle

    // MARK: Dictionaries

    /// The values of a dictionary by those of its keys that are text.
    func members(_ node: Int?) -> [String: Int]? {
        guard let node, case .dict(let pairs) = pickle[node] else { return nil }
        var members: [String: Int] = [:]
        for (key, value) in pairs { if case .text(let key) = pickle[key] { members[key] = value } }
        return members
    }

    func list(_ node: Int?) -> [Int]? {
        guard let node, case .list(let elements) = pickle[node] else { return nil }
        return elements
    }

    func text(_ node: Int?) -> String? {
        guard let node, case .text(let text) = pickle[node] else { return nil }
        return text
    }

    func int(_ node: Int?) -> Int64? {
        guard let node, case .int(let number) = pickle[node] else { return nil }
        return number
    }

    func bool(_ node: Int?) -> Bool? {
        guard let node, case .bool(let bool) = pickle[node] else { return nil }
        return bool
    }

    /// Whether a value is there and is not `None`.
    func has(_ node: Int?) -> Bool {
        guard let node, case .none = pickle[node] else { return node != nil }
        return false
    }

    /// What an object is of, by name, and its arguments and its state.
    func object(_ node: Int?) -> (name: String, arguments: [Int], state: Int?)? {
        guard let node, case .object(let callee, let arguments, let state) = pickle[node],
            case .global(let name) = pickle[callee]
        else { return nil }
        return (name, arguments, state)
    }

    // MARK: Moments

    /// Seconds, and millionths of them.
    func length(_ node: Int?) -> Duration? {
        guard let (name, arguments, _) = object(node), name == "datetime.timedelta" else { return nil }
        let parts = arguments.map { int($0) ?? 0 } + [0, 0, 0]
        guard parts.allSatisfy({ abs($0) < 1_000_000_000 }), let days = parts.first else { return nil }
        return .seconds(days * 86_400 + parts[1]) + .microseconds(parts[2])
    }

    /// The zone's name, where it has one in the zone database.
    func zone(_ node: Int?) -> String? {
        guard let node, case .object(let callee, let arguments, _) = pickle[node] else { return nil }
        if let (name, getter, _) = object(callee), name == "builtins.getattr", let type = getter.first,
            case .global(let type) = pickle[type], type.hasSuffix("zoneinfo.ZoneInfo")
        {
            return text(arguments.first)
        }
        guard case .global(let name) = pickle[callee] else { return nil }
        switch name {
        case "pytz._p": return text(arguments.first)
        case "pytz._UTC": return "UTC"
        case "datetime.timezone": return length(arguments.first) == .zero ? "UTC" : nil
        default: return nil
        }
    }

    /// - Returns: `nil` for `None`.
    func moment(_ node: Int?, _ what: String) throws(Problem) -> Timestamp? {
        guard has(node) else { return nil }
        guard let (name, arguments, _) = object(node), name == "datetime.datetime", arguments.count == 2,
            let zone = zone(arguments[1]), let bytes = bytes(arguments[0]), bytes.count == 10
        else { throw Problem(description: "its \(what) is no moment in a known zone") }
        func two(_ byte: UInt8) -> String { byte < 10 ? "0\(byte)" : "\(byte)" }
        let year = Int(bytes[0]) << 8 | Int(bytes[1])
        // The highest bit of the month marks the second pass of an hour that comes twice.
        let date =
            "\(String(repeating: "0", count: max(0, 4 - "\(year)".count)))\(year)-\(two(bytes[2] & 0x7f))-\(two(bytes[3]))"
        let local = "\(date)T\(two(bytes[4])):\(two(bytes[5])):\(two(bytes[6]))"
        let fraction = Int64(bytes[7]) << 16 | Int64(bytes[8]) << 8 | Int64(bytes[9])
        guard let moment = Self.moment(local, in: zone) else {
            throw Problem(description: "its \(what), \(local) in \(zone), is no moment")
        }
        return moment + .microseconds(fraction)
    }

    /// What a zone's clock shows, made a moment. A repeating interval is what a schedule reads on the clock of its zone.
    static func moment(_ local: String, in zone: String) -> Timestamp? {
        let schedule = ScheduleDefinition(.repeat("R1/\(local)/P1D"), timezone: zone)
        return (try? Schedule(schedule, jobName: ""))?.next(after: .distantPast)
    }

    /// Protocol 2 has no bytes, and writes text that Python encodes.
    private func bytes(_ node: Int) -> [UInt8]? {
        if case .bytes(let bytes) = pickle[node] { return bytes }
        guard let (name, arguments, _) = object(node), name == "_codecs.encode", let text = text(arguments.first) else {
            return nil
        }
        let bytes = text.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
        return bytes.count == text.unicodeScalars.count ? bytes : nil
    }

    // MARK: Arguments

    /// Plain values as Python writes them.
    func python(_ node: Int) throws(Problem) -> String {
        var budget = 2000
        return try python(node, depth: 0, &budget)
    }

    private func python(_ node: Int, depth: Int, _ budget: inout Int) throws(Problem) -> String {
        budget -= 1
        guard budget > 0, depth < 20 else {
            throw Problem(description: "its arguments are too many, or hold themselves")
        }
        switch pickle[node] {
        case .none: return "None"
        case .bool(let bool): return bool ? "True" : "False"
        case .int(let number): return "\(number)"
        case .number(let number): return number.isFinite ? "\(number)" : "float('\(number)')"
        case .text(let text): return Self.literal(text)
        case .list(let elements):
            var texts: [String] = []
            for element in elements { texts.append(try python(element, depth: depth + 1, &budget)) }
            return "[\(texts.joined(separator: ", "))]"
        case .dict(let pairs):
            var texts: [String] = []
            for (key, value) in pairs {
                let key = try python(key, depth: depth + 1, &budget)
                texts.append("\(key): \(try python(value, depth: depth + 1, &budget))")
            }
            return "{\(texts.joined(separator: ", "))}"
        case .large, .bytes: throw Problem(description: "its arguments hold bytes, or a very large number")
        case .global(let name):
            throw Problem(description: "its arguments hold \(quoted(name)), which was not looked up")
        case .object:
            throw Problem(description: "its arguments hold \(name(of: node)), which is no plain value and was not made")
        }
    }

    /// What an object is of, in words.
    func name(of node: Int) -> String { object(node).map { quoted($0.name) } ?? "an object" }

    private static func literal(_ text: String) -> String {
        var literal = "'"
        for scalar in text.unicodeScalars {
            switch scalar {
            case "'", "\\": literal += "\\\(scalar)"
            case _
            where scalar.properties.generalCategory == .control || scalar.value == 0x2028 || scalar.value == 0x2029:
                literal +=
                    "\\U" + String(repeating: "0", count: 8 - String(scalar.value, radix: 16).count)
                    + String(scalar.value, radix: 16)
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "'"
    }
}
