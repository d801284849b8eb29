/// A value and where it comes from.
package struct Setting<Value: Sendable & Equatable>: Sendable, Equatable {
    /// The value that counts.
    package var value: Value
    /// Where it comes from.
    package var origin: SettingOrigin

    package init(_ value: Value, from origin: SettingOrigin) {
        self.value = value
        self.origin = origin
    }
}

/// Where a setting comes from.
package enum SettingOrigin: Sendable, Equatable, CustomStringConvertible {
    /// The command's own argument.
    case argument
    /// A flag, such as `--store`.
    case flag(String)
    /// A variable of the environment, such as `ONEBEAT_STORE`.
    case environment(String)
    /// A key of the configuration file at that path.
    case file(String, key: String)
    /// One of the places where a configuration file is looked for.
    case usualPlace
    /// Nobody said anything.
    case standard

    /// The origin in words.
    package var description: String {
        switch self {
        case .argument: "argument"
        case .flag(let name): name
        case .environment(let name): name
        case .file(let path, let key): "\(key) in \(path)"
        case .usualPlace: "a usual place"
        case .standard: "default"
        }
    }
}

/// The texts of the flags that a command was given; `nil` or empty where it was not.
package struct SettingFlags: Sendable, Equatable {
    /// `--store`
    package var store: String?
    /// `--redis`
    package var redis: String?
    /// `--listen`
    package var listen: String?
    /// `--node`
    package var node: String?
    /// `--role`, each time it was given.
    package var roles: [String]
    /// `--slots`
    package var slots: String?
    /// `--queue`, each time it was given.
    package var queues: [String]
    /// `--drain`
    package var drain: String?
    /// `--revision`
    package var revision: String?
    /// `--log-format`
    package var logFormat: String?
    /// `--log-level`
    package var logLevel: String?

    package init(
        store: String? = nil, redis: String? = nil, listen: String? = nil, node: String? = nil,
        roles: [String] = [], slots: String? = nil, queues: [String] = [], drain: String? = nil,
        revision: String? = nil, logFormat: String? = nil, logLevel: String? = nil
    ) {
        self.store = store
        self.redis = redis
        self.listen = listen
        self.node = node
        self.roles = roles
        self.slots = slots
        self.queues = queues
        self.drain = drain
        self.revision = revision
        self.logFormat = logFormat
        self.logLevel = logLevel
    }
}

/// Settings that cannot be used: each problem names the flag, variable or key that the value came from.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and what would do, at least one.
    package var problems: [String]

    /// All problems, one below the other.
    package var description: String { problems.joined(separator: "\n") }
}
