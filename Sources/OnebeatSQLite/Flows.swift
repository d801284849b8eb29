import GRDB
import Onebeat

extension SQLiteStore {
    func followers(of root: String, in db: Database) throws -> [JobRecord] {
        try records("j.removed_at IS NULL AND j.flow_root = ? ORDER BY j.name", [root], in: db)
    }

    /// Inserts a waiting run for each follower of a due instant of a root.
    static func insertFlow(
        _ followers: [Follower], of root: JobVersion, at scheduledAt: Timestamp, in db: Database
    ) throws {
        let row = try db.rows(
            """
            SELECT \(Run.columns) FROM runs
            WHERE job_name = ? AND generation = ? AND scheduled_at = ? AND kind = 'scheduled' AND request_id = ''
            """,
            [root.job, root.generation, scheduledAt]
        ).first
        guard let run = row.map(Run.init), run.state != .unknown else { return }
        try insert(followers, after: run, in: db)
    }

    /// Inserts a waiting run for each follower of a root's run that has not begun, if it has none yet.
    static func insert(_ followers: [Follower], after root: Run, in db: Database) throws {
        guard !followers.isEmpty else { return }
        let isFirst = try db.change(
            "UPDATE runs SET flow_id = id WHERE id = ? AND flow_id IS NULL AND state = 'scheduled' AND attempt = 0",
            [root.id.value])
        guard isFirst == 1 else { return }
        var runs = [root.job: root.id.value]
        for follower in followers {
            let isNew = try db.change(
                """
                INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue,
                    priority, need, flow_id)
                VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?)
                ON CONFLICT (job_name, generation, scheduled_at, kind, request_id) DO NOTHING
                """,
                [
                    follower.version.job, follower.version.generation, follower.version.version, root.kind.rawValue,
                    root.scheduledAt, root.requestID, root.dueAt, follower.queue, follower.priority, follower.need,
                    root.id.value,
                ])
            guard isNew == 1 else {
                if root.kind == .manual { throw StoreError.wished(root.requestID, belowOf: root.job) }
                continue
            }
            let run = db.lastInsertedRowID
            runs[follower.version.job] = run
            for parent in follower.parents.compactMap({ runs[$0] }) {
                try db.change("INSERT INTO waits (parent_id, run_id) VALUES (?, ?)", [parent, run])
            }
        }
    }

    /// Decides on all that follows the runs which a move ended, and on what follows from that.
    func follow(_ changes: inout Changes, in db: Database) throws {
        /// What ended in this move is not written yet.
        var ended: [RunID: Run] = [:]
        while true {
            let parents = changes.takeParents()
            guard !parents.isEmpty else { return }
            for parent in parents { ended[parent.id] = parent }
            var below: [RunID: (run: Run, ends: [ParentEnd])] = [:]
            for parent in parents {
                for run in try followers(of: parent.id, in: db) {
                    guard ended[run.id] == nil, !changes.letGo.contains(where: { $0.id == run.id }) else { continue }
                    below[run.id, default: (run, [])].ends.append(ParentEnd(parent))
                }
            }
            var waiting: [WaitingRun] = []
            for (run, ends) in below.values.sorted(by: { $0.run.id < $1.run.id }) {
                let rule = try definition(run.version, in: db).policies.triggerRule
                if run.waitsOn(after: ends, by: rule), try Self.isOpen(before: run.id, beside: ended, in: db) {
                    continue
                }
                waiting.append(try waitingRun(run, changes, ended, in: db))
            }
            try changes.follow(waiting)
        }
    }

    /// Whether a run follows one that is open, beside those that a move ends and that are open as they are written. The
    /// newest are looked at first: the oldest begin first, and so are the first to end.
    private static func isOpen(before run: RunID, beside ended: [RunID: Run], in db: Database) throws -> Bool {
        let open = try db.rows(
            """
            SELECT parent_id FROM waits JOIN runs p ON p.id = parent_id
            WHERE run_id = ? AND p.state IN ('waiting', 'scheduled', 'running') ORDER BY parent_id DESC LIMIT ?
            """, [run.value, ended.count + 1])
        return open.contains { row in
            var columns = Columns(row)
            return ended[RunID(columns[0])] == nil
        }
    }

    private func followers(of run: RunID, in db: Database) throws -> [Run] {
        try db.rows(
            """
            SELECT \(Run.columns) FROM waits JOIN runs ON id = run_id WHERE parent_id = ? AND state = 'waiting'
            ORDER BY id
            """, [run.value]
        ).map(Run.init).filter { $0.state == .waiting }
    }

