import Foundation
import Onebeat
import OnebeatPostgres
import OnebeatSQLite
import OnebeatServer

/// What a command is surrounded by: its flags, its environment and its configuration file, and what they settle.
struct Surroundings {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// Where the configuration file was found, if there is one.
    let place: Setting<String>?
    let file: ConfigurationFile?
    let settings: Settings

    /// - Parameters:
    ///   - argument: the file as the command's argument.
    ///   - config: the file as `--config`.
    ///   - mayBeEmpty: whether a file without a job is meant.
    ///   - asksStoreOnly: whether nothing but the store is of interest: where that is named elsewhere, a file with mistakes
    ///     keeps nobody from looking into it.
    /// - Throws: ``CommandFailure`` when the file or a setting cannot be used.
    init(
        argument: String? = nil, config: String? = nil, mayBeEmpty: Bool = false, asksStoreOnly: Bool = false,
        flags: SettingFlags = SettingFlags()
    ) throws {
        place = Self.findFile(argument: argument, config: config)
        let isStoreNamed = flags.store != nil || Self.environment["ONEBEAT_STORE"]?.isEmpty == false
        do {
            file = try place.map { try Self.load($0.value, mayBeEmpty: mayBeEmpty) }
        } catch let failure as CommandFailure where asksStoreOnly && isStoreNamed && failure.exit == .badData {
            file = nil
        }
        do {
            settings = try Settings.resolve(
                flags: flags, environment: Self.environment, file: file,
                hostName: ProcessInfo.processInfo.hostName)
        } catch {
            throw CommandFailure(error.problems, .badSetting)
        }
    }

    // MARK: The file

    static func findFile(argument: String?, config: String? = nil) -> Setting<String>? {
        ConfigurationSearch.find(argument: argument, flag: config, environment: environment) {
            FileManager.default.fileExists(atPath: $0)
        }
    }

    /// The file of a command that cannot do without one.
    static func requiredFile(argument: String?) throws -> String {
        if let place = findFile(argument: argument) { return place.value }
        let places = ConfigurationSearch.usualPlaces(environment).joined(separator: ", ")
        throw CommandFailure(
            "there is no configuration file: name one, or put it where it is looked for (\(places));"
                + " `onebeat import crontab` makes one from a crontab", .noInput)
    }

    static func load(_ path: String, mayBeEmpty: Bool = false) throws -> ConfigurationFile {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure("there is no file \(path); name the configuration file to use", .noInput)
        }
        do {
            return try ConfigurationFile.load(path: path, environment: environment, mayBeEmpty: mayBeEmpty)
        } catch {
            throw CommandFailure(error.problems.map(\.description), .badData)
        }
    }

    /// The file, for a command that cannot do without one.
    func requiredFile() throws -> ConfigurationFile {
        if let file { return file }
        return try Self.load(Self.requiredFile(argument: nil))
    }

    /// Tells what is allowed in a file and yet probably not meant.
    static func warn(of file: ConfigurationFile) {
        for warning in file.warnings { Output.note("onebeat: warning: \(warning)") }
    }

    // MARK: The store

    /// The store in a few words: its file, or its database without a password.
    var storeName: String {
        switch settings.store.value {
        case .sqlite(let path): path
        case .postgres: settings.store.value.description
        }
    }

    /// Opens the store that is there; a question never makes one.
    func openStore() async throws -> any Store {
        if let store = try await openStoreIfThere() { return store }
        throw CommandFailure(
            "there is no store at \(storeName) (\(settings.store.origin)); `onebeat up` or `onebeat apply` makes"
                + " one, --store names another", .noInput)
    }

    /// Opens the store that is there, if one is.
    func openStoreIfThere() async throws -> (any Store)? {
        switch settings.store.value {
        case .sqlite(let path):
            guard FileManager.default.fileExists(atPath: path) else { return nil }
            return try SQLiteStore(path: path, mustExist: true)
        case .postgres(let url):
            do {
                return try await PostgresStore.open(url.text, mustExist: true)
            } catch StoreError.notFound {
                return nil
            }
        }
    }

    /// Opens the store, and makes it where there is none.
    func makeStore() async throws -> any Store {
        switch settings.store.value {
        case .sqlite(let path): try SQLiteStore(path: path)
        case .postgres(let url): try await PostgresStore.open(url.text)
        }
    }
}
