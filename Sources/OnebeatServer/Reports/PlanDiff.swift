import Onebeat

/// What applying definitions would change in a store, and when the changed jobs fire before and after.
package struct PlanDiff: Sendable, Equatable {
    /// One key that differs; `nil` where it is not there.
    package struct KeyChange: Sendable, Equatable, Codable {
        /// As in YAML.
        package var key: String
        /// The value in force.
        package var before: String?
        /// The value to be.
        package var after: String?

        /// The difference in words. Of what may be a secret both are the same words.
        package var words: String {
            switch (before, after) {
            case (let before?, let after?) where before == after: "\(key): another value \(after)"
            case (let before?, let after?): "\(key): \(before) → \(after)"
            case (nil, let after?): "\(key): \(after)  (new)"
            case (let before?, nil): "\(key): \(before)  (left out)"
            case (nil, nil): key
            }
        }

        /// Names a difference.
        package init(key: String, before: String?, after: String?) {
            self.key = key
            self.before = before
            self.after = after
        }
    }

    /// What would happen to one job.
    package struct JobChange: Sendable, Equatable {
        /// The kinds of change; a conflict is a name that another source defines, and is refused. A job that is kept
        /// goes on though its source does not name it any more.
        package enum Kind: String, Sendable, Codable { case added, changed, removed, kept, conflict }
        /// What would happen.
        package var kind: Kind
        /// The job's name.
        package var job: String
        /// The schedule in words, after the change.
        package var schedule: String
        /// The keys that differ, for a changed job.
        package var keys: [KeyChange] = []
        /// The next fires in force, on the wall clock of the definition in force.
        package var firesBefore: [String] = []
        /// The next fires after the change, likewise.
        package var firesAfter: [String] = []
        /// What starts it where no clock does, before and after the change.
        package var startBefore: String?
        package var startAfter: String?
        /// The jobs that follow it, after the change, directly or further down, by name.
        package var followers: [String] = []
        /// The source that owns the name, for a conflict.
        package var owner: String?
    }

    /// Added, changed, removed and kept jobs and conflicts, by name.
    package var changes: [JobChange] = []
    /// How many jobs stay as they are.
    package var unchanged = 0

    /// Whether applying changes nothing.
    package var isEmpty: Bool { changes.allSatisfy { $0.kind == .kept } }
    /// Whether applying would be refused.
    package var isRefused: Bool { changes.contains { $0.kind == .conflict } }

    /// A difference that somebody else worked out.
    init(_ changes: [JobChange], unchanged: Int) {
        self.changes = changes
        self.unchanged = unchanged
    }

    /// The difference between what a source would apply and the jobs in force.
    /// - Parameters:
    ///   - records: all jobs in force, those of other sources too.
    ///   - fires: how many next fires to work out for each change.
    /// - Throws: `ScheduleError` when a new schedule cannot be read on this machine.
    package init(
        of request: ApplyRequest, against records: [JobRecord], at now: Timestamp, fires: Int = 5,
        zones: ZoneFiles = .system
    ) throws(ScheduleError) {
        let definitions = request.definitions
        let source = request.source
        let stored = Dictionary(records.map { ($0.name, $0) }) { first, _ in first }
        let named = Set(definitions.map(\.name))
        for definition in definitions {
            let schedule = try Schedule(of: definition, zones: zones)
            let next = Self.fires(of: schedule, after: now, count: fires)
            guard let record = stored[definition.name] else {
                changes.append(
                    JobChange(
                        kind: .added, job: definition.name, schedule: definition.words(schedule), firesAfter: next))
                continue
            }
            var change = JobChange(
                kind: .changed, job: definition.name, schedule: definition.words(schedule), firesAfter: next)
            if record.source != source {
                change.kind = .conflict
                change.owner = record.source
                changes.append(change)
            } else if record.definition == definition {
                unchanged += 1
            } else {
                change.keys = Self.keys(from: record.definition, to: definition)
                change.firesBefore = Self.fires(of: record, after: now, count: fires, zones: zones)
                changes.append(change)
            }
        }
        for record in records where record.source == source && !named.contains(record.name) {
            let schedule = try? Schedule(of: record.definition, zones: zones)
            changes.append(
                JobChange(
                    kind: request.isComplete ? .removed : .kept, job: record.name,
                    schedule: schedule.map(record.definition.words) ?? "a schedule unknown here",
                    firesBefore: Self.fires(of: record, after: now, count: fires, zones: zones)))
        }
        let new = Dictionary(definitions.map { ($0.name, $0) }) { first, _ in first }
        for index in changes.indices {
            changes[index].startBefore = stored[changes[index].job]?.definition.startWords
            changes[index].startAfter = new[changes[index].job]?.startWords
        }
        changes.sort { $0.job < $1.job }
        noteFollowers(definitions + records.filter { !named.contains($0.name) }.map(\.definition))
    }

    private mutating func noteFollowers(_ definitions: [JobDefinition]) {
        guard let graph = try? FlowGraph(definitions) else { return }
        for index in changes.indices {
            var below: Set<String> = []
            var open = [changes[index].job]
            while let job = open.popLast() {
                open += graph.children(of: job).filter { below.insert($0).inserted }
            }
            changes[index].followers = below.sorted()
        }
    }

    /// The keys that differ between two definitions, in the order of the reference.
    package static func keys(from old: JobDefinition, to new: JobDefinition) -> [KeyChange] {
        let before = DefinitionKeys(old).entries
        let after = DefinitionKeys(new).entries
        let newKeys = Set(after.map(\.key))
        var changes: [KeyChange] = []
        for entry in before where !newKeys.contains(entry.key) {
            changes.append(KeyChange(key: entry.key, before: entry.shown, after: nil))
        }
        for entry in after {
            let old = before.first { $0.key == entry.key }
            if old?.value != entry.value {
                changes.append(KeyChange(key: entry.key, before: old?.shown, after: entry.shown))
            }
        }
        return changes
    }

    private static func fires(
        of record: JobRecord, after now: Timestamp, count: Int, zones: ZoneFiles
    ) -> [String] {
        guard let schedule = try? Schedule(of: record.definition, zones: zones) else {
            return []
        }
        return fires(of: schedule, after: now, count: count)
    }

    private static func fires(of schedule: Schedule, after now: Timestamp, count: Int) -> [String] {
        // A delay has one next fire; what follows depends on how long its runs take.
        schedule.occurrences(after: now, through: .distantFuture, limit: schedule.isDelay ? 1 : count)
            .map(schedule.format)
    }
}
