/// That a job which follows others runs once for each element of a list that one of them hands on.
public struct Each: Sendable, Hashable {
    /// How many elements a list may have.
    public static let mostElements = 1000
    /// How deep in a value a list may lie.
    package static let mostKeys = 32
    /// Under which name an element is given to its run, beside the values of the jobs it follows.
    package static let parent = "each"

    /// The job that hands the list on, one of those that are followed.
    public var job: String
    /// Where in its value the list is: keys, and places in lists from 0. Empty where the value is the list.
    public var path: [String]

    /// Names a list.
    public init(in job: String, at path: [String] = []) {
        self.job = job
        self.path = path
    }

    /// As a configuration writes it, such as `extract.countries`.
    package var words: String { ([job] + path).joined(separator: ".") }

    /// The list in what the job handed on.
    /// - Throws: ``EachError``, in words.
    package func list(in handedOn: RunValue?) throws(EachError) -> [JSONValue] {
        guard let value = handedOn?.value else {
            throw EachError("\(job) handed on nothing, and \(words) is to be its list")
        }
        let found: JSONValue
        do {
            found = try value.value(at: path)
        } catch {
            throw EachError("each \(words): there is no \"\(error.key)\" in what \(job) handed on")
        }
        guard case .array(let elements) = found else { throw EachError("each \(words): it is no list") }
        guard elements.count <= Self.mostElements else {
            throw EachError(
                "each \(words): it has \(elements.count) elements, and \(Self.mostElements) at most will do;"
                    + " hand on fewer, larger pieces")
        }
        return elements
    }

    /// On a run of the job that is for none of its elements.
    package func loneWords(for job: String) -> String {
        "\(job) runs once for each element of \(words), and this run has none; run the job that its flow begins with,"
            + " or one of its runs again"
    }

    /// - Throws: ``DefinitionError`` for what a job cannot do for each element of a list.
    func validate(_ definition: JobDefinition) throws(DefinitionError) {
        func require(_ holds: Bool, _ problem: String) throws(DefinitionError) {
            if !holds { throw DefinitionError(job: definition.name, key: "each", problem: problem) }
        }
        guard case .after(let parents) = definition.schedule.rhythm else {
            throw DefinitionError(
                job: definition.name, key: "each",
                problem: "takes a list of a job that this one follows; name that job under after")
        }
        try require(
            parents.contains(job), "\(job) is not among those that it follows: \(parents.joined(separator: ", "))")
        try require(!parents.contains(Self.parent), "a job named \(Self.parent) cannot be followed beside it")
        try require(path.count <= Self.mostKeys, "a list may lie \(Self.mostKeys) keys deep")
        try require(
            definition.policies.overlap != .cancel,
            "elements would cancel one another by overlap: cancel; limit says how many run at a time")
        switch definition.policies.triggerRule {
        case .allSuccess, .allDone, .oneSuccess, .noneFailed: break
        case .oneFailed, .allFailed:
            try require(
                false,
                "the trigger_rule also says by which ends of its elements it has succeeded, and"
                    + " \(definition.policies.triggerRule.rawValue) cannot say that")
        }
        switch definition.work {
        case .alert: try require(false, "an alert has no elements")
        case .signal: try require(false, "a job that runs elsewhere has no elements")
        case .shell, .command, .http, .handler, .celery, .unknown: break
        }
    }

    /// What the run of one element is given under ``parent``.
    package func input(of element: Int, from handedOn: RunValue?) throws -> RunValue {
        let elements = try list(in: handedOn)
        guard elements.indices.contains(element) else {
            throw EachError("each \(words): it has no element \(element) any more")
        }
        return try RunValue(JSONValue.object(["index": .int(Int64(element)), "value": elements[element]]))
    }
}

/// Why there is no list to run a job for.
package struct EachError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

extension JSONValue {
    /// A key of a path that leads nowhere.
    package struct MissingKey: Error, Equatable {
        package let key: String
    }

    /// What lies at a path of keys, and of places in lists from 0.
    package func value(at path: some Sequence<String>) throws(MissingKey) -> JSONValue {
        var value = self
        for key in path {
            let next: JSONValue? =
                switch value {
                case .object(let members): members[key]
                case .array(let elements): Int(key).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
                case .null, .bool, .int, .large, .number, .string: nil
                }
            guard let next else { throw MissingKey(key: key) }
            value = next
        }
        return value
    }
}
