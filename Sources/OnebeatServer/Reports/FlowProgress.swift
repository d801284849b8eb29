import Onebeat

/// How the runs of a flow stand.
package struct FlowProgress: Sendable {
    /// The flow's number: that of the root's run.
    package let flow: RunID
    /// The runs, each after all that it follows.
    package let runs: [Run]
    private let parents: [RunID: [Run]]

    /// - Parameters:
    ///   - runs: all of the flow.
    ///   - waits: which of them follow which.
    package init(_ flow: RunID, runs: [Run], waits: [Wait]) {
        self.flow = flow
        self.runs = runs.sorted { $0.id < $1.id }
        let byID = Dictionary(runs.map { ($0.id, $0) }) { first, _ in first }
        var parents: [RunID: [Run]] = [:]
        for wait in waits { if let parent = byID[wait.parent] { parents[wait.run, default: []].append(parent) } }
        self.parents = parents
    }

    /// The runs that a run follows.
    package func parents(of run: Run) -> [Run] { parents[run.id] ?? [] }

    /// What a run still waits for, in words; nothing for one that does not wait.
    package func waitsFor(_ run: Run) -> String? {
        guard run.state == .waiting else { return nil }
        let open = parents(of: run).filter { !$0.state.isTerminal }
        return open.isEmpty ? nil : "waits for " + open.map(\.job).joined(separator: ", ")
    }

    /// The chain of runs that made the flow take as long as it did: from the one that ended last, up to the one that ended
    /// last of those it followed, and so on. Empty while a run is open.
    package var criticalPath: [Run] {
        guard runs.allSatisfy(\.state.isTerminal) else { return [] }
        func ended(_ run: Run) -> Timestamp { run.finishedAt ?? .distantPast }
        var path: [Run] = []
        var next = runs.filter { $0.startedAt != nil }.max { ended($0) < ended($1) }
        while let run = next {
            path.insert(run, at: 0)
            next = parents(of: run).filter { $0.startedAt != nil }.max { ended($0) < ended($1) }
        }
        return path
    }

    /// From the start of the critical path to its end.
    package var length: Duration? {
        let path = criticalPath
        guard let start = path.first?.startedAt, let end = path.last?.finishedAt else { return nil }
        return end.duration(since: start)
    }
}
