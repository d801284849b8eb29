/// A job that follows others, ready to have a run planned with its root's.
public struct Follower: Sendable, Equatable {
    /// The definition that the run follows.
    public var version: JobVersion
    /// Its queue.
    public var queue: String
    /// Its priority.
    public var priority: Int
    /// What a process must be able to do for it.
    public var need: String
    /// The jobs it follows: the root, or followers before this one.
    public var parents: [String]
}

extension Follower {
    package init(_ record: JobRecord, after parents: [String]) {
        self.init(
            version: record.versionID, queue: record.definition.policies.queue,
            priority: record.definition.policies.priority, need: record.definition.need, parents: parents)
    }

    /// The followers of a root, each after all that it follows.
    /// - Parameter records: those that the store keeps as the root's.
    package static func all(of root: String, among records: [JobRecord]) throws(DefinitionError) -> [Follower] {
        let graph = try FlowGraph(records.map(\.definition)) { $0 == root }
        var byName: [String: JobRecord] = [:]
        for record in records { byName[record.name] = record }
        return graph.followers(of: root).compactMap { name in
            byName[name].map { Follower($0, after: graph.parents(of: name)) }
        }
    }
}
