import Foundation
import Logging
import Onebeat
import OnebeatServer
import Synchronization

/// What the guardian does for a node that died: once every job process is dead, it becomes `onebeat bury`, which tells
/// the store, so that others need not wait for the end of the lease.
final class LastWill: Sendable {
    private let store: StoreLocation
    private let guardian: Guardian
    private let logger: Logger
    private let life = Mutex<NodeID?>(nil)

    init(_ store: StoreLocation, _ guardian: Guardian, _ logger: Logger) {
        self.store = store
        self.guardian = guardian
        self.logger = logger
    }

    /// Speaks for this life of the node from now on.
    func update(for id: NodeID) {
        let isNew = life.withLock { life in
            defer { life = id }
            return life != id
        }
        guard isNew, let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return
        }
        var request = ProcessRequest([program, "bury", id.name, id.boot], environment: Surroundings.environment)
        // In the environment, since arguments are shown to all users of the machine.
        request.environment["ONEBEAT_STORE"] = store.text
        do {
            try guardian.leaveWord(request)
        } catch {
            logger.warning("no word left for the guardian", metadata: ["error": "\(error)"])
        }
    }
}
