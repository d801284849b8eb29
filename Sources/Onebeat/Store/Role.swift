/// What somebody may do on the web. Each role may do what those before it may.
public enum Role: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Reads everything.
    case viewer
    /// Runs, pauses, resumes, cancels and retries the jobs of its scope.
    case `operator`
    /// Whatever there is.
    case admin

    /// The weaker role first.
    public static func < (a: Role, b: Role) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .admin: 2
        }
    }
}

/// The jobs that somebody may act on: those whose names fit one of its patterns, in which `*` stands for any text; without
/// patterns all. It limits what may be done, and not what may be read.
public struct JobScope: Sendable, Hashable {
    /// How many patterns a scope may have.
    public static let mostPatterns = 50

    /// The patterns, as they were given.
    public let patterns: [String]

    /// All jobs.
    public static let all = JobScope(unchecked: [])

    /// Reads patterns.
    /// - Throws: ``ScopeError`` for what cannot be part of a job's name.
    public init(_ patterns: [String]) throws(ScopeError) {
        guard patterns.count <= Self.mostPatterns else {
            throw ScopeError("there are \(patterns.count) patterns; \(Self.mostPatterns) will do")
        }
        for pattern in patterns {
            if let scalar = pattern.controlCharacter() {
                throw ScopeError("a pattern has the control character \(scalar) in it; a job's name has none")
            }
            guard (1...200).contains(pattern.utf8.count) else {
                throw ScopeError("a pattern has \(pattern.utf8.count) bytes; 1 to 200 will do")
            }
        }
        self.init(unchecked: patterns)
    }

    /// As stores keep it: a pattern a line.
    package var text: String { patterns.joined(separator: "\n") }

    /// What a store kept; `nil` for what is no scope.
    package init?(stored text: String) {
        guard let scope = try? JobScope(text.split(separator: "\n").map(String.init)) else { return nil }
        self = scope
    }

    private init(unchecked patterns: [String]) { self.patterns = patterns.map(\.composed) }

    /// Whether a job is among them.
    public func covers(_ job: String) -> Bool {
        patterns.isEmpty
            || patterns.contains { Self.fits(Array(job.composed.unicodeScalars), Array($0.unicodeScalars)) }
    }

    /// Goes back to the newest star only: no pattern takes longer than its length times the name's.
    private static func fits(_ name: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
        var (place, at) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while place < name.count {
            if at < pattern.count, pattern[at] == "*" {
                star = (at, place)
                at += 1
            } else if at < pattern.count, pattern[at] == name[place] {
                place += 1
                at += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                (at, place) = (last.pattern + 1, last.name + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == "*" }
    }
}

/// Patterns that no job's name could fit.
public struct ScopeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was wrong and what would do.
    public let description: String

    init(_ description: String) { self.description = description }
}
