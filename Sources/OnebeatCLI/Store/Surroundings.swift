import Foundation
import Logging
import Onebeat
import OnebeatSQLite
import OnebeatServer

/// What a command is surrounded by: its environment, its configuration file and the store the two lead to.
struct Surroundings {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    struct Flags {
        var store: String?
        var listen: String?
        var node: String?
        var slots: String?
        var queues: [String] = []
        var drain: String?
        var logFormat: String?
        var logLevel: String?
        var config: String?
    }

    let storePath: String
    /// How the store's place was found, for messages.
    let origin: String
    let file: ConfigurationFile?
    let listen: ListenAddress
    let logFormat: LogFormat
    let logLevel: Logger.Level
    let nodeSettings: NodeSettings

    init(file path: String?, flags: Flags) throws {
        let environment = Self.environment
        let named = path ?? flags.config ?? environment["ONEBEAT_CONFIG"]
        let found = named ?? (FileManager.default.fileExists(atPath: "onebeat.yaml") ? "onebeat.yaml" : nil)
        file = try found.map { try Self.load($0) }
        let store = flags.store ?? environment["ONEBEAT_STORE"] ?? file?.store ?? "sqlite:onebeat.db"
        storePath = store.hasPrefix("sqlite:") ? String(store.dropFirst(7)) : store
        origin = "settings"
        listen = ListenAddress(text: flags.listen ?? environment["ONEBEAT_LISTEN"] ?? file?.listen ?? "") ?? .standard
        logFormat = LogFormat(rawValue: flags.logFormat ?? environment["ONEBEAT_LOG_FORMAT"] ?? "") ?? .text
        logLevel = Logger.Level(rawValue: flags.logLevel ?? environment["ONEBEAT_LOG_LEVEL"] ?? "") ?? .info
        var settings = NodeSettings(
            name: flags.node ?? environment["ONEBEAT_NODE"] ?? file?.node.name ?? ProcessInfo.processInfo.hostName)
        settings.slots = (flags.slots ?? environment["ONEBEAT_SLOTS"]).flatMap(Int.init) ?? file?.node.slots ?? 16
        if !flags.queues.isEmpty { settings.queues = flags.queues }
        settings.drain = flags.drain.flatMap { Duration(text: $0) } ?? file?.node.drain ?? settings.drain
        settings.keep = file?.node.keep ?? settings.keep
        nodeSettings = settings
    }

    static func requiredFile(named path: String?) throws -> String {
        if let path = path ?? environment["ONEBEAT_CONFIG"] { return path }
        if FileManager.default.fileExists(atPath: "onebeat.yaml") { return "onebeat.yaml" }
        throw CommandFailure("there is no configuration file: name one, or make onebeat.yaml here", .noInput)
    }

    static func load(_ path: String) throws -> ConfigurationFile {
        do {
            return try ConfigurationFile.load(path: path, environment: environment)
        } catch {
            guard FileManager.default.fileExists(atPath: path) else {
                throw CommandFailure("there is no file \(path); name the configuration file to use", .noInput)
            }
            throw CommandFailure(error.description, .badData)
        }
    }

    static func warn(of file: ConfigurationFile) {
        for warning in file.warnings { Output.note("onebeat: warning: \(warning)") }
    }

    /// The file, which this command cannot do without.
    func requiredFile() throws -> ConfigurationFile {
        if let file { return file }
        return try Self.load(Self.requiredFile(named: nil))
    }

    var storeExists: Bool { FileManager.default.fileExists(atPath: storePath) }

    /// Opens the store that is there; a question never makes one.
    func openStore() throws -> any Store {
        guard storeExists else {
            throw CommandFailure(
                "there is no store at \(storePath) (\(origin)); `onebeat up` or `onebeat apply FILE` makes one, --store"
                    + " names another", .noInput)
        }
        return try SQLiteStore(path: storePath, mustExist: true)
    }

    /// Opens the store, and makes it where there is none.
    func makeStore() throws -> any Store { try SQLiteStore(path: storePath) }
}
