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
        let found = Self.lookUp { record, buffer, size, found in
            getpwnam_r(name, record, buffer, size, found)
        }
        guard let user = found else {
            throw UnfitRequest(problem: "user \"\(name)\" does not exist on this machine; create it or name another")
        }
        self = user
    }

    /// The user of a number, where the system knows one.
    init?(numbered uid: uid_t) {
        let found = Self.lookUp { record, buffer, size, found in
            getpwuid_r(uid, record, buffer, size, found)
        }
        guard let found else { return nil }
        self = found
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

    private typealias Found = UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>

    private static func lookUp(
        _ ask: (UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int, Found) -> CInt
    ) -> LocalUser? {
        // The record points into the buffer, so it is read before the buffer goes.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { buffer in
            var record = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let start = buffer.baseAddress, ask(&record, start, buffer.count, &found) == 0 else { return nil }
            return found.map { LocalUser($0.pointee) }
        }
    }
}
