import Onebeat

extension ApplyRequest {
    /// What a file asks for.
    /// - Parameter revision: instead of the file's own.
    package init(
        _ file: ConfigurationFile, source: String? = nil, revision: Int64? = nil, by actor: String
    ) throws {
        self.init(
            file.jobs, source: source ?? file.source, by: actor,
            revision: try SourceRevision(revision ?? Int64(file.revision ?? 0), of: file.jobs),
            isComplete: file.isComplete)
    }
}

extension JobStore where Self: HistoryStore {
    /// What it takes to work out what applying a file would change.
    /// - Parameter warnings: what the file itself was found to say that is probably not meant.
    package func planned(
        _ request: ApplyRequest, warnings: [ConfigurationProblem]
    ) async throws -> Planned {
        try await Planned(
            request: request, records: jobs(), history: history(of: request.source), now: now(),
            lengths: lengths(of: request.definitions), warnings: warnings.map(\.summary))
    }

    /// How long runs of jobs take of which one may wait for another; asked of a bounded number of them.
    private func lengths(of definitions: [JobDefinition]) async throws -> [String: Duration] {
        var lengths: [String: Duration] = [:]
        for job in definitions.filter({ [.queue, .queueAll].contains($0.policies.overlap) }).prefix(200) {
            lengths[job.name] = LockLength.p95(of: try await measuredRuns(of: job.name))
        }
        return lengths
    }
}

/// What a plan is worked out from. Working it out takes a while where there are many jobs.
package struct Planned: Sendable {
    package var request: ApplyRequest
    package var records: [JobRecord] = []
    package var history: SourceHistory
    package var now: Timestamp
    package var lengths: [String: Duration] = [:]
    package var warnings: [String]

    package init(
        request: ApplyRequest, records: [JobRecord], history: SourceHistory, now: Timestamp,
        lengths: [String: Duration], warnings: [String]
    ) {
        self.request = request
        self.records = records
        self.history = history
        self.now = now
        self.lengths = lengths
        self.warnings = warnings
    }

    /// Before there is a store: everything is to be added.
    package init(first request: ApplyRequest, at now: Timestamp, warnings: [ConfigurationProblem]) {
        self.init(
            request: request, records: [], history: SourceHistory(of: request.source), now: now, lengths: [:],
            warnings: warnings.map(\.summary))
    }

    /// The plan.
    /// - Throws: `ScheduleError` when a schedule cannot be read on this machine.
    package func worked() throws(ScheduleError) -> PlanResource {
        let diff = try PlanDiff(of: request, against: records, at: now)
        let more = PlanWarnings.all(of: request.definitions, at: now, lengths: lengths)
        return PlanResource(diff, of: request, after: history, warnings: warnings + more)
    }
}
