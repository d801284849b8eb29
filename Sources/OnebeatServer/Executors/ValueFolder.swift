import Foundation
import Onebeat

/// The folder by which a process is given values and hands one on: `input.json`, written before it starts, and
/// `output.json`, which it may write. It is the job's user's alone, and is removed when the process has ended. What the
/// process left in it is not trusted: it may be a link, a pipe, somebody else's file or no JSON.
///
/// As long as its node lives, the node holds a lock on it: a folder that nobody has locked was left by a node that was
/// killed, and the next one that starts there removes it (``sweep(_:)``).
struct ValueFolder {
    private let path: String
    private let user: uid_t
    /// The folder, opened and locked.
    private let handle: CInt

    private static let prefix = "onebeat-run-"
    private static let random = "XXXXXX"

    var output: String { "\(path)/output.json" }
    var input: String { "\(path)/input.json" }

    /// - Parameters:
    ///   - values: what the job is given.
    ///   - user: whom the process becomes; `nil` where it stays what the node is.
    /// - Throws: ``UnfitRequest`` when there is no place for it.
    init(giving values: [String: RunValue], to user: LocalUser?, within folder: String) throws(UnfitRequest) {
        var template = Array("\(folder)/\(Self.prefix)\(Self.random)".utf8CString)
        let isMade = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
        guard isMade else { throw Self.trouble(folder) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.user = user?.uid ?? geteuid()
        handle = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        // Where a file system has no locks, none is to be had by who would sweep it either.
        _ = flock(handle, LOCK_EX | LOCK_NB)
        do {
            try write(RunValue.object(of: values), for: user)
        } catch {
            remove()
            throw error
        }
    }

    private func write(_ values: String, for user: LocalUser?) throws(UnfitRequest) {
        let file = open(input, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o400)
        guard file >= 0 else { throw Self.trouble(path) }
        defer { close(file) }
        var rest = Array(values.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard written > 0 else { throw Self.trouble(path) }
            rest = rest.dropFirst(written)
        }
        guard let user else { return }
        guard fchown(file, user.uid, user.gid) == 0, chown(path, user.uid, user.gid) == 0 else {
            throw Self.trouble(path)
        }
    }

    private static func trouble(_ path: String) -> UnfitRequest {
        UnfitRequest(
            problem: "no file for values (ONEBEAT_INPUT, ONEBEAT_OUTPUT) can be made in \(path): "
                + "\(String(cString: strerror(errno))); give the node a TMPDIR that it can write to")
    }

    /// The value that the process left; `nil` where it left none.
    /// - Throws: ``RunValueError`` or ``UnfitRequest`` for what is there and is no value.
    func value() throws -> RunValue? {
        // A pipe must not be waited for, a link not be followed.
        let file = open(output, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw UnfitRequest(problem: "cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == user else {
            throw UnfitRequest(problem: "is no file of the job's own")
        }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= RunValue.mostBytes {
            let count = read(file, &piece, piece.count)
            guard count >= 0 else { throw UnfitRequest(problem: "cannot be read: \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            bytes += piece.prefix(count)
        }
        return bytes.isEmpty ? nil : try RunValue(json: bytes)
    }

    func remove() {
        unlink(output)
        unlink(input)
        // Whatever else the job put there is its own, and stays.
        rmdir(path)
        if handle >= 0 { close(handle) }
    }

    // MARK: What killed nodes left

    /// A folder is made before it is locked.
    private static let age: time_t = 60
    /// How many names are looked at, and folders opened: a folder for temporary files may hold anything.
    private static let mostNames = 100_000
    private static let mostFolders = 1000

    /// Removes what killed nodes of this user left in a folder: those of its folders that are empty but for the files that a
    /// node knows, and that nobody has locked. No link is followed.
    /// - Returns: how many folders were removed.
    static func sweep(_ folder: String) -> Int {
        guard let names = opendir(folder) else { return 0 }
        defer { closedir(names) }
        let place = dirfd(names)
        var removed = 0
        var looked = 0
        for _ in 0..<mostNames {
            guard looked < mostFolders, let entry = readdir(names) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix(prefix), name.utf8.count == prefix.utf8.count + random.utf8.count else { continue }
            looked += 1
            if sweep(name, in: place) { removed += 1 }
        }
        return removed
    }

    private static func sweep(_ name: String, in place: CInt) -> Bool {
        let folder = openat(place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return false }
        defer { close(folder) }
        var facts = stat()
        guard fstat(folder, &facts) == 0, facts.st_uid == geteuid(), facts.st_mtim.tv_sec < time(nil) - age,
            flock(folder, LOCK_EX | LOCK_NB) == 0
        else { return false }
        unlinkat(folder, "output.json", 0)
        unlinkat(folder, "input.json", 0)
        return unlinkat(place, name, AT_REMOVEDIR) == 0
    }
}
