import Onebeat
import OnebeatServer

extension JobStore where Self: HistoryStore & LeaseStore {
    /// Why a run is where it is, in sentences, on the reader's clock; also when its job has been removed.
    func explanation(of run: Run, on clock: Schedule, now: Timestamp) async throws -> [String] {
        guard let (job, removal) = try? await subject(named: run.job) else { return [] }
        var evidence = try await evidence(on: job, at: run.scheduledAt, now: now)
        evidence.clock = clock
        evidence.removal = removal
        evidence.subject = run
        evidence.attempts = try await attempts(of: run.id)
        return Explanation(evidence).sentences
    }

    /// The job of a name, in force or removed; with who removed it.
    /// - Throws: ``CommandFailure`` with the nearest names when nothing is known of it.
    func subject(named name: String) async throws -> (JobRecord, removal: Event?) {
        if let record = try await job(name) { return (record, nil) }
        var filter = RunFilter()
        filter.job = name
        filter.limit = 1
        let run = try await runs(filter).first
        let removal = try await events(job: name, limit: 200).first { $0.kind == "job.removed" }
        guard let run, let definition = try await definition(run.version) else {
            if let removal {
                throw CommandFailure(
                    "there is no job \"\(name)\": \(removal.actor) removed it at \(removal.at), and no run of it is kept"
                )
            }
            return (try await record(of: name), nil)
        }
        let record = JobRecord(
            definition: definition, generation: run.version.generation, version: run.version.version, source: "",
            watermark: removal?.at ?? run.scheduledAt, nextAt: nil, createdAt: .distantPast)
        return (
            record, removal ?? Event("job.removed", job: name, actor: "somebody", at: run.finishedAt ?? run.scheduledAt)
        )
    }
}
