import Onebeat

/// What a run handed on, as far as people may see it.
package enum ShownValue: Sendable, Equatable {
    case value(RunValue)
    /// Its job says `secret: [output]`.
    case secret
}

extension JobStore where Self: HistoryStore {
    /// What a run handed on; `nil` for nothing.
    package func shownValue(of run: Run) async throws(StoreError) -> ShownValue? {
        guard let value = try await value(of: run.id) else { return nil }
        // A definition that cannot be read may say that it is secret.
        guard let definition = try await definition(run.version), definition.trouble == nil,
            !definition.hasSecretOutput
        else { return .secret }
        return .value(value)
    }
}
