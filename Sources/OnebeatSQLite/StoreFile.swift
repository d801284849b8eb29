import Foundation
import Onebeat

/// Whether a path can hold a store.
enum StoreFile {
    /// File systems that other machines can write to: there, SQLite's locks and its shared memory do not hold.
    private static let shared: Set<String> = [
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse.ceph", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "gfs2",
        "gpfs", "kafs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs",
    ]

    static func check(_ path: String, mustExist: Bool) throws(StoreError) {
        let file = URL(fileURLWithPath: path)
        let folder = file.deletingLastPathComponent().resolvingSymlinksInPath().path
        if !FileManager.default.fileExists(atPath: path) {
            if mustExist {
                throw .notFound(
                    "there is no store at \(path); name another with --store, or start one with `onebeat up`")
            }
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
                throw .refused(
                    "there is no folder \(folder) to keep the store in; create it, or name another with --store")
            }
        }
        let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
        if let type = fileSystem(of: folder, in: mounts), shared.contains(type) {
            throw .refused(
                "\(path) is on a network file system (\(type)), where SQLite cannot lock safely; "
                    + "use a local disk, or PostgreSQL for several machines")
        }
    }

    /// Makes the file, where there is none, for its owner alone: it holds what jobs say. SQLite gives `-wal` and `-shm` the
    /// rights of the file. One that is there keeps its own; somebody may share it on purpose.
    static func create(_ path: String) throws(StoreError) {
        let file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard file < 0 else {
            close(file)
            return
        }
        if errno != EEXIST {
            throw .refused("\(path) cannot be made: \(String(cString: strerror(errno)).lowercased())")
        }
    }

    /// The type of the file system that holds a folder, from the lines of `/proc/self/mountinfo` (proc(5)): the mount
    /// point is the fifth field, the type the first after the separator ` - `. The later of two mounts on one point counts.
    static func fileSystem(of folder: String, in mountInfo: String) -> String? {
        var best: (length: Int, type: String)?
        for line in mountInfo.split(separator: "\n") {
            guard let separator = line.range(of: " - ") else { continue }
            let fields = line[..<separator.lowerBound].split(separator: " ")
            guard fields.count >= 5, let type = line[separator.upperBound...].split(separator: " ").first else {
                continue
            }
            // proc(5): spaces and backslashes in a mount point are written in octal.
            let point = fields[4].replacingOccurrences(of: "\\040", with: " ")
                .replacingOccurrences(of: "\\134", with: "\\")
            let isAbove = point == "/" || folder == point || folder.hasPrefix(point + "/")
            if isAbove, point.utf8.count >= best?.length ?? 0 { best = (point.utf8.count, String(type)) }
        }
        return best?.type
    }
}
