import ArgumentParser
import Onebeat
import OnebeatServer

/// Which store a command speaks to.
struct StoreOptions: ParsableArguments {
    @Option(
        help:
            "The store, such as sqlite:onebeat.db or postgres://USER@HOST/DATABASE. Otherwise ONEBEAT_STORE, then `store` in the file."
    )
    var store: String?
    @Option(help: "The configuration file. Otherwise ONEBEAT_CONFIG, then onebeat.yaml in the usual places.")
    var config: String?

    /// Opens the store that is there. A question never makes one.
    func open() async throws -> any Store { try await surroundings(asksStoreOnly: true).openStore() }

    /// - Parameters:
    ///   - file: the configuration file as an argument, where a command takes one.
    ///   - mayBeEmpty: whether a file without a job is meant.
    func surroundings(
        file: String? = nil, revision: String? = nil, mayBeEmpty: Bool = false, asksStoreOnly: Bool = false
    ) throws -> Surroundings {
        try Surroundings(
            argument: file, config: config, mayBeEmpty: mayBeEmpty, asksStoreOnly: asksStoreOnly,
            flags: SettingFlags(store: store, revision: revision))
    }
}
