// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import GRDB
import Onebeat

extension SQLiteStore: SignalStore {
    public func signal(_ signal: JobSignal, asSeen sight: JobSight?) async throws(StoreError) -> Run {
        let run = try await write { db, now in
            guard let record = try self.record(signal.job, in: db) else { throw StoreError.noJob(signal.job) }
            try sight?.require(JobSight(record), of: signal.job)
            guard let watch = record.definition.signal else { throw StoreError.runsHere(signal.job) }
            let named = try signal.id.flatMap { try Self.manual(signal.job, record.generation, $0, in: db) }
            let open = try db.rows(
                """
                SELECT \(Run.columns) FROM runs INDEXED BY runs_of_boot WHERE state = 'running' AND boot = ?
                ORDER BY id LIMIT 1000
                """, [Signalling.boot(of: signal.job)]
            ).map(Run.init).filter { $0.state == .running && $0.version.generation == record.generation }
            let signalling = Signalling.decide(signal, named: named, open: open, grace: watch.grace, at: now)
            if let words = signalling.conflict { throw StoreError.refused(words) }
            var (fresh, fence): (Run?, Fence) = (nil, Fence(0))
            switch signalling.target {
            case .run(let run): if signalling.isKnown { return run }
            case .fresh:
                fresh = try self.addByHand(record, signal.id ?? Signalling.freshRequest(), at: now, in: db)
                fence = Fence(try self.reserveFences(1, at: now, in: db))
            }
            var changes = Changes(at: now)
            guard let run = try signalling.write(signal, fresh, fence: fence, into: &changes) else {
                throw StoreError.unavailable("the run was not stored")
            }
            try self.write(changes, in: db)
            return run
        }
        saw(run.fence)
        return run
    }
}
