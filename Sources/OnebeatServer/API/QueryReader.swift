import Hummingbird
import Onebeat

/// Reads the parameters of an address. A parameter that nobody reads is refused, since a filter that is silently
/// dropped gives an answer to another question.
struct QueryReader {
    private let values: [String: String]

    /// - Throws: ``Problem`` when the address has parameters that are not among `known`, or one of them twice.
    init(_ request: Request, known: [String]) throws {
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            guard known.contains(name) else {
                let words = known.isEmpty ? "this address takes none" : "known are \(known.joined(separator: ", "))"
                throw Problem(.badRequest, "the parameter \"\(name)\" is unknown; \(words)")
            }
            guard value.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
                throw Problem(.badRequest, "the parameter \"\(name)\" has a control character in it; take it out")
            }
            guard values.updateValue(String(value), forKey: name) == nil else {
                throw Problem(.badRequest, "the parameter \"\(name)\" is given twice; give it once")
            }
        }
        // A form sends its empty fields too: empty is the same as left out.
        self.values = values.filter { !$0.value.isEmpty }
    }

    func text(_ name: String) -> String? { values[name] }

    /// - Throws: ``Problem`` when the value is no number within `bounds`.
    func number(_ name: String, in bounds: ClosedRange<Int>) throws -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), bounds.contains(number) else {
            let range = "\(bounds.lowerBound) to \(bounds.upperBound)"
            throw Problem(.badRequest, "\(name) is \"\(text)\"; a number from \(range) will do")
        }
        return number
    }

    /// - Throws: ``Problem`` when the value is neither `true` nor `false`.
    func truth(_ name: String) throws -> Bool {
        switch values[name] {
        case nil, "false"?: return false
        case "true"?: return true
        case let text?: throw Problem(.badRequest, "\(name) is \"\(text)\"; true or false will do")
        }
    }

    /// - Throws: ``Problem`` when the value is no moment.
    func moment(_ name: String) throws -> Timestamp? {
        guard let text = values[name] else { return nil }
        guard let moment = Timestamp(iso8601: text) else {
            throw Problem(.badRequest, "\(name) is \"\(text)\"; write a moment like 2026-11-23T03:00:00Z")
        }
        return moment
    }

    /// The wall clock of a zone.
    /// - Throws: ``Problem`` when the node knows no such zone: what one database has, another may lack.
    func clock(_ name: String) throws -> Schedule? {
        guard let text = values[name] else { return nil }
        do {
            return try Schedule(ScheduleDefinition(.manual, timezone: text), jobName: "")
        } catch {
            throw Problem(.conflict, "\(name): \(error.message)")
        }
    }

    /// - Throws: ``Problem`` when the value, parted by commas, names a state that does not exist.
    func states(_ name: String) throws -> Set<RunState> {
        var states: Set<RunState> = []
        for word in values[name, default: ""].split(separator: ",") {
            guard let state = RunState(rawValue: String(word)) else {
                let known = RunState.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem(.badRequest, "\(name) names \"\(word)\"; states are \(known)")
            }
            states.insert(state)
        }
        return states
    }

    /// The filter that `job`, `state`, `flow`, `from`, `before`, `after` and `limit` describe.
    func runFilter() throws -> RunFilter {
        var filter = RunFilter()
        filter.job = text("job")
        filter.states = try states("state")
        filter.flow = try number("flow", in: 1...Int.max).map { RunID(Int64($0)) }
        filter.from = try moment("from")
        filter.before = try moment("before")
        filter.after = try lastSeen().map { RunID($0) }
        filter.limit = try number("limit", in: 1...1000) ?? filter.limit
        return filter
    }

    /// The number that `after` names: the last one seen of a list whose newest stands first.
    func lastSeen() throws -> Int64? { try number("after", in: 1...Int.max).map { Int64($0) } }

    /// The filter that `job`, `kind`, `before`, `after` and `limit` describe.
    func eventFilter() throws -> EventFilter {
        var filter = EventFilter(job: text("job"))
        filter.kind = text("kind")
        filter.before = try number("before", in: 1...Int.max).map { Int64($0) }
        filter.after = try number("after", in: 0...Int.max).map { Int64($0) }
        filter.limit = try number("limit", in: 1...1000) ?? filter.limit
        return filter
    }

    static let eventParameters = ["job", "kind", "before", "after", "limit"]
    static let runParameters = ["job", "state", "flow", "from", "before", "after", "limit"]
}
