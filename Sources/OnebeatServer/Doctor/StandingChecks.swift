import Onebeat

/// What the doctor says of what a store holds, whichever store it is.
package enum StandingChecks {
    package static func findings(_ store: any Store) async throws -> [Finding] {
        try await [onNodes(store), onWaiting(store)] + onStandby(store) + onTime(store)
    }

    /// Whether what is due is left to another scheduler.
    package static func onStandby(_ store: any Store) async throws -> [Finding] {
        switch try await store.standby() {
        case .over, nil: return []
        case .observing: return [.ok("standby", "it observes: what falls due is written down, and nothing is started")]
        case .handingOver(let start):
            return [
                .warn(
                    "standby", "its work has been handed over since \(start.words): what falls due waits",
                    "a take-over that does not come to its end is called again: `onebeat take-over --celery`")
            ]
        }
    }

    /// Who is up.
    package static func onNodes(_ store: any Store) async throws -> Finding {
        let now = try await store.now()
        let living = try await store.nodes(limit: 100).filter { $0.standing(at: now) == "alive" }
        if living.isEmpty { return .warn("nodes", "none is up; nothing runs until one is", "start one: `onebeat up`") }
        let names = living.map { $0.isLeader ? "\($0.id.name) (leads)" : $0.id.name }.joined(separator: ", ")
        guard living.contains(where: \.isLeader) else {
            return .warn("nodes", "\(names) up, and none leads", "look again in some seconds, then at their logs")
        }
        return .ok("nodes", "\(names) up")
    }

    /// Whether something waits that no living node serves.
    package static func onWaiting(_ store: any Store) async throws -> Finding {
        let now = try await store.now()
        let nodes = try await store.nodes(limit: 1000)
        let unclaimed = try await store.unclaimed(for: .seconds(10), limit: 100)
        let unserved = unclaimed.compactMap { runs in
            Unserved(queue: runs.queue, need: runs.need, among: nodes, at: now).map { (runs, $0) }
        }
        guard let (runs, first) = unserved.first else { return .ok("waiting", "nothing waits that no node serves") }
        let count = unserved.reduce(0) { $0 + $1.0.count }
        return .warn("waiting", "\(count) due, of job \(runs.job) among them, and nobody starts them", first.sentence)
    }

    /// What clocks that step leave.
    package static func onTime(_ store: any Store) async throws -> [Finding] {
        var findings: [Finding] = []
        if let deviation = store.clock.deviation, deviation != .zero {
            findings.append(
                .fail(
                    "clock",
                    "the store's clock is \(Duration.seconds(deviation.inSeconds.rounded()).text) off, by its nodes",
                    "let NTP set it; the nodes go on by uptime, and follow a clock that stays where it is"))
        }
        var filter = JobFilter()
        filter.plannedBeyond = try await store.now() + JobRecord.farthest
        let ahead = try await store.jobs(filter)
        if let job = ahead.first {
            findings.append(
                .warn(
                    "planning",
                    "\(ahead.count == 1 ? "" : "\(ahead.count) jobs, such as ")\(job.aheadWords)",
                    "the leader sets that right within half a minute"))
        }
        return findings
    }

    /// How a file stands to what is in force.
    package static func onDefinitions(_ store: any Store, _ request: ApplyRequest) async throws -> Finding {
        let history = try await store.history(of: request.source)
        let diff = try PlanDiff(of: request, against: try await store.jobs(), at: try await store.now())
        if !diff.isEmpty, let why = request.revision.flatMap(history.objection) {
            return .warn(
                "jobs", "\(why); a node that starts with this file works with those",
                "bring the newer file here, or go back to this one with `onebeat apply --force`")
        }
        let kept = diff.changes.filter { $0.kind == .kept }.map(\.job)
        if let first = kept.first {
            let more = kept.count > 1 ? " and \(kept.count - 1) more" : ""
            return .warn(
                "jobs", "\(first)\(more) of this source go on, though the file does not hold them",
                "`onebeat apply --complete` removes them")
        }
        return .ok("jobs", diff.isEmpty ? "as the file has them" : "the file has changes; `onebeat plan` shows them")
    }
}
