import Glibc

/// What a job's process has in its environment before its job names anything: what cron gives, so that neither the
/// node's secrets nor those of other jobs are in it. The rest is asked for.
package struct JobEnvironment: Sendable {
    private let node: [String: String]
    private let own: LocalUser?

    /// How text and times are written: no secrets, and a program of another mind would surprise.
    private static let shared = ["LANG", "LANGUAGE", "TZ"]
    /// What a service manager tells the node and means for it alone: a job that had it could speak in the node's name.
    private static let managers: Set = [
        "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID",
        "LISTEN_PIDFDID",
        "INVOCATION_ID", "JOURNAL_STREAM", "MAINPID", "MANAGERPID", "SYSTEMD_EXEC_PID", "CREDENTIALS_DIRECTORY",
        "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE", "FDSTORE",
    ]

    /// - Parameters:
    ///   - node: the node's own environment.
    ///   - own: the user that the node is.
    init(of node: [String: String], own: LocalUser? = LocalUser(numbered: geteuid())) {
        self.node = node
        self.own = own
    }

    /// What cron gives.
    /// - Parameter user: whom the process becomes; `nil` where it stays what the node is.
    func basic(for user: LocalUser?) -> [String: String] {
        var variables = node.filter { Self.shared.contains($0.key) || $0.key.hasPrefix("LC_") }
        if let user {
            variables.merge(Self.login(user)) { $1 }
        } else {
            if let own { variables.merge(Self.login(own)) { $1 } }
            // The node's own way to programs and home; both may have been chosen for it.
            for name in ["PATH", "HOME"] { if let value = node[name] { variables[name] = value } }
        }
        return variables
    }

    /// All that the node has, but for what is its own.
    func inherited(by user: LocalUser?) -> [String: String] {
        let variables = node.filter { !Self.isNodesOwn($0.key) }
        guard let user else { return variables }
        return variables.merging(Self.login(user)) { $1 }
    }

    static func isNodesOwn(_ name: String) -> Bool { name.hasPrefix("ONEBEAT_") || managers.contains(name) }

    /// As cron has it: the shell is the one that runs the line, and not the one the user logs in with, which for many
    /// is `nologin`.
    private static func login(_ user: LocalUser) -> [String: String] {
        let path =
            user.uid == 0
            ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" : "/usr/local/bin:/usr/bin:/bin"
        return ["HOME": user.home, "LOGNAME": user.name, "USER": user.name, "SHELL": "/bin/sh", "PATH": path]
    }
}
