import Foundation
import Logging
import Onebeat
import OnebeatRedis
import OnebeatServer

/// A call over a store: the slot is a due instant of a job by the call's name, and its run is unique.
struct OnceStore {
    private let surroundings: Surroundings
    private let guardian: Guardian
    private let work: OnceWork
    private let logger = Logger(label: "onebeat")

    init(_ surroundings: Surroundings, _ guardian: Guardian, _ work: OnceWork) {
        self.surroundings = surroundings
        self.guardian = guardian
        self.work = work
    }

    func run(_ definition: JobDefinition, lease: Duration) async throws -> OnceVerdict {
        let patience = OncePatience(for: definition)
        return try await work.underSignals {
            try await patience.asking(again: Self.mayPass) { try await runOnce(definition, lease: lease) }
        }
    }

    /// Errors after which nothing was started, and that a restart of the store brings.
    private static func mayPass(_ error: any Error) -> Bool {
        switch error as? StoreError {
        case .unavailable, .unknownOutcome: true
        case .fenced, .notFound, .refused, .outdated, .changed, nil: false
        }
    }

    private func runOnce(_ definition: JobDefinition, lease: Duration) async throws -> OnceVerdict {
        let settings = surroundings.settings
        let store = try await surroundings.makeStore()
        let redis = settings.redis.value.map { RedisClient($0, name: "onebeat:\(settings.node.value)") }
        let will = LastWill(settings.store.value, guardian, logger)
        let node = OnceNode(
            store: store, executor: work, name: settings.node.value, lease: lease, keep: settings.keep.value,
            locks: redis.map { RedisLocks($0) }, lockPolicy: settings.locks.value, processID: Int(getpid()),
            logger: logger
        ) { [guardian] id, uptime in
            will.update(for: id)
            guardian.extend(until: .now + (uptime - SystemTime().uptime()))
        }
        let end: OnceEnd
        do {
            end = try await node.run(definition)
        } catch {
            await redis?.close()
            throw error
        }
        await redis?.close()
        return verdict(end)
    }

    private func verdict(_ end: OnceEnd) -> OnceVerdict {
        switch end {
        case .ran: .ran(trouble: nil)
        case .unsettled(_, let why): .ran(trouble: "the store does not know how the command ended: \(why)")
        case .elsewhere(let run): .notMine(Self.words(for: run))
        case .refused(let run): .notMine(Self.words(for: run))
        case .lostLease:
            .stopped(
                "the command was ended, since the store did not renew this machine's lease in time;"
                    + " --ttl is how long it may go without")
        }
    }

    /// Why a run is not this machine's to start.
    private static func words(for run: Run) -> String {
        switch run.state {
        case .running: "\(run.key) runs on \(run.node ?? "another machine")"
        case .waiting, .scheduled: "\(run.key) has not started anywhere"
        case .skipped, .missed, .cancelled:
            "\(run.key) was not started: \(run.message ?? run.reason?.sentence ?? run.state.rawValue)"
        case .unknown: "\(run.key) is in a state that a newer Onebeat wrote"
        case .succeeded, .failed, .timedOut, .lost, .dead:
            "\(run.key) was run by \(run.node ?? "another machine"): \(run.state.rawValue)"
        }
    }
}
