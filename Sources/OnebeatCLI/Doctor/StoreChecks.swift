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

    /// What clocks that step leave.
    static func onTime(_ store: any Store) async throws -> [Finding] {
        try await FirstLook.agree(store)
        var findings: [Finding] = []
        if let deviation = store.clock.deviation, deviation != .zero {
            findings.append(
                .fail(
                    "clock",
                    "the store's clock is \(Duration.seconds(deviation.inSeconds.rounded()).text) off, by its nodes",
                    "let NTP set it; the nodes go on by uptime, and follow a clock that stays where it is"))
        }
        var filter = JobFilter()
        filter.plannedBeyond = try await store.now() + JobRecord.farthest
        let ahead = try await store.jobs(filter)
        if let job = ahead.first {
            findings.append(
                .warn(
                    "planning",
                    "\(ahead.count == 1 ? "" : "\(ahead.count) jobs, such as ")\(job.aheadWords)",
                    "the leader sets that right within half a minute"))
        }
        return findings
    }

    /// How the file stands to what is in force.
    static func onDefinitions(_ store: any Store, _ surroundings: Surroundings) async throws -> [Finding] {
        guard surroundings.file != nil else { return [] }
        let request = try surroundings.request(by: Person.current)
        let history = try await store.history(of: request.source)
        let diff = try PlanDiff(of: request, against: try await store.jobs(), at: try await store.now())
        if !diff.isEmpty, let why = request.revision.flatMap(history.objection) {
            return [
                .warn(
                    "jobs", "\(why); a node that starts with this file works with those",
                    "bring the newer file here, or go back to this one with `onebeat apply --force`")
            ]
        }
        let kept = diff.changes.filter { $0.kind == .kept }.map(\.job)
        if let first = kept.first {
            let more = kept.count > 1 ? " and \(kept.count - 1) more" : ""
            return [
                .warn(
                    "jobs", "\(first)\(more) of this source go on, though the file does not hold them",
                    "`onebeat apply --complete` removes them")
            ]
        }
        return [.ok("jobs", diff.isEmpty ? "as the file has them" : "the file has changes; `onebeat plan` shows them")]
    }

    static func onNodes(_ store: any Store) async throws -> Finding {
        let now = try await store.now()
        let living = try await store.nodes(limit: 100).filter { $0.standing(at: now) == "alive" }
        if living.isEmpty { return .warn("nodes", "none is up; nothing runs until one is", "start one: `onebeat up`") }
        let names = living.map { $0.isLeader ? "\($0.id.name) (leads)" : $0.id.name }.joined(separator: ", ")
        guard living.contains(where: \.isLeader) else {
            return .warn("nodes", "\(names) up, and none leads", "look again in some seconds, then at their logs")
        }
        return .ok("nodes", "\(names) up")
    }
}

extension StoreChecks {
    /// Whether something waits that no living node serves.
    static func onWaiting(_ store: any Store) async throws -> Finding {
        let now = try await store.now()
        let nodes = try await store.nodes(limit: 1000)
        let unclaimed = try await store.unclaimed(for: .seconds(10), limit: 100)
        let unserved = unclaimed.compactMap { runs in
            Unserved(queue: runs.queue, need: runs.need, among: nodes, at: now).map { (runs, $0) }
        }
        guard let (runs, first) = unserved.first else { return .ok("waiting", "nothing waits that no node serves") }
        let count = unserved.reduce(0) { $0 + $1.0.count }
        return .warn("waiting", "\(count) due, of job \(runs.job) among them, and nobody starts them", first.sentence)
    }
}

/// A store in a file, and the disk below it.
private struct FileChecks {
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
            return try await onFile(store) + StoreChecks.onDefinitions(store, surroundings)
                + [StoreChecks.onNodes(store), StoreChecks.onWaiting(store)] + StoreChecks.onTime(store) + disk()
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

    private func onFile(_ store: SQLiteStore) async throws -> [Finding] {
        let health = try await store.health()
        var findings: [Finding] = []
        let size = ByteCount.text(health.size)
        if health.check == "ok" {
            findings.append(.ok("store", "\(path), \(size), schema \(health.schema), SQLite finds it sound"))
        } else {
            findings.append(
                .fail("store", "\(path) is damaged: \(health.check)", "stop all nodes and restore it from a copy"))
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
