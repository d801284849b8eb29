import ArgumentParser
import Onebeat
import OnebeatServer

/// A node to ask instead of the store.
struct ServerOptions: ParsableArguments {
    @Option(
        help:
            "Ask a node, such as https://onebeat.example.com, with the token in ONEBEAT_TOKEN, instead of the store. Otherwise ONEBEAT_SERVER."
    )
    var server: String?

    @Option(
        help:
            "The PEM file of who may have signed that node's certificate, where this machine does not know them. Otherwise ONEBEAT_CA."
    )
    var ca: String?

    /// The node to ask; `nil` where the store is asked.
    /// - Throws: ``CommandFailure`` where both are named, or the address cannot be used.
    func node(beside store: StoreOptions) throws -> RemoteNode? {
        if let node = try namedNode() {
            guard store.store == nil else {
                throw CommandFailure("--server and --store name two places; give one of them", .badData)
            }
            return node
        }
        // A store that is named on the command line is meant, whatever stands in the environment.
        guard store.store == nil, let address = value("ONEBEAT_SERVER") else { return nil }
        return try node(at: address)
    }

    /// The node that the command line names, for what is otherwise found out here whatever the environment says.
    func namedNode() throws -> RemoteNode? { try server.map { try node(at: $0) } }

    private func node(at address: String) throws -> RemoteNode {
        try RemoteNode(
            address, token: value("ONEBEAT_TOKEN"), authorities: ca ?? value("ONEBEAT_CA"),
            environment: Surroundings.environment)
    }

    private func value(_ name: String) -> String? { Surroundings.environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Whoever is asked: the node that was named, or else the store.
    func witness(beside store: StoreOptions) async throws -> any Witness {
        if let node = try node(beside: store) { return node }
        let surroundings = try store.surroundings(asksStoreOnly: true)
        return StoreWitness(
            try await surroundings.openStore(), keepsLocks: surroundings.settings.redis.value != nil)
    }

    /// Does something at the node that was named.
    /// - Returns: `false` where none was, and the store is asked.
    func act(
        _ path: String, _ fields: [String: JSONValue] = [:], method: String = "POST", isJSON: Bool = false,
        beside store: StoreOptions
    ) async throws -> Bool {
        guard let node = try node(beside: store) else { return false }
        let deed: RemoteNode.Deed = try await node.does(path, fields, method: method)
        switch (isJSON, deed.run, deed.runs) {
        case (true, let run?, _): try Output.json(run)
        case (true, nil, let runs?): try Output.json(runs)
        case (false, _, _), (true, nil, nil): for line in deed.said { Output.told(line) }
        }
        return true
    }
}
