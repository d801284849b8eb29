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
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 65_536)
        guard getpwnam_r(name, &record, &buffer, buffer.count, &found) == 0, found != nil else {
            throw UnfitRequest(problem: "user \"\(name)\" does not exist on this machine; create it or name another")
        }
        self.name = name
        uid = record.pw_uid
        gid = record.pw_gid
        home = String(cString: record.pw_dir)
        shell = String(cString: record.pw_shell)
        var count: CInt = 1024
        groups = Array(repeating: 0, count: Int(count))
        getgrouplist(name, record.pw_gid, &groups, &count)
        groups.removeLast(groups.count - min(groups.count, Int(count)))
    }

    /// What a login would set; a program started as somebody else must not read the node's own home.
    package var environment: [String: String] { ["HOME": home, "USER": name, "LOGNAME": name, "SHELL": shell] }
}
