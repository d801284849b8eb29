/// One state of all that a source defines. Which of two is the newer is ``SourceHistory``'s to say.
public struct SourceRevision: Sendable, Hashable {
    /// The number that the source gives it, the higher the newer; 0 where it gives none.
    public var number: Int64
    /// Tells these definitions from others.
    public var digest: String

    /// Names a state that a store has kept.
    public init(number: Int64, digest: String) {
        self.number = number
        self.digest = digest
    }

    /// Names the state in which a source defines these jobs. Their order says nothing.
    public init(_ number: Int64 = 0, of definitions: [JobDefinition]) throws {
        let texts = try definitions.sorted { $0.name < $1.name }.map(DefinitionText.encode)
        let text = texts.joined(separator: "\n")
        let words = [UInt8(1), 2].map { String(StableHash.of(text, salt: $0), radix: 16) }
        self.init(number: number, digest: words.joined(separator: "-"))
    }
}

/// What a source has applied until now, as far as a store remembers.
public struct SourceHistory: Sendable, Equatable {
    /// The source's name.
    public var source: String
    /// What is in force; `nil` when the source never applied a revision.
    public var current: SourceRevision?
    /// Who applied that.
    public var actor = ""
    /// When.
    public var appliedAt = Timestamp.distantPast
    /// What was in force before, the newest ``length`` of them.
    public var replaced: Set<SourceRevision> = []

    /// How many replaced revisions are remembered.
    public static let length = 100

    /// The history of a source, from what it applied, the newest first.
    public init(of source: String, _ applied: [(revision: SourceRevision, actor: String, at: Timestamp)] = []) {
        self.source = source
        guard let newest = applied.first else { return }
        (current, actor, appliedAt) = newest
        replaced = Set(applied.dropFirst().map(\.revision))
    }

    /// Why `revision` is older than what is in force; `nil` when it is not.
    ///
    /// The number decides, and among equal numbers what was there before: in a rolling deploy each node brings its own file
    /// when it starts, and one that still has the old file brings what was replaced. Whoever means to go back says so.
    public func objection(to revision: SourceRevision) -> String? {
        guard let current, revision != current else { return nil }
        let inForce = "what \(actor) applied at \(appliedAt.words)"
        if revision.number < current.number {
            return
                "revision \(revision.number) of source \"\(source)\" is older than revision \(current.number), \(inForce)"
        }
        guard replaced.contains(revision) else { return nil }
        return "these definitions of source \"\(source)\" are older than \(inForce): they were replaced before"
    }
}

extension SourceHistory {
    /// What becomes of a revision that is brought.
    package enum Verdict: Sendable, Equatable {
        /// It is in force from now on.
        case record
        /// It says nothing that is not in force.
        case keep
        /// It is older than what is in force, and would change that.
        case refuse(StoreError)
    }

    /// The rule.
    /// - Parameter changesJobs: whether a job would be added, changed or removed. What changes nothing is never refused:
    ///   an old node that starts beside newer ones is as it should be.
    package func decide(_ revision: SourceRevision, changesJobs: Bool, isForced: Bool) -> Verdict {
        if revision == current { return .keep }
        if let why = objection(to: revision), !isForced {
            return changesJobs ? .refuse(.outdated(why, current)) : .keep
        }
        return .record
    }
}

extension StoreError {
    /// A revision that was replaced.
    fileprivate static func outdated(_ why: String, _ current: SourceRevision?) -> StoreError {
        .outdated(
            "\(why); nothing was changed. To go back to it, give it revision \((current?.number ?? 0) + 1) or apply its"
                + " file with `onebeat apply --force`")
    }
}
