/// What a change of definitions does to flows.
package struct FlowChange: Sendable, Equatable {
    /// The new root of each follower whose root is another one than before; `nil` for a job that follows none any more.
    package private(set) var roots: [String: String?] = [:]
    /// Roots whose flow is another one than before.
    package private(set) var touched: Set<String> = []
    /// All followers, each after all that it follows, by their root.
    package private(set) var followers: [String: [String]] = [:]
    /// The jobs that each follower follows.
    package private(set) var parents: [String: [String]] = [:]

    /// - Parameters:
    ///   - definitions: all followers in force after the change.
    ///   - before: the root of each follower before it.
    ///   - changed: the names of all jobs that are added, changed or removed.
    ///   - isKnown: whether a job of that name is in force after it.
    /// - Throws: ``DefinitionError`` for a flow that cannot be.
    package init(
        _ definitions: [JobDefinition], before: [String: String], changed: Set<String>, isKnown: (String) -> Bool
    ) throws(DefinitionError) {
        let graph = try FlowGraph(definitions, isKnown: isKnown)
        for name in Set(before.keys).union(graph.roots.keys) {
            let (old, new) = (before[name], graph.roots[name])
            if old != new { roots[name] = .some(new) }
            guard old != new || changed.contains(name) else { continue }
            touched.formUnion([old, new].compactMap(\.self))
        }
        for root in Set(graph.roots.values) { followers[root] = graph.followers(of: root) }
        for name in graph.roots.keys { parents[name] = graph.parents(of: name) }
    }

    /// The followers of a root, ready to have runs planned with its own.
    /// - Parameter records: all followers in force after the change, by name.
    package func followers(of root: String, among records: [String: JobRecord]) -> [Follower] {
        (followers[root] ?? []).compactMap { name in
            records[name].map { Follower($0, after: parents[name] ?? []) }
        }
    }
}
