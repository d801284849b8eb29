/// What a process can do of the work that jobs ask for. It claims no other runs: those stay due for whoever can.
public enum Abilities: Sendable, Hashable {
    /// Whatever there is.
    case everything
    /// Work that needs one of these; see ``JobDefinition/need``.
    case only(Set<String>)

    /// Whether work that needs this can be done.
    public func cover(_ need: String) -> Bool {
        switch self {
        case .everything: true
        case .only(let words): words.contains(need)
        }
    }

    /// Those of them that are done by somebody else's workers, or those that are not.
    package func remote(_ isRemote: Bool) -> Abilities {
        switch self {
        case .everything: isRemote ? .only([Work.celeryKind]) : .everything
        case .only(let words): .only(words.filter { ($0 == Work.celeryKind) == isRemote })
        }
    }

    /// The words in their order; `nil` for everything.
    package var words: [String]? {
        switch self {
        case .everything: nil
        case .only(let words): words.sorted()
        }
    }

    /// From words as they were kept.
    package init(words: [String]?) { self = words.map { .only(Set($0)) } ?? .everything }
}

extension JobDefinition {
    /// What a process must be able to do for this job: the kind of its work, such as `run`, and for a closure the closure
    /// itself, `handler:NAME`.
    public var need: String {
        switch work {
        case .handler: Self.need(ofHandler: name)
        case .shell, .command, .http, .alert, .celery, .signal, .unknown: work.kind
        }
    }

    /// What the closure of a job needs.
    public static func need(ofHandler job: String) -> String { "handler:\(job)" }
}
