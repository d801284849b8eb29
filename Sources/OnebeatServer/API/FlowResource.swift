/// A flow as JSON: its runs, each after all that it follows, and which way through it took longest.
package struct FlowResource: Codable, Sendable {
    package struct Member: Codable, Sendable {
        package var run: RunResource
        /// The runs that it follows.
        package var follows: [Int64]
    }

    package var flow: Int64
    package var runs: [Member]
    package var criticalPath: [String]
    package var duration: Double?

    package init(_ progress: FlowProgress) {
        flow = progress.flow.value
        runs = progress.runs.map { run in
            Member(
                run: RunResource(run, mark: progress.marks[run.id]),
                follows: progress.parents(of: run).map(\.id.value))
        }
        criticalPath = progress.criticalPath.map(\.label)
        duration = progress.length?.inSeconds
    }
}
