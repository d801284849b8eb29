import Onebeat

/// How the runs of a flow stand.
package struct FlowProgress: Sendable {
    /// The flow's number: that of the root's run.
    package let flow: RunID
    /// The runs, each after all that it follows.
    package let runs: [Run]
    /// What somebody said that runs count as.
    package let marks: [RunID: RunMark]
    private let parents: [RunID: [Run]]
    /// The runs of a list's elements, by what stands for the whole of them.
    private let elements: [RunID: [Run]]
    /// Of a longer list, a table shows only those elements that say something.
    private static let fewElements = 20

    /// - Parameters:
    ///   - runs: all of the flow.
    ///   - waits: which of them follow which.
    ///   - marks: what somebody said that they count as.
    package init(_ flow: RunID, runs: [Run], waits: [Wait], marks: [RunID: RunMark] = [:]) {
        self.flow = flow
        self.marks = marks
        self.runs = runs.sorted { $0.id < $1.id }
        let byID = Dictionary(runs.map { ($0.id, $0) }) { first, _ in first }
        var parents: [RunID: [Run]] = [:]
        for wait in waits { if let parent = byID[wait.parent] { parents[wait.run, default: []].append(parent) } }
        self.parents = parents
        elements = parents.compactMapValues { $0.first?.element == nil ? nil : $0 }.filter { whole, runs in
            byID[whole]?.job == runs.first?.job
        }
    }

    /// The flow that a resource tells of.
    package init(_ resource: FlowResource) {
        self.init(
            RunID(resource.flow), runs: resource.runs.map { Run($0.run) },
            waits: resource.runs.flatMap { member in
                member.follows.map { Wait(parent: RunID($0), run: RunID(member.run.id)) }
            },
            marks: Dictionary(
                resource.runs.compactMap { member -> (RunID, RunMark)? in
                    guard let mark = member.run.mark, let state = RunMark.State(rawValue: mark.state) else {
                        return nil
                    }
                    return (RunID(member.run.id), RunMark(state, because: mark.because, by: mark.by, at: mark.at))
                }
            ) { first, _ in first })
    }

    /// The runs of a run's elements; none for one that stands for none.
    package func elements(of run: Run) -> [Run] { elements[run.id] ?? [] }

    /// The runs without those of elements, and which of them follow which.
    package var gathered: (runs: [Run], parents: (Run) -> [Run]) {
        (runs.filter { $0.element == nil }, { run in elements(of: run).first.map(parents) ?? parents(of: run) })
    }

    /// The runs for a table: of a long list those elements that are under way or did not succeed, up to a number.
    package var shown: [Run] {
        var hidden: Set<RunID> = []
        for list in elements.values where list.count > Self.fewElements {
            let telling = list.filter { ![.scheduled, .succeeded].contains($0.state) }.prefix(Self.fewElements)
            hidden.formUnion(Set(list.map(\.id)).subtracting(telling.map(\.id)))
        }
        return runs.filter { !hidden.contains($0.id) }
    }

    /// The runs that a run follows.
    package func parents(of run: Run) -> [Run] { parents[run.id] ?? [] }

    /// What a run still waits for, in words; nothing for one that does not wait.
    package func waitsFor(_ run: Run) -> String? {
        guard run.state == .waiting else { return nil }
        let open = parents(of: run).filter { !$0.state.isTerminal }
        if !elements(of: run).isEmpty { return "waits for \(open.count) of \(elements(of: run).count) elements" }
        return open.isEmpty ? nil : "waits for " + open.map(\.job).joined(separator: ", ")
    }

    /// The chain of runs that made the flow take as long as it did: from the one that ended last, up to the one that ended
    /// last of those it followed, and so on. Empty while a run is open.
    package var criticalPath: [Run] {
        guard runs.allSatisfy(\.state.isTerminal) else { return [] }
        func ended(_ run: Run) -> Timestamp { run.finishedAt ?? .distantPast }
        var path: [Run] = []
        var next = runs.filter { $0.startedAt != nil }.max { ended($0) < ended($1) }
        // No longer than there are runs: what a node tells of who follows whom is taken as it comes.
        for _ in runs {
            guard let run = next else { break }
            // The time of the whole is that of its elements.
            if elements(of: run).isEmpty { path.insert(run, at: 0) }
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
