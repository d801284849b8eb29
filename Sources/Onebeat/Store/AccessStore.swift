/// Who may see and act on the web: users, their sessions, and tokens of programs. Nothing in it opens a door by itself:
/// passwords are salted hashes, and of secrets only fingerprints are kept.
public protocol AccessStore: Sendable {
    /// Adds a user, and writes an event.
    /// - Returns: `false` where there is one of that name already, and nothing was changed.
    func add(_ user: WebUser, by actor: String) async throws(StoreError) -> Bool

    /// The users by name, at most `limit` of those after one; one whose row cannot be read is none.
    func users(after name: String?, limit: Int) async throws(StoreError) -> [WebUser]

    /// One user.
    func user(_ name: String) async throws(StoreError) -> WebUser?

    /// Gives a user another password, ends the user's sessions, forgets failures to sign in as the user, and writes an event.
    /// - Returns: `false` where there is no such user.
    func setPassword(_ hash: String, of user: String, by actor: String) async throws(StoreError) -> Bool

    /// Removes a user with all sessions, and writes an event.
    /// - Parameter keepsAdmin: whether the last one who may do everything stays: an admin of all jobs.
    /// - Returns: `false` where there is no such user.
    /// - Throws: ``StoreError/refused(_:)`` for the last one.
    func removeUser(_ name: String, keepingAdmin keepsAdmin: Bool, by actor: String) async throws(StoreError) -> Bool

    /// Begins a session of a user, forgets sessions that are over, and writes an event.
    /// - Returns: `false` where there is no such user any more.
    func beginSession(_ digest: String, of user: String, lasting length: Duration) async throws(StoreError) -> Bool

    /// A session that is not over and was used within `idle`, with its user. It counts as used now, to the accuracy of some
    /// minutes.
    func session(_ digest: String, idle: Duration) async throws(StoreError) -> WebUser?

    /// Ends a session, if there is one.
    func endSession(_ digest: String) async throws(StoreError)

    /// Adds a token, and writes an event.
    /// - Returns: `false` where there is one of that name already, and nothing was changed.
    func add(_ token: WebToken, by actor: String) async throws(StoreError) -> Bool

    /// The tokens by name, at most `limit` of those after one, those that are over included.
    func tokens(after name: String?, limit: Int) async throws(StoreError) -> [WebToken]

    /// The token of a fingerprint, when it is not over.
    func token(_ digest: String) async throws(StoreError) -> WebToken?

    /// Removes a token, and writes an event.
    /// - Returns: `false` where there is no such token.
    func revokeToken(_ name: String, by actor: String) async throws(StoreError) -> Bool

    /// How often signing in failed lately, by key; with the store's time.
    func signInFailures(of keys: [String]) async throws(StoreError) -> (
        failures: [String: SignInFailures], now: Timestamp
    )

    /// Counts a failure for each key. What is older than an hour counts no more, and is forgotten.
    func countSignInFailure(of keys: [String]) async throws(StoreError)

    /// Forgets the failures of these keys.
    func forgetSignInFailures(of keys: [String]) async throws(StoreError)
}

extension AccessStore {
    /// The first users by name.
    public func users(limit: Int) async throws(StoreError) -> [WebUser] { try await users(after: nil, limit: limit) }

    /// The first tokens by name.
    public func tokens(limit: Int) async throws(StoreError) -> [WebToken] { try await tokens(after: nil, limit: limit) }

    /// Removes a user with all sessions, whoever that is.
    public func removeUser(_ name: String, by actor: String) async throws(StoreError) -> Bool {
        try await removeUser(name, keepingAdmin: false, by: actor)
    }
}

/// Somebody who may sign in.
public struct WebUser: Sendable, Equatable {
    /// The name to sign in by, and as events tell it.
    public var name: String
    /// What they may do.
    public var role: Role
    /// The jobs they may act on.
    public var scope: JobScope
    /// A salted hash, in the form of its function.
    public var password: String
    /// When they were added; the store fills it in.
    public var createdAt: Timestamp

    /// Makes a user.
    public init(
        name: String, role: Role, scope: JobScope = .all, password: String, createdAt: Timestamp = .distantPast
    ) {
        self.name = name
        self.role = role
        self.scope = scope
        self.password = password
        self.createdAt = createdAt
    }
}

/// What a program shows instead of signing in.
public struct WebToken: Sendable, Equatable {
    /// Its name, as events tell it.
    public var name: String
    /// The fingerprint of its secret.
    public var digest: String
    /// What its bearer may do.
    public var role: Role
    /// The jobs its bearer may act on.
    public var scope: JobScope
    /// Who made it.
    public var createdBy: String
    /// When it was made; the store fills it in.
    public var createdAt: Timestamp
    /// When it is over; `nil` is never.
    public var expiresAt: Timestamp?

    /// Makes a token.
    public init(
        name: String, digest: String, role: Role, scope: JobScope = .all, createdBy: String = "",
        createdAt: Timestamp = .distantPast, expiresAt: Timestamp? = nil
    ) {
        self.name = name
        self.digest = digest
        self.role = role
        self.scope = scope
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// Failures to sign in, one after the other.
public struct SignInFailures: Sendable, Equatable {
    /// How many.
    public var count: Int
    /// When the last one was.
    public var lastAt: Timestamp

    /// Makes a count.
    public init(count: Int, lastAt: Timestamp) {
        self.count = count
        self.lastAt = lastAt
    }

    /// After so long a failure counts no more.
    package static let memory = Duration.seconds(3600)
}

/// Rules of sessions that all stores share.
package enum WebSession {
    /// A session counts as used to this accuracy, so that not every page is a write.
    package static let useAccuracy = Duration.seconds(300)
}
