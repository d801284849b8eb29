// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: SignalStore {
    public func signal(_ signal: JobSignal, asSeen sight: JobSight?) async throws(StoreError) -> Run {
        let run = try await move { transaction in
            // The job's row is locked first: of two words at one moment, the later sees what the earlier changed.
            let rows = try transaction.flight([
                Statement(
                    """
                    SELECT \(JobRecord.columns) FROM \(JobRecord.tables)
                    WHERE j.removed_at IS NULL AND j.name = $1 FOR NO KEY UPDATE OF j
                    """, [.text(signal.job)]),
                Statement(
                    """
                    SELECT \(Run.columns) FROM runs WHERE state = 'running' AND boot = $1 ORDER BY id LIMIT 1000
                    FOR NO KEY UPDATE
                    """, [.text(Signalling.boot(of: signal.job))]),
                Wish(job: signal.job, requestID: signal.id ?? "", actor: signal.actor).known,
                Statement(Transaction.clock),
            ])
            let cache = transaction.definitions
            guard let record = rows[0].first.map({ JobRecord(row: $0, cache: cache) }) else {
                throw StoreError.noJob(signal.job)
            }
            try sight?.require(JobSight(record), of: signal.job)
            guard let watch = record.definition.signal else { throw StoreError.runsHere(signal.job) }
            let open = rows[1].map(Run.init).filter {
                $0.state == .running && $0.version.generation == record.generation
            }
            let now = transaction.time(rows[3])
            let signalling = Signalling.decide(
                signal, named: signal.id == nil ? nil : rows[2].first.map(Run.init), open: open, grace: watch.grace,
                at: now)
            if let words = signalling.conflict { throw StoreError.refused(words) }
            var (fresh, fence): (Run?, Fence) = (nil, Fence(0))
            switch signalling.target {
            case .run(let run):
                if signalling.isKnown {
                    try transaction.confirm()
                    return run
                }
            case .fresh:
                fresh = try Self.addByHand(
                    [record], signal.id ?? Signalling.freshRequest(), at: now, in: transaction
                ).first
                let drawn: Int64? = try transaction.flight([Statement("SELECT nextval('fences')")])[0].first?[0]
                fence = Fence(drawn ?? 0)
            }
            var changes = Changes(at: now)
            guard let run = try signalling.write(signal, fresh, fence: fence, into: &changes) else {
                throw StoreError.unavailable("the run was not stored")
            }
            try Flows.follow(&changes, in: transaction)
            try transaction.commit(changes.statements() + changes.statusStatements, waking: changes.wakesSomebody)
            return run
        }
        memory.saw([run.fence])
        return run
    }
}
