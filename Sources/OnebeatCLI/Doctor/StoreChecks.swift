import Foundation
import Onebeat
import OnebeatSQLite
import OnebeatServer

/// What the doctor says of the store.
struct StoreChecks {
    private let surroundings: Surroundings

    init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    func findings() async -> [Finding] {
        switch surroundings.settings.store.value {
        case .sqlite(let path): await FileChecks(surroundings, path: path).findings()
        case .postgres(let url): await DatabaseChecks(surroundings: surroundings, url: url).findings()
        }
    }

    /// What is said of any store; a command has just started, and believes the nodes rather than a clock.
    static func onAny(_ store: any Store, _ surroundings: Surroundings) async throws -> [Finding] {
        let definitions = try await onDefinitions(store, surroundings)
        try await FirstLook.agree(store)
        return try await definitions + StandingChecks.findings(store)
    }

    /// How the file stands to what is in force.
    static func onDefinitions(_ store: any Store, _ surroundings: Surroundings) async throws -> [Finding] {
        guard surroundings.file != nil else { return [] }
        return [try await StandingChecks.onDefinitions(store, surroundings.request(by: Person.current))]
    }
}

/// A store in a file, and the disk below it.
struct FileChecks {
    private let surroundings: Surroundings
    private let path: String
    private let folder: String

    init(_ surroundings: Surroundings, path: String) {
        self.surroundings = surroundings
        self.path = path
        folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    }

    func findings() async -> [Finding] {
        guard FileManager.default.fileExists(atPath: path) else { return [missing()] + disk() }
        do {
            let store = try SQLiteStore(path: path, mustExist: true)
            return try await onFile(store) + StoreChecks.onAny(store, surroundings) + disk()
        } catch {
            let failure = CommandFailure(error)
            let advice = "if it is not busy, restore it from a copy, or name another with --store"
            return [.fail("store", failure?.message ?? "\(error)", advice)] + disk()
        }
    }

    private func missing() -> Finding {
        guard FileManager.default.isWritableFile(atPath: folder) else {
            return .fail(
                "store", "\(path) is not there, and \(folder) cannot be written to",
                "create the folder, or name another")
        }
        return .warn("store", "\(path) is not there yet", "`onebeat up` or `onebeat apply` makes it")
    }

    /// What a node says of the file that it works with. It does not read it through: nothing could be written meanwhile.
    func ofNode(_ store: SQLiteStore) async throws -> [Finding] {
        try await onFile(store, readsThrough: false) + [space()].compactMap(\.self)
    }

    private func onFile(_ store: SQLiteStore, readsThrough: Bool = true) async throws -> [Finding] {
        let health = try await store.health(readsThrough: readsThrough)
        var findings: [Finding] = []
        let size = ByteCount.text(health.size)
        if health.check == nil || health.check == "ok" {
            let sound = health.check == nil ? "" : ", SQLite finds it sound"
            findings.append(.ok("store", "\(path), \(size), schema \(health.schema)\(sound)"))
        } else {
            findings.append(
                .fail("store", "\(path) is damaged: \(health.check ?? "")", "stop all nodes and restore it from a copy")
            )
        }
        findings.append(
            health.journalMode == "wal" && health.isSynchronous
                ? .ok("durability", "WAL, and every commit waits for the disk, on \(health.fileSystem ?? "a disk")")
                : .fail(
                    "durability", "journal is \(health.journalMode); commits could be lost in a power cut",
                    "let `onebeat up` open the file, which sets WAL and FULL"))
        if let secrecy = secrecy() { findings.append(secrecy) }
        return findings
    }

    /// Whether others on this machine can read what jobs were told and said.
    private func secrecy() -> Finding? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o007 != 0 else { return nil }
        return .warn(
            "rights", "\(path) is open to every user of this machine (\(String(status.st_mode & 0o777, radix: 8)))",
            "chmod o= it and the -wal and -shm beside it")
    }

    // MARK: The disk

    private func disk() -> [Finding] { [space(), syncTime()].compactMap(\.self) }

    private func space() -> Finding? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        let free = Int(status.f_bavail) * Int(status.f_frsize)
        let text = "\(free / 1_000_000) MB free in \(folder)"
        if free < 100_000_000 {
            return .fail("disk", text, "make room: a store that cannot be written to runs nothing")
        }
        if free < 1_000_000_000 { return .warn("disk", text, "make room soon") }
        return .ok("disk", text)
    }

    /// How long the disk takes to make a page durable: each claim and each outcome waits for it.
    private func syncTime() -> Finding? {
        let probe = "\(folder)/.onebeat-doctor-\(getpid())"
        let file = open(probe, O_CREAT | O_EXCL | O_WRONLY, 0o600)
        guard file >= 0 else { return nil }
        defer {
            close(file)
            unlink(probe)
        }
        let page = [UInt8](repeating: 0, count: 4096)
        let lengths = (0..<9).map { _ in
            let start = ContinuousClock.now
            _ = write(file, page, page.count)
            fdatasync(file)
            return ContinuousClock.now - start
        }
        let middle = lengths.sorted()[4]
        let text = "a durable write takes \(middle.brief) in \(folder)"
        if middle > .milliseconds(50) {
            return .warn("sync", text, "a faster or less busy disk; each start and each end of a run waits for one")
        }
        return .ok("sync", text)
    }
}
