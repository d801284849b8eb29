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
    /// `--listen`
    package var listen: String?
    /// `--node`
    package var node: String?
    /// `--slots`
    package var slots: String?
    /// `--queue`, each time it was given.
    package var queues: [String]
    /// `--drain`
    package var drain: String?
    /// `--log-format`
    package var logFormat: String?
    /// `--log-level`
    package var logLevel: String?

    package init(
        store: String? = nil, listen: String? = nil, node: String? = nil, slots: String? = nil, queues: [String] = [],
        drain: String? = nil, logFormat: String? = nil, logLevel: String? = nil
    ) {
        self.store = store
        self.listen = listen
        self.node = node
        self.slots = slots
        self.queues = queues
        self.drain = drain
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

/// Settles settings one by one and collects what is wrong with them.
struct SettingSources {
    let environment: [String: String]
    /// The configuration file's path.
    let file: String?
    private(set) var problems: [String] = []

    init(environment: [String: String], file: String?) {
        self.environment = environment
        self.file = file
    }

    /// The first of flag, variable and file that says something; an empty variable says nothing.
    /// A value that is overruled is never read, so it cannot be wrong.
    mutating func settle<Value: Sendable & Equatable>(
        _ name: String, flagName: String? = nil, flag: String?, file text: String?, fileKey: String? = nil,
        standard: Value, read: (String) throws(Misfit) -> Value
    ) -> Setting<Value> {
        let variable = "ONEBEAT_" + name.uppercased().replacing("-", with: "_")
        let given: (text: String, origin: SettingOrigin)? =
            if let flag {
                (flag, .flag(flagName ?? "--" + name))
            } else if let value = environment[variable], !value.isEmpty {
                (value, .environment(variable))
            } else if let text {
                (text, .file(file ?? "the file", key: fileKey ?? name))
            } else {
                nil
            }
        guard let (text, origin) = given else { return Setting(standard, from: .standard) }
        do throws(Misfit) {
            guard !text.isEmpty else { throw Misfit("is empty; give it a value or leave it out") }
            return Setting(try read(text), from: origin)
        } catch {
            problems.append("\(origin): \(error.message)")
            return Setting(standard, from: origin)
        }
    }
}
