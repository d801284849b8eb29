import Glibc
import Logging

/// The limit on open files. Each running job takes three at most, and most shells allow 1,024.
enum OpenFiles {
    /// What a node without jobs has open, generously: its store, Redis, and whoever looks at its pages.
    private static let spare = 100

    /// How many connections of readers there are room for at the least, which is for a person and a probe or two, and
    /// at the most.
    private static let fewest = 8, most = 256

    /// Raises the limit to the most that this process may have, and warns where that is too little for `slots`.
    ///
    /// Jobs keep the limit that the node was started with, since the guardian was forked before: programs that use
    /// select(2) cannot do with more than 1,024.
    /// - Returns: how many connections of readers there is room for, runs and all else taken care of.
    static func allow(forSlots slots: Int, _ logger: Logger) -> Int {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return fewest }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(files, &limit)
        let needed = 3 * slots + spare
        let left = Int(clamping: limit.rlim_max) - needed
        guard left < 0 else { return min(max(left, fewest), most) }
        logger.warning(
            "fewer open files are allowed than the slots may need: raise the hard limit (ulimit -Hn, LimitNOFILE=)",
            metadata: ["allowed": "\(limit.rlim_max)", "needed": "\(needed)", "slots": "\(slots)"])
        return fewest
    }
}
