import Glibc
import Logging

/// The limit on open files. Each running job takes two, and most shells allow 1,024.
enum OpenFiles {
    /// What a node without jobs has open, generously: its store, Redis, and whoever looks at its pages.
    private static let spare = 100

    /// Raises the limit to the most that this process may have, and warns where that is too little for `slots`.
    ///
    /// Jobs keep the limit that the node was started with, since the guardian was forked before: programs that use
    /// select(2) cannot do with more than 1,024.
    static func allow(forSlots slots: Int, _ logger: Logger) {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(files, &limit)
        let needed = 2 * slots + spare
        guard limit.rlim_max < needed else { return }
        logger.warning(
            "fewer open files are allowed than the slots may need: raise the hard limit (ulimit -Hn, LimitNOFILE=)",
            metadata: ["allowed": "\(limit.rlim_max)", "needed": "\(needed)", "slots": "\(slots)"])
    }
}
