import Onebeat

/// A picture of who follows whom, of definitions alone.
package struct FlowDrawing: Sendable {
    private let graph: FlowGraph
    private let words: [String: String]
    private let roots: [String]

    /// - Parameters:
    ///   - definitions: all jobs that may be in the picture.
    ///   - job: only the flow that this job is part of; all flows when `nil`.
    /// - Throws: `DefinitionError` for a flow that cannot be.
    package init(_ definitions: [JobDefinition], around job: String? = nil) throws(DefinitionError) {
        let graph = try FlowGraph(definitions)
        var words: [String: String] = [:]
        for definition in definitions {
            let isUsual = definition.policies.triggerRule == JobPolicies().triggerRule
            words[definition.name] =
                definition.isFollower
                ? isUsual ? "" : definition.policies.triggerRule.rawValue
                : (try? Schedule(of: definition))?.words ?? ""
        }
        let top = job.map { graph.roots[$0] ?? $0 }
        roots = definitions.map(\.name).sorted().filter { name in
            graph.roots[name] == nil && (top.map { $0 == name } ?? !graph.children(of: name).isEmpty)
        }
        self.graph = graph
        self.words = words
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
