import CGuardian

/// A process to start: what, where, as whom and within which limits.
package struct ProcessRequest: Sendable {
    /// The program, looked up in the `PATH` of `environment` unless it holds a slash, and its arguments.
    package var arguments: [String]
    /// The whole environment; nothing is added.
    package var environment: [String: String] = [:]
    /// The working directory; the node's own when `nil`.
    package var directory: String?
    /// Whom to become; the node's own user when `nil`.
    package var user: LocalUser?
    /// Address space in bytes, above 0.
    package var memory: Int?
    /// Processor time in seconds, above 0.
    package var cpu: Int?
    /// Added to the node's niceness, −20 to 19.
    package var nice: Int?
    /// Between TERM and KILL, up to 49 days.
    package var grace: Duration = .seconds(10)
    /// Whether what it leaves behind may live on.
    package var leave = false

    /// Asks for a program with the node's own user and directory and no limits.
    package init(_ arguments: [String], environment: [String: String] = [:]) {
        self.arguments = arguments
        self.environment = environment
    }

    /// The order as the guardian reads it: the fixed head, the group ids, then strings that end in NUL.
    /// - Throws: ``UnfitRequest`` when there is no program or a string holds a NUL.
    func encoded(takesInput: Bool = false) throws(UnfitRequest) -> [UInt8] {
        guard let program = arguments.first, !program.isEmpty else {
            throw UnfitRequest(problem: "there is no program to run; give at least one word")
        }
        let groups = user?.groups ?? []
        var head = guardian_order()
        head.memory_bytes = UInt64(clamping: memory ?? 0)
        head.cpu_seconds = UInt64(clamping: cpu ?? 0)
        head.argument_count = UInt32(clamping: arguments.count)
        head.environment_count = UInt32(clamping: environment.count)
        head.group_count = UInt32(clamping: groups.count)
        head.takes_input = takesInput ? 1 : 0
        head.nice = Int32(clamping: nice ?? 0)
        if let user {
            head.sets_user = 1
            head.uid = user.uid
            head.gid = user.gid
        }

        var bytes = withUnsafeBytes(of: head) { Array($0) }
        groups.withUnsafeBytes { bytes.append(contentsOf: $0) }
        let strings = [directory ?? ""] + arguments + environment.map { "\($0)=\($1)" }
        for string in strings {
            guard !string.utf8.contains(0) else {
                throw UnfitRequest(problem: "\"\(string)\" holds a NUL byte, which no process can be given; remove it")
            }
            bytes.append(contentsOf: string.utf8)
            bytes.append(0)
        }
        return bytes
    }
}

/// A request that no process could be started from.
package struct UnfitRequest: Error, Equatable, CustomStringConvertible {
    let problem: String

    package var description: String { problem }
}

extension Duration {
    /// Whole milliseconds, rounded down, between 0 and 49 days.
    var milliseconds: UInt32 { UInt32(clamping: nanoseconds / 1_000_000) }

    /// Whole nanoseconds; up to 292 years.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return Int64(clamping: Int128(seconds) * 1_000_000_000 + Int128(attoseconds / 1_000_000_000))
    }
}
