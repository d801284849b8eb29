import Glibc

/// A user of this machine whom a process can become.
package struct LocalUser: Sendable, Equatable {
    package var name: String
    package var uid: UInt32
    package var gid: UInt32
    /// All groups, the first one included.
    package var groups: [UInt32]
    package var home: String
    package var shell: String

    /// Looks a user up in the system's own sources (`/etc/passwd`, or whatever nsswitch.conf names).
    /// - Throws: ``UnfitRequest`` when there is no such user.
    package init(named name: String) throws(UnfitRequest) {
        guard let user = Self.lookUp(name) else {
            throw UnfitRequest(problem: "user \"\(name)\" does not exist on this machine; create it or name another")
        }
        self = user
    }

    private init(_ record: passwd) {
        name = String(cString: record.pw_name)
        uid = record.pw_uid
        gid = record.pw_gid
        home = String(cString: record.pw_dir)
        shell = String(cString: record.pw_shell)
        var count: CInt = 1024
        groups = Array(repeating: 0, count: Int(count))
        getgrouplist(name, gid, &groups, &count)
        groups.removeLast(groups.count - min(groups.count, Int(count)))
    }

    private static func lookUp(_ name: String) -> LocalUser? {
        // The record points into the buffer, so it is read before the buffer goes.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { buffer in
            var record = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let start = buffer.baseAddress,
                getpwnam_r(name, &record, start, buffer.count, &found) == 0
            else { return nil }
            return found.map { LocalUser($0.pointee) }
        }
    }

    /// What a login would set; a program started as somebody else must not read the node's own home.
    package var environment: [String: String] { ["HOME": home, "USER": name, "LOGNAME": name, "SHELL": shell] }
}