    /// A waiting run with what it is decided on by.
    /// - Parameters:
    ///   - changes: what is decided and not written.
    ///   - ended: what ended by that.
    private func waitingRun(
        _ run: Run, _ changes: Changes, _ ended: [RunID: Run], in db: Database
    ) throws -> WaitingRun {
        let parents = try Self.parentRuns(of: run.id, in: db)
        var waiting = WaitingRun(
            run: run, by: try definition(run.version, in: db),
            parents: parents.map { parent in ended[parent.id].map(ParentEnd.init) ?? parent.end })
        if let source = waiting.source, let parent = parents.first(where: { $0.end.job == source }) {
            waiting.handedOn =
                try changes.value(of: parent.id) ?? Self.value(of: parent.id, in: db)
                ?? Self.list(handedOnBy: parent.id, changes, in: db)
        }
        return waiting
    }

    /// What a run's elements handed on, where that is no more than a run may be given.
    private static func list(handedOnBy whole: RunID, _ changes: Changes, in db: Database) throws -> RunValue? {
        do {
            return try elementValues(of: whole, changes, in: db)
        } catch let error as StoreError {
            // The end of an element must not fail for it: what has no list says so.
            if case .refused = error { return nil }
            throw error
        }
    }

    /// Decides on a run that waits for nothing any more.
    func decide(on run: Run, _ changes: inout Changes, in db: Database) throws {
        try changes.follow([try waitingRun(run, changes, [:], in: db)])
    }

    /// Inserts the runs of a list's elements, between what the whole followed and the whole.
    static func write(_ fanOut: Changes.FanOut, in db: Database) throws {
        let whole = fanOut.whole
        let parents = try parentRuns(of: whole.id, in: db).map(\.id.value)
        try db.change(
            "UPDATE runs SET due_at = ?, started_at = ? WHERE id = ?", [whole.dueAt, whole.startedAt, whole.id.value])
        try db.change("DELETE FROM waits WHERE run_id = ?", [whole.id.value])
        for element in 0..<fanOut.count {
            try db.change(
                """
                INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, deadline_at,
                    state, queue, priority, need, flow_id, element)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'scheduled', ?, ?, ?, ?, ?)
                """,
                [
                    whole.job, whole.version.generation, whole.version.version, whole.kind.rawValue, whole.scheduledAt,
                    "\(whole.requestID)[\(element)]", whole.dueAt, fanOut.deadlineAt, whole.queue, whole.priority,
                    whole.need, whole.flow?.value, element,
                ])
            let run = db.lastInsertedRowID
            for (parent, child) in parents.map({ ($0, run) }) + [(run, whole.id.value)] {
                try db.change("INSERT INTO waits (parent_id, run_id) VALUES (?, ?)", [parent, child])
            }
        }
    }

    /// The runs of the elements that a run waits for.
    static func elements(of whole: Run, in db: Database) throws -> [Run] {
        guard whole.state == .waiting else { return [] }
        return try db.rows(
            """
            SELECT \(Run.columns) FROM waits JOIN runs ON id = parent_id WHERE waits.run_id = ? AND job_name = ?
            ORDER BY id
            """, [whole.id.value, whole.job]
        ).map(Run.init)
    }

    /// The root of each follower in force.
    static func flowRoots(in db: Database) throws -> [String: String] {
        var roots: [String: String] = [:]
        let rows = try db.rows("SELECT name, flow_root FROM jobs WHERE flow_root IS NOT NULL AND removed_at IS NULL")
        for row in rows {
            var row = Columns(row)
            roots[row[0]] = row[1] as String
        }
        return roots
    }

    /// Brings flows in line with definitions that were changed in this transaction.
    /// - Parameters:
    ///   - before: the root of each follower before that.
    ///   - planned: the instants still to come that were planned anew.
    func changeFlows(
        _ changes: [JobChange], from before: [String: String], planned: [(JobRecord, [PlannedFire])], in db: Database
    ) throws {
        let changed = changes.filter(\.isChange)
        guard !before.isEmpty || changed.contains(where: { $0.record.definition.isFollower }) else { return }
        var definitions: [String: JobDefinition] = [:]
        for record in try records("j.removed_at IS NULL AND j.flow_root IS NOT NULL", in: db) {
            definitions[record.name] = record.definition
        }
        for change in changed where change.kind != .removed {
            definitions[change.job] = change.record.definition
        }
        let flows: FlowChange
        do {
            flows = try FlowChange(
                Array(definitions.values), before: before, changed: Set(changed.map(\.job)),
                isKnown: { name in (try? self.record(name, in: db)) != nil })
        } catch {
            throw StoreError.refused("\(error)")
        }
        for (name, root) in flows.roots {
            try db.change("UPDATE jobs SET flow_root = ? WHERE name = ?", [root, name])
        }
        for root in flows.touched {
            try db.change("UPDATE jobs SET flow_edition = flow_edition + 1 WHERE name = ?", [root])
        }
        for (record, fires) in planned where flows.followers[record.name] != nil {
            let records = try self.followers(of: record.name, in: db)
            let followers = flows.followers(of: record.name, among: records.reduce(into: [:]) { $0[$1.name] = $1 })
            for fire in fires where fire.missed == nil {
                try Self.insertFlow(followers, of: record.versionID, at: fire.scheduledAt, in: db)
            }
        }
    }
}
