import Foundation
import Onebeat

/// The folder by which a process is given values and hands one on: `input.json`, written before it starts, and
/// `output.json`, which it may write. It is the job's user's alone, and is removed when the process has ended. What the
/// process left in it is not trusted: it may be a link, a pipe, somebody else's file or no JSON.
struct ValueFolder {
    private let path: String
    private let user: uid_t

    var output: String { "\(path)/output.json" }
    var input: String { "\(path)/input.json" }

    /// - Parameters:
    ///   - values: what the job is given.
    ///   - user: whom the process becomes; `nil` where it stays what the node is.
    /// - Throws: ``UnfitRequest`` when there is no place for it.
    init(giving values: [String: RunValue], to user: LocalUser?, within folder: String) throws(UnfitRequest) {
        var template = Array("\(folder)/onebeat-run-XXXXXX".utf8CString)
        let isMade = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
        guard isMade else { throw Self.trouble(folder) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.user = user?.uid ?? geteuid()
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
    }
}
