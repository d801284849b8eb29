import Foundation
import Synchronization

/// The zone database of this machine: a folder of compiled zone files.
///
/// Each zone is read once and kept; a file that has changed since is read again, so an update of the database needs no
/// restart. UTC needs no file.
public final class ZoneFiles: Sendable {
    /// The folder that the environment variable `TZDIR` names, else `/usr/share/zoneinfo`.
    public static let system = ZoneFiles(
        folder: ProcessInfo.processInfo.environment["TZDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/usr/share/zoneinfo")

    /// The folder it reads.
    public let folder: String

    private struct Stamp: Hashable {
        var modified: Int
        var nanoseconds: Int
        var size: Int
        var inode: UInt64
    }

    private let known = Mutex<[String: (stamp: Stamp, zone: Zone)]>([:])
    /// What there was when a name was first not found; to look through the folder takes milliseconds, and only to suggest.
    private let listed = Mutex(ZoneNames([]))

    /// A database in `folder`; files are read when first asked for.
    public init(folder: String) { self.folder = folder }

    /// The release of the database, such as `2025b`, where the folder tells it.
    public var version: String? {
        if let text = contents("+VERSION") {
            return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let text = contents("tzdata.zi") else { return nil }
        let firstLine = String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return firstLine.split(separator: " ").last.map(String.init)
    }

    /// Changes when the database does: its version's files, or a zone that was read.
    var fingerprint: Int {
        let names = ["+VERSION", "tzdata.zi"] + known.withLock { $0.keys.sorted() }
        return names.map(stamp).hashValue
    }

    /// The zone of that name.
    ///
    /// - Throws: `ScheduleError` for a name that is not in the database (with the nearest that are) or a broken file.
    func zone(named name: String) throws(ScheduleError) -> Zone {
        if ["UTC", "Etc/UTC", "Z"].contains(name) { return .utc }
        guard isPlain(name) else {
            throw error(name, "is not the name of a zone; write one like Europe/Berlin or UTC")
        }
        guard let stamp = stamp(of: name) else { throw unknown(name) }
        if let entry = known.withLock({ $0[name] }), entry.stamp == stamp { return entry.zone }
        guard let bytes = contents(name) else { throw unknown(name) }
        do {
            let zone = try ZoneFileReader.zone(named: name, from: bytes)
            known.withLock { $0[name] = (stamp, zone) }
            return zone
        } catch {
            throw self.error(name, "\(folder)/\(name) cannot be used: \(error.rawValue)")
        }
    }

    /// Names go into paths, so nothing that could leave the folder passes.
    private func isPlain(_ name: String) -> Bool {
        let accepted = name.utf8.allSatisfy { $0.isLetter || $0.isDigit || "/_+-".utf8.contains($0) }
        return accepted && !name.isEmpty && !name.hasPrefix("/") && name.utf8.count < 100
    }

    private func stamp(of name: String) -> Stamp? {
        var status = stat()
        guard stat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        return Stamp(
            modified: time.tv_sec, nanoseconds: time.tv_nsec, size: Int(status.st_size), inode: UInt64(status.st_ino))
    }

    private func contents(_ name: String) -> [UInt8]? {
        (try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))).map(Array.init)
    }

    private func error(_ name: String, _ message: String) -> ScheduleError {
        ScheduleError(setting: "timezone", text: name, message: message)
    }

    private func unknown(_ name: String) -> ScheduleError {
        let names = listed.withLock { listed in
            if listed.isEmpty { listed = ZoneNames(self.names()) }
            return listed
        }
        if names.isEmpty {
            return error(name, "\(folder) holds no zone files; install tzdata or point TZDIR at a folder that does")
        }
        let nearest = names.nearest(to: name)
        if nearest.isEmpty { return error(name, "there is no such zone; write one like Europe/Berlin or UTC") }
        return error(name, "there is no such zone; did you mean \(nearest.joined(separator: " or "))?")
    }

    private func names() -> [String] {
        guard let paths = FileManager.default.enumerator(atPath: folder) else { return [] }
        return paths.compactMap { $0 as? String }.filter { path in
            path.first?.isUppercase == true && isPlain(path) && stamp(of: path) != nil
        }
    }
}
