/// A run of a flow, with what its start is decided by and which runs it follows.
package struct FlowRun: Sendable, Equatable {
    package struct Parent: Sendable, Equatable {
        package var id: RunID
        package var end: ParentEnd

        package init(id: RunID, end: ParentEnd) {
            self.id = id
            self.end = end
        }
    }

    package var run: Run
    package var policies: JobPolicies
    package var parents: [Parent]

    package init(run: Run, policies: JobPolicies, parents: [Parent]) {
        self.run = run
        self.policies = policies
        self.parents = parents
    }

    /// Runs as they were before any was spread over the elements of its list: those of elements go, but for the first, and
    /// what stands for the whole of them follows what they followed.
    /// - Parameter parents: what elements follow, by their runs.
    package static func gathered(_ runs: [FlowRun], parents: [RunID: [Parent]]) -> [FlowRun] {
        runs.enumerated().filter { $0 == 0 || $1.run.element == nil }.map { _, run in
            guard let element = run.parents.first(where: { $0.end.isElement(of: run.run) }) else { return run }
            var whole = run
            whole.parents = parents[element.id] ?? []
            return whole
        }
    }
}

/// A run to be made by hand in place of one that has ended, for the same due instant.
package struct Rerun: Sendable, Equatable {
    /// The one it is made for.
    package var old: RunID
    /// The definition it follows.
    package var version: JobVersion
    package var queue: String
    package var priority: Int
    package var need: String
    package var scheduledAt: Timestamp
    /// The element of a list that it is for.
    package var element: Int?
    /// Whether it is decided on at once whether it is spread over the elements of a list.
    package var isWhole: Bool
    /// The runs it follows: those made in the same move are named by the ones they are made for.
    package var parents: [RunID]

    /// One by the definition in force, and where its job is removed by the one it had.
    package init(of run: FlowRun, by record: JobRecord?) {
        old = run.run.id
        version = record?.versionID ?? run.run.version
        queue = record?.definition.policies.queue ?? run.run.queue
        priority = record?.definition.policies.priority ?? run.run.priority
        need = record?.definition.need ?? run.run.need
        scheduledAt = run.run.scheduledAt
        element = run.run.element
        isWhole = record?.definition.each != nil && run.run.element == nil
        parents = run.parents.map(\.id)
    }

    /// Those that what was marked lets run after all: of all runs below it that were skipped for what they follow, each whose
    /// rule can come true now, or once others of these have ended.
    /// - Parameter below: each after all that it follows; their parents' ends as they count now.
    package static func revived(_ below: [FlowRun]) -> [Rerun] {
        var revived: [Rerun] = []
        var open: Set<RunID> = []
        for follower in below where follower.run.state == .skipped {
            guard follower.run.reason == .upstream || follower.run.reason == .upstreamSkipped else { continue }
            let ends = follower.parents.map { parent in
                open.contains(parent.id) ? ParentEnd(job: parent.end.job, state: .waiting, reason: nil) : parent.end
            }
            guard follower.policies.triggerRule.decide(ParentTally(ends)) != .never else { continue }
            open.insert(follower.run.id)
            revived.append(Rerun(of: follower, by: nil))
        }
        return revived
    }
}
