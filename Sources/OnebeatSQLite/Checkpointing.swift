import Dispatch
import GRDB
import Synchronization

/// Brings the journal into the file beside the writers, on a connection of its own. SQLite's own way is to let the
/// commit that fills the journal do it, and then every writer waits for two syncs and a thousand pages: the slowest
/// hundredth of all fires, measured.
final class Checkpointing: Sendable {
    /// After so many commits, which fill a few megabytes of journal.
    private static let interval = 200
    /// The journal's length, in pages of 4 KiB, at which a commit does it after all: the net below this.
    static let emergency = 25_000

    private let path: String
    private let queue = DispatchQueue(label: "onebeat.checkpoint", qos: .utility)
    private let commits = Mutex(0)
    /// Opened when it is first needed: a command that only looks never does.
    private let connection = Mutex<DatabaseQueue?>(nil)

    init(path: String) { self.path = path }

    /// Tells of a commit. At most one checkpoint runs at a time.
    func committed() {
        let isTime = commits.withLock { commits in
            commits += 1
            return commits == Self.interval
        }
        guard isTime else { return }
        queue.async { [weak self] in
            // What could not be brought over now, the next one brings.
            try? self?.checkpoint()
            self?.commits.withLock { $0 = 0 }
        }
    }

    private func checkpoint() throws {
        let connection = try connection.withLock { connection in
            if let connection { return connection }
            var configuration = Configuration()
            configuration.busyMode = .timeout(1)
            let opened = try DatabaseQueue(path: path, configuration: configuration)
            connection = opened
            return opened
        }
        // PASSIVE waits for nobody and holds nobody up.
        try connection.inDatabase { db in try db.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)") }
    }
}
