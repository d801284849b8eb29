import Onebeat

/// A run that somebody asks for by hand.
struct Wish {
    var job: String
    var requestID: String
    var actor: String

    /// Inserts the run, where the job's row fits, and the event that tells of it.
    func insertion(at now: Parameter, where condition: String, early isEarly: Bool) -> Statement {
        Statement(
            """
            WITH made AS (
                INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state,
                    queue, priority, need)
                SELECT name, generation, version, 'manual', t.now, $2, t.now, 'scheduled', queue, priority, need
                FROM jobs, (SELECT \(Transaction.time(of: 3)) AS now) t
                WHERE name = $1 AND removed_at IS NULL AND \(condition)
                ON CONFLICT DO NOTHING RETURNING \(Run.columns)),
            told AS (
                INSERT INTO events (at, kind, job_name, run_id, actor, message)
                SELECT scheduled_at, 'run.triggered', $1, id, $4, $5 FROM made)
            SELECT \(Run.columns)\(isEarly ? ", \(Transaction.early)" : "") FROM made
            """,
            [
                .text(job), .text(requestID), now, .text(actor),
                .text(Event.triggered(requestID: requestID)),
            ])
    }

    /// The run, if it was asked for before.
    var known: Statement {
        Statement(
            """
            SELECT \(Run.columns) FROM runs WHERE job_name = $1 AND kind = 'manual' AND request_id = $2
                AND generation = (SELECT generation FROM jobs WHERE name = $1 AND removed_at IS NULL)
            """,
            [.text(job), .text(requestID)])
    }

    /// Inserts the run of a root, and its flow. The job is locked, so that its followers stay those that are read.
    /// - Returns: `nil` when there is nothing to insert.
    func insertFlow(in transaction: Transaction) throws -> Run? {
        let select = "SELECT \(JobRecord.columns) FROM \(JobRecord.tables) WHERE"
        let rows = try transaction.flight([
            Statement("\(select) j.removed_at IS NULL AND j.name = $1 FOR SHARE OF j", [.text(job)]),
            Statement("\(select) \(Flows.areFollowers)", [.text(job)]),
            insertion(at: transaction.now, where: "flow_edition > 0", early: false),
        ])
        let cache = transaction.definitions
        guard let root = rows[0].first.map({ JobRecord(row: $0, cache: cache) }),
            var run = rows[2].first.map(Run.init)
        else {
            try transaction.end()
            return nil
        }
        let followers = try Follower.all(of: job, among: rows[1].map { JobRecord(row: $0, cache: cache) })
        let key = Flows.Root(
            job: job, generation: run.version.generation, scheduledAt: run.scheduledAt, kind: .manual,
            requestID: requestID, edition: root.flowEdition)
        run.flow = followers.isEmpty ? nil : run.id
        do {
            try transaction.commit(followers.isEmpty ? [] : Flows.insert([key], [job: followers]), waking: true)
        } catch let failure as PostgresFailure where failure.state == "23505" {
            throw StoreError.wished(requestID, belowOf: job)
        }
        return run
    }
}
