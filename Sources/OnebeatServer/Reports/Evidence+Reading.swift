import Foundation
import Onebeat

extension JobStore where Self: HistoryStore & LeaseStore & StandingStore & StandbyStore {
    /// What is known of a job around a moment, or around now.
    package func evidence(on job: JobRecord, at moment: Timestamp?, now: Timestamp) async throws -> Evidence {
        let schedule = try Schedule(of: job.definition)
        var evidence = Evidence(job: job, schedule: schedule, moment: moment, now: now)
        var before = RunFilter()
        before.job = job.name
        before.before = moment.map { $0.wholeSecond + .seconds(1) }
        before.limit = 100
        // What came after tells which run stood in for a missed one.
        var after = RunFilter()
        after.job = job.name
        after.from = before.before
        after.before = moment.map { $0 + .seconds(86_400) }
        after.limit = 100
        let isSignal = job.definition.signal != nil
        evidence.runs = try await runs(before)
        if isSignal {
            // Which word came first after the moment, however late that was.
            after.before = nil
            after.newer = evidence.runs.map(\.id).max() ?? RunID(0)
            evidence.lastSuccessAt = try await statuses(of: [job.name]).first?.lastSuccessAt
        }
        if moment != nil { evidence.runs += try await runs(after) }
        evidence.events = try await events(job: job.name, limit: 200)
        if job.isPaused, evidence.event("job.paused", before: now) == nil {
            var pauses = EventFilter(job: job.name, limit: 1)
            pauses.kind = "job.paused"
            evidence.events += try await events(pauses).map(\.event)
        }
        evidence.nodes = try await nodes(limit: 100)
        evidence.standby = try await standby()
        if let row = evidence.row {
            try await readAttempts(of: row, into: &evidence)
            try await readSlots(of: row, into: &evidence)
        }
        return evidence
    }

    /// What is known of a run itself: it is what the question is about.
    package func evidence(on job: JobRecord, run: Run, now: Timestamp) async throws -> Evidence {
        var evidence = try await evidence(on: job, at: run.scheduledAt, now: now)
        evidence.subject = run
        try await readAttempts(of: run, into: &evidence)
        return evidence
    }

    private func readAttempts(of row: Run, into evidence: inout Evidence) async throws {
        evidence.attempts = try await attempts(of: row.id)
        evidence.taskWord = row.isRemote && row.state == .running ? try await taskWord(of: row.id) : nil
    }

    /// The newest note on a task: what was sent where, who began it, what is in its way.
    private func taskWord(of run: RunID) async throws -> String? {
        // Before its end there is little beside notes.
        let pieces = try await logs(of: run, after: nil, limit: 200)
        guard let note = pieces.last(where: { $0.stream == .note }) else { return nil }
        let lines = String(decoding: note.bytes, as: UTF8.self).split(separator: "\n")
        return lines.last.map { $0.trimmingCharacters(in: ["[", "]"]) }
    }

    /// Reads who has, or had, the slots that the row waits, or waited, for.
    private func readSlots(of row: Run, into evidence: inout Evidence) async throws {
        if row.state == .scheduled, row.dueAt <= evidence.now {
            evidence.running = try await longestRunning(limit: 1000)
        }
        guard let start = row.startedAt, start.duration(since: row.scheduledAt) > Explanation.punctual else { return }
        var beside = RunFilter()
        beside.from = row.scheduledAt - .seconds(86_400)
        beside.before = start
        beside.limit = 300
        evidence.neighbours = try await runs(beside)
    }
}
