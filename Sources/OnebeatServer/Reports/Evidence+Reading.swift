import Onebeat

extension JobStore where Self: HistoryStore & LeaseStore {
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
        evidence.runs = try await runs(before)
        if moment != nil { evidence.runs += try await runs(after) }
        evidence.events = try await events(job: job.name, limit: 200)
        evidence.nodes = try await nodes(limit: 100)
        if let row = evidence.row { evidence.attempts = try await attempts(of: row.id) }
        return evidence
    }
}
