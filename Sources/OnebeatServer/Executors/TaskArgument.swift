import Onebeat

/// What a text in the arguments of a task stands for: variables of the node's environment, and for a job that follows others
/// what those handed on.
package enum TaskArgument {
    /// - Throws: what keeps the text from being sent, in words, and never a value.
    package static func value(
        of text: String, for claim: Claim, environment: [String: String]
    ) throws -> JSONValue {
        let names = claim.definition.valueNames
        guard !names.isEmpty else {
            return .string(try EnvironmentExpansion.expand(text, environment: environment))
        }
        // A value is what somebody else wrote: no variable is looked for in it.
        return try ValueTemplate(parents: names, input: claim.input).value(of: text) {
            text throws(EnvironmentExpansion.Failure) in
            try EnvironmentExpansion.expand(text, environment: environment)
        }
    }
}
