// Flow: jobs that follow others. A flow is a job with a schedule, or one that is run by hand, and all that follows it. When
// its root is planned or triggered, a run of each follower is inserted in the same transaction, as `waiting`; the end of a
// run lets those go that follow it, in the transaction that ends it (`Move/`). This folder holds the graph, drawn from
// definitions, and the rules by which a follower starts; the rows of runs and of what each waits for are authoritative for
// a flow under way, so that edits change only flows to come.

/// Who follows whom, checked.
package struct FlowGraph: Sendable {
    /// The jobs that each follower follows.
    private var parents: [String: [String]] = [:]
    private var children: [String: [String]] = [:]
    /// The root of each follower.
    package private(set) var roots: [String: String] = [:]

    /// Draws the graph.
    /// - Parameters:
    ///   - definitions: all followers, and at least the roots among the others.
    ///   - isKnown: whether a job of that name is in force beside them.
    /// - Throws: ``DefinitionError`` for the first follower, by name, that cannot be.
    package init(
        _ definitions: some Sequence<JobDefinition>, isKnown: (String) -> Bool = { _ in false }
    ) throws(DefinitionError) {
        var names: Set<String> = []
        for definition in definitions {
            names.insert(definition.name)
            guard case .after(let jobs) = definition.schedule.rhythm else { continue }
            parents[definition.name] = jobs
            for job in jobs { children[job, default: []].append(definition.name) }
        }
        for (follower, jobs) in parents.sorted(by: { $0.key < $1.key }) {
            for job in jobs where !names.contains(job) && !isKnown(job) {
                throw DefinitionError(
                    job: follower, key: "after",
                    problem: "there is no job \"\(job)\"\(Self.suggestion(for: job, among: names))")
            }
        }
        try findRoots()
    }

    /// The followers of a root, each after all that it follows.
    package func followers(of root: String) -> [String] {
        var open: [String: Int] = [:]
        for (follower, of) in roots where of == root { open[follower] = parents[follower]?.count ?? 0 }
        var order: [String] = []
        var ready = [root]
        while let job = ready.popLast() {
            if job != root { order.append(job) }
            for child in (children[job] ?? []).sorted(by: >) {
                guard let left = open[child] else { continue }
                open[child] = left - 1
                if left == 1 { ready.append(child) }
            }
        }
        return order
    }

    /// The jobs that a follower follows.
    package func parents(of follower: String) -> [String] { parents[follower] ?? [] }

    /// The jobs that follow this one.
    package func children(of job: String) -> [String] { (children[job] ?? []).sorted() }

    /// Goes down from the jobs that follow none: what it does not reach is part of a circle, or below one.
    private mutating func findRoots() throws(DefinitionError) {
        var open = parents.mapValues(\.count)
        var ready = children.keys.filter { parents[$0] == nil }.sorted(by: >)
        while let job = ready.popLast() {
            for child in (children[job] ?? []).sorted(by: >) {
                let root = roots[job] ?? job
                if let other = roots[child], other != root { throw twoSchedules(child, other, root) }
                roots[child] = root
                open[child, default: 0] -= 1
                if open[child] == 0 { ready.append(child) }
            }
        }
        if let left = open.filter({ $0.value > 0 }).keys.min() { throw circle(above: left, among: open) }
    }

    private func twoSchedules(_ follower: String, _ first: String, _ second: String) -> DefinitionError {
        let ways = [first, second].sorted().map { Self.draw(path(from: $0, to: follower)) }
        return DefinitionError(
            job: follower, key: "after",
            problem: "it follows two schedules: \(ways[0]) and \(ways[1]). All that a job follows must lead to"
                + " one job that has a schedule or is run by hand")
    }

    /// Goes up from a job that was not reached until it comes by a job again.
    private func circle(above job: String, among open: [String: Int]) -> DefinitionError {
        var path = [job]
        var places = [job: 0]
        while let last = path.last, let next = parents[last]?.filter({ open[$0] ?? 0 > 0 }).min() {
            path.append(next)
            if let place = places[next] {
                let circle = path[place...].reversed()
                return DefinitionError(
                    job: next, key: "after",
                    problem: "the jobs follow each other in a circle: \(Self.draw(Array(circle)))."
                        + " Take one of them out of it")
            }
            places[next] = path.count - 1
        }
        return DefinitionError(job: job, key: "after", problem: "what it follows is part of a circle")
    }

    /// A way down, of which there is one.
    private func path(from top: String, to bottom: String) -> [String] {
        var below: [String: String] = [:]
        var open = [bottom][...]
        while let job = open.popFirst(), job != top {
            for parent in parents[job] ?? [] where below[parent] == nil && parent != bottom {
                below[parent] = job
                open.append(parent)
            }
        }
        var path = [top]
        while let last = path.last, last != bottom, let next = below[last] { path.append(next) }
        return path
    }

    private static func draw(_ path: [String]) -> String { path.joined(separator: " → ") }

    private static func suggestion(for name: String, among names: Set<String>) -> String {
        let near = names.filter { $0.lowercased() == name.lowercased() || $0.hasPrefix(name) || name.hasPrefix($0) }
        return near.min().map { "; did you mean \"\($0)\"?" } ?? "; name one that is defined"
    }
}
