/// The node's environment as jobs see it.
package struct NodeEnvironment: Sendable {
    private let variables: [String: String]
    /// What every process inherits. The node's own settings (`ONEBEAT_…`, the store's password among them) stay behind.
    package let inherited: [String: String]

    package init(_ variables: [String: String]) {
        self.variables = variables
        inherited = variables.filter { !$0.key.hasPrefix("ONEBEAT_") }
    }

    /// Replaces each `${NAME}`. All else, a lone `$` too, stays as it is.
    /// - Throws: ``UnfitRequest`` naming `key` and the variable, when the variable is not set.
    package func expand(_ text: String, key: String) throws(UnfitRequest) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
            let name = rest[start.upperBound..<end]
            guard let value = variables[String(name)] else {
                throw UnfitRequest(
                    problem: "\(key) names ${\(name)}, which is not set in the node's environment; set it there and "
                        + "restart the node")
            }
            result += rest[..<start.lowerBound] + value
            rest = rest[end...].dropFirst()
        }
        return result + rest
    }
}
