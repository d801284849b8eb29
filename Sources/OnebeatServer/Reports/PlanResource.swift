import Onebeat

/// What applying a file would change, as JSON.
package struct PlanResource: Codable, Sendable, Equatable {
    package struct Change: Codable, Sendable, Equatable {
        package var job: String
        package var change: PlanDiff.JobChange.Kind
        package var schedule: String
        package var keys: [PlanDiff.KeyChange]
        package var nextBefore: [String]
        package var nextAfter: [String]
        /// What starts it where no clock does.
        package var startBefore: String?
        package var startAfter: String?
        package var followers: [String]
        package var owner: String?
    }

    package var source: String
    package var changes: [Change]
    package var unchanged: Int
    package var warnings: [String]
    /// Why it would be refused, and what would do; left out where it would not be.
    package var refusal: String?

    /// - Parameters:
    ///   - history: what the source has applied until now.
    ///   - warnings: what is probably not meant.
    package init(_ diff: PlanDiff, of request: ApplyRequest, after history: SourceHistory, warnings: [String]) {
        source = request.source
        changes = diff.changes.map { change in
            Change(
                job: change.job, change: change.kind, schedule: change.schedule, keys: change.keys,
                nextBefore: change.firesBefore, nextAfter: change.firesAfter, startBefore: change.startBefore,
                startAfter: change.startAfter, followers: change.followers, owner: change.owner)
        }
        unchanged = diff.unchanged
        self.warnings = warnings
        if diff.isRefused {
            let names = diff.changes.filter { $0.kind == .conflict }.map(\.job).joined(separator: ", ")
            refusal = "another source defines \(names); rename one of the two, or remove the job there"
        } else if !diff.isEmpty, let why = request.revision.flatMap(history.objection) {
            refusal = "\(why). To go back to it, `onebeat apply --force`"
        }
    }

    /// Whether applying changes nothing.
    package var isEmpty: Bool { changes.allSatisfy { $0.change == .kept } }

    /// The same as a value that is shown.
    package var diff: PlanDiff {
        PlanDiff(
            changes.map { change in
                PlanDiff.JobChange(
                    kind: change.change, job: change.job, schedule: change.schedule, keys: change.keys,
                    firesBefore: change.nextBefore, firesAfter: change.nextAfter, startBefore: change.startBefore,
                    startAfter: change.startAfter, followers: change.followers, owner: change.owner)
            }, unchanged: unchanged)
    }
}

/// What applying a file changed, as JSON.
package struct ApplyResource: Codable, Sendable {
    package var source: String
    package var added: [String]
    package var changed: [String]
    package var removed: [String]
    package var unchanged: [String]
    /// Jobs that go on, though the file does not hold them.
    package var kept: [String]
    package var warnings: [FileProblem]

    package init(_ changes: [JobChange], of source: String, warnings: [ConfigurationProblem]) {
        func names(_ kind: JobChange.Kind) -> [String] { changes.filter { $0.kind == kind }.map(\.job).sorted() }
        self.source = source
        (added, changed, removed) = (names(.added), names(.changed), names(.removed))
        (unchanged, kept) = (names(.unchanged), names(.kept))
        self.warnings = warnings.map(FileProblem.init)
    }

    /// `2 added, 1 changed, 12 unchanged`.
    package var summary: String {
        let counts = [
            (added, JobChange.Kind.added), (changed, .changed), (removed, .removed), (unchanged, .unchanged),
            (kept, .kept),
        ].compactMap { names, kind in names.isEmpty ? nil : "\(names.count) \(kind.rawValue)" }
        return counts.isEmpty ? "no jobs" : counts.joined(separator: ", ")
    }
}

/// What is in force of a source, as JSON.
package struct SourceResource: Codable, Sendable, Edited {
    package var source: String
    /// How many jobs it has.
    package var jobs: Int
    /// The number of what it applied last, and what tells that from other definitions; left out where it applied nothing that
    /// has a revision.
    package var revision: Int64?
    package var digest: String?
    package var by: String?
    package var appliedAt: Timestamp?

    package init(_ history: SourceHistory, jobs: Int) {
        source = history.source
        self.jobs = jobs
        guard let current = history.current else { return }
        (revision, digest) = (current.number, current.digest)
        (by, appliedAt) = (history.actor, history.appliedAt)
    }

    var editState: String { revision.map { "\($0).\(digest ?? "")" } ?? "none" }
}
