import Onebeat

/// A picture of who follows whom, of definitions alone.
package struct FlowDrawing: Sendable {
    /// What is drawn of a job.
    package struct Box: Codable, Sendable, Equatable {
        package var job: String
        /// Of a root its schedule, of a follower what is not usual about it.
        package var words: String
        /// The jobs that it follows.
        package var after: [String]

        init(_ definition: JobDefinition) {
            job = definition.name
            guard case .after(let parents) = definition.schedule.rhythm else {
                (words, after) = ((try? Schedule(of: definition))?.words ?? "", [])
                return
            }
            let rule = definition.policies.triggerRule
            let unusual = [
                rule == JobPolicies().triggerRule ? nil : rule.rawValue,
                definition.each.map { "for each of \($0.words)" },
            ]
            (words, after) = (unusual.compactMap(\.self).joined(separator: ", "), parents)
        }

        /// As much of a definition as a graph is drawn from.
        var definition: JobDefinition {
            JobDefinition(
                name: job, schedule: ScheduleDefinition(after.isEmpty ? .manual : .after(after)), work: .handler)
        }
    }

    private let graph: FlowGraph
    private let words: [String: String]
    private let roots: [String]

    /// - Parameters:
    ///   - definitions: all jobs that may be in the picture.
    ///   - job: only the flow that this job is part of; all flows when `nil`.
    /// - Throws: `DefinitionError` for a flow that cannot be.
    package init(_ definitions: [JobDefinition], around job: String? = nil) throws(DefinitionError) {
        try self.init(definitions.map(Box.init), around: job)
    }

    package init(_ boxes: [Box], around job: String? = nil) throws(DefinitionError) {
        let graph = try FlowGraph(boxes.map(\.definition))
        let top = job.map { graph.roots[$0] ?? $0 }
        roots = boxes.map(\.job).sorted().filter { name in
            graph.roots[name] == nil && (top.map { $0 == name } ?? !graph.children(of: name).isEmpty)
        }
        words = Dictionary(boxes.map { ($0.job, $0.words) }) { first, _ in first }
        self.graph = graph
    }

    /// The boxes of the jobs that are drawn.
    package static func boxes(
        _ definitions: [JobDefinition], around job: String? = nil
    ) throws(DefinitionError) -> [Box] {
        let boxes = definitions.map(Box.init)
        let drawn = Set(try FlowDrawing(boxes, around: job).jobs)
        return boxes.filter { drawn.contains($0.job) }
    }

    /// Whether there is nothing to draw.
    package var isEmpty: Bool { roots.isEmpty }

    /// A tree for people: each job once, below the first that it follows; where it is named again it says `↑`.
    package var tree: [String] {
        var lines: [String] = []
        var drawn: Set<String> = []
        for root in roots {
            lines.append(label(root))
            // Depth first by hand, since a chain may be longer than a stack is deep.
            var open: [(job: String, indent: String, isLast: Bool)] = Self.branches(graph.children(of: root), "")
            while let (job, indent, isLast) = open.popLast() {
                let isNew = drawn.insert(job).inserted
                let others = graph.parents(of: job).count - 1
                let also = isNew && others > 0 ? "  (and after \(others) other\(others == 1 ? "" : "s"))" : ""
                lines.append(indent + (isLast ? "└─ " : "├─ ") + (isNew ? label(job) + also : "\(job) ↑"))
                guard isNew else { continue }
                open += Self.branches(graph.children(of: job), indent + (isLast ? "   " : "│  "))
            }
        }
        return lines
    }

    /// For Mermaid, which Markdown pages draw.
    package var mermaid: [String] {
        ["graph LR"] + jobs.map { "  \(id($0))[\"\($0)\"]" } + edges.map { "  \(id($0.from)) --> \(id($0.to))" }
    }

    /// For Graphviz.
    package var dot: [String] {
        ["digraph flow {", "  rankdir=LR;"] + jobs.map { "  \(id($0)) [label=\"\($0)\"];" }
            + edges.map { "  \(id($0.from)) -> \(id($0.to));" } + ["}"]
    }

    private var jobs: [String] { roots.flatMap { [$0] + graph.followers(of: $0) } }

    private var edges: [(from: String, to: String)] {
        jobs.flatMap { job in graph.parents(of: job).map { (from: $0, to: job) } }
    }

    /// Names hold signs that neither language has in its own.
    private func id(_ job: String) -> String {
        "j"
            + job.utf8.map { byte in
                let isPlain = (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte)
                return isPlain ? String(Unicode.Scalar(byte)) : "_\(String(byte, radix: 16))_"
            }.joined()
    }

    private func label(_ job: String) -> String {
        let words = words[job] ?? ""
        return words.isEmpty ? job : "\(job)  \(words)"
    }

    private static func branches(
        _ jobs: [String], _ indent: String
    ) -> [(job: String, indent: String, isLast: Bool)] {
        jobs.enumerated().map { (job: $1, indent: indent, isLast: $0 == jobs.count - 1) }.reversed()
    }
}
