import Onebeat

/// Who may sign in, and what programs show instead: added, changed and removed by the same rules and in the same words
/// whoever does it.
extension Acts {
    /// What stands for the password of somebody who comes by a proxy only.
    package static let noPassword = "none"

    /// Adds somebody who may sign in.
    /// - Parameter hash: as ``Password/hash(_:cost:)`` makes it; without one they come by a proxy only.
    /// - Returns: words on it.
    /// - Throws: ``ActRefusal`` for what is no name, and for one that is taken.
    package func addUser(_ name: String, _ role: Role, _ scope: JobScope, hash: String?) async throws -> String {
        try Self.requireName(name)
        let user = WebUser(name: name, role: role, scope: scope, password: hash ?? Self.noPassword)
        guard try await store.add(user, by: actor) else {
            throw ActRefusal(
                .conflict,
                "there is a user \(name) already; `onebeat users remove \(name)` first, or `onebeat users password \(name)`"
            )
        }
        return "\(name) is \(role.rawValue)"
    }

    /// Removes a user, and ends all sessions of theirs.
    /// - Parameter keepsAdmin: whether the last admin of all jobs stays.
    /// - Returns: words on it; `nil` where there is no such user.
    /// - Throws: ``ActRefusal`` for the last one.
    package func removeUser(_ name: String, keepingAdmin keepsAdmin: Bool = false) async throws -> String? {
        do {
            let isRemoved = try await store.removeUser(name, keepingAdmin: keepsAdmin, by: actor)
            return isRemoved ? "\(name) is removed" : nil
        } catch StoreError.refused(let words) {
            throw ActRefusal(.conflict, words)
        }
    }

    /// Gives a user another password, and ends all sessions of theirs.
    /// - Returns: words on it; `nil` where there is no such user.
    package func setPassword(_ hash: String, of name: String) async throws -> String? {
        try await store.setPassword(hash, of: name, by: actor)
            ? "\(name) has a new password, and is signed out everywhere" : nil
    }

    /// Makes a token. Its text is told this once: the store keeps a fingerprint.
    /// - Throws: ``ActRefusal`` for what is no name, and for one that is taken.
    package func createToken(
        _ name: String, _ role: Role, _ scope: JobScope, lasting length: Duration?
    ) async throws -> CreatedToken {
        try Self.requireName(name)
        let now = try await store.now()
        let end = length.map { now + $0 }
        let (text, digest) = TokenText.fresh()
        let token = WebToken(name: name, digest: digest, role: role, scope: scope, expiresAt: end)
        guard try await store.add(token, by: actor) else {
            throw ActRefusal(
                .conflict, "there is a token \(name) already; `onebeat tokens revoke \(name)` first")
        }
        return CreatedToken(name: name, token: text, expiresAt: end)
    }

    /// Takes a token out of use, at once.
    /// - Returns: words on it; `nil` where there is no such token.
    package func revokeToken(_ name: String) async throws -> String? {
        try await store.revokeToken(name, by: actor) ? "\(name) is revoked" : nil
    }

    private static func requireName(_ name: String) throws(ActRefusal) {
        if let problem = UserName.problem(name) { throw ActRefusal(.invalid, "the name \(problem)") }
    }
}

/// A token that was made.
package struct CreatedToken: Codable, Sendable {
    package var name: String
    package var token: String
    package var expiresAt: Timestamp?

    /// What to do with it.
    package var advice: String {
        "keep it now, it is not shown again; it is over \(expiresAt.map { "at \($0.words)" } ?? "when it is revoked")"
    }
}
