// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: AccessStore {
    public func add(_ user: WebUser, by actor: String) async throws(StoreError) -> Bool {
        try await change(
            """
            INSERT INTO web_users (name, role, scope, password, created_at)
            VALUES ($2, $3, $4, $5, \(Transaction.time(of: 1))) ON CONFLICT DO NOTHING
            """, [.text(user.name), .text(user.role.rawValue), .text(user.scope.text), .text(user.password)],
            Event("user.added", actor: actor, message: "\(user.name): \(user.role.rawValue)"))
    }

    public func users(after name: String?, limit: Int) async throws(StoreError) -> [WebUser] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    "SELECT \(WebUser.columns) FROM web_users u WHERE u.name > $2 ORDER BY u.name LIMIT $1",
                    [.int(limit), .text(name ?? "")])
            ])[0].map { WebUser(row: $0) }.compactMap(\.self)
        }
    }

    public func user(_ name: String) async throws(StoreError) -> WebUser? {
        try await move { transaction in
            try transaction.look([
                Statement("SELECT \(WebUser.columns) FROM web_users u WHERE u.name = $1", [.text(name)])
            ])[0].first.flatMap { WebUser(row: $0) }
        }
    }

    public func setPassword(_ hash: String, of user: String, by actor: String) async throws(StoreError) -> Bool {
        try await change(
            "UPDATE web_users SET password = $3 WHERE name = $2 AND $1::timestamptz IS NOT NULL",
            [.text(user), .text(hash)],
            Event("user.password_set", actor: actor, message: user),
            [
                Statement("DELETE FROM web_sessions WHERE user_name = $1", [.text(user)]),
                Statement(
                    "DELETE FROM sign_in_failures WHERE key = $1 OR starts_with(key, $2)",
                    [.text(SignInKey.user(user)), .text(SignInKey.pairs(of: user))]),
            ])
    }

    public func removeUser(
        _ name: String, keepingAdmin keepsAdmin: Bool, by actor: String
    ) async throws(StoreError) -> Bool {
        try await move { transaction in
            if keepsAdmin {
                // All of them are locked: of two who remove one another at one moment, the later finds nobody else.
                let admins = try transaction.flight([
                    Statement(
                        "SELECT \(WebUser.columns) FROM web_users u WHERE u.role = 'admin' ORDER BY u.name FOR UPDATE")
                ])[0].map { WebUser(row: $0) }.compactMap(\.self).filter { $0.scope == .all }.map(\.name)
                if admins == [name] { throw StoreError.lastAdmin(name) }
            }
            return try Self.change(
                "DELETE FROM web_users WHERE name = $2 AND $1::timestamptz IS NOT NULL", [.text(name)],
                Event("user.removed", actor: actor, message: name),
                [Statement("DELETE FROM web_sessions WHERE user_name = $1", [.text(name)])], in: transaction)
        }
    }

    /// The user's row is held, so that a session does not outlive a user who is removed meanwhile.
    public func beginSession(
        _ digest: String, of user: String, lasting length: Duration
    ) async throws(StoreError) -> Bool {
        try await move { transaction in
            let rows = try transaction.flight([
                Statement("SELECT 1 FROM web_users WHERE name = $1 FOR SHARE", [.text(user)]),
                Statement(Transaction.clock),
            ])
            guard !rows[0].isEmpty else { return false }
            let now = transaction.time(rows[1])
            try transaction.commit([
                Statement("DELETE FROM web_sessions WHERE ends_at <= $1", [.time(now)]),
                Statement(
                    "INSERT INTO web_sessions (digest, user_name, created_at, used_at, ends_at) VALUES ($1, $2, $3, $3, $4)",
                    [.text(digest), .text(user), .time(now), .time(now + length)]),
                .note([Event("user.signed_in", actor: user)], at: now),
            ])
            return true
        }
    }

    public func session(_ digest: String, idle: Duration) async throws(StoreError) -> WebUser? {
        let time = Transaction.time(of: 2)
        let found = try await move { transaction -> (user: WebUser, isStale: Bool)? in
            let rows = try transaction.look([
                Statement(
                    """
                    SELECT \(WebUser.columns), s.used_at < \(time) - $4 * interval '1 microsecond'
                    FROM web_sessions s JOIN web_users u ON u.name = s.user_name
                    WHERE s.digest = $1 AND s.ends_at > \(time) AND s.used_at > \(time) - $3 * interval '1 microsecond'
                    """, [.text(digest), transaction.now, .length(idle), .length(WebSession.useAccuracy)])
            ])[0]
            guard let row = rows.first, let user = WebUser(row: row) else { return nil }
            return (user, row[5])
        }
        if let found, found.isStale {
            try await move { transaction in
                _ = try transaction.commit([
                    Statement(
                        "UPDATE web_sessions SET used_at = \(time) WHERE digest = $1",
                        [.text(digest), transaction.now])
                ])
            }
        }
        return found?.user
    }

    public func endSession(_ digest: String) async throws(StoreError) {
        try await move { transaction in
            _ = try transaction.commit([Statement("DELETE FROM web_sessions WHERE digest = $1", [.text(digest)])])
        }
    }

    public func add(_ token: WebToken, by actor: String) async throws(StoreError) -> Bool {
        try await change(
            """
            INSERT INTO web_tokens (name, digest, role, scope, created_by, created_at, expires_at)
            VALUES ($2, $3, $4, $5, $6, \(Transaction.time(of: 1)), $7) ON CONFLICT DO NOTHING
            """,
            [
                .text(token.name), .text(token.digest), .text(token.role.rawValue), .text(token.scope.text),
                .text(actor), .time(token.expiresAt),
            ], Event("token.created", actor: actor, message: "\(token.name): \(token.role.rawValue)"))
    }

    public func tokens(after name: String?, limit: Int) async throws(StoreError) -> [WebToken] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    "SELECT \(WebToken.columns) FROM web_tokens WHERE name > $2 ORDER BY name LIMIT $1",
                    [.int(limit), .text(name ?? "")])
            ])[0].map { WebToken(row: $0) }.compactMap(\.self)
        }
    }

    public func token(_ digest: String) async throws(StoreError) -> WebToken? {
        try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT \(WebToken.columns) FROM web_tokens
                    WHERE digest = $1 AND (expires_at IS NULL OR expires_at > \(Transaction.time(of: 2)))
                    """, [.text(digest), transaction.now])
            ])[0].first.flatMap { WebToken(row: $0) }
        }
    }

    public func revokeToken(_ name: String, by actor: String) async throws(StoreError) -> Bool {
        try await change(
            "DELETE FROM web_tokens WHERE name = $2 AND $1::timestamptz IS NOT NULL", [.text(name)],
            Event("token.revoked", actor: actor, message: name))
    }

    public func signInFailures(
        of keys: [String]
    ) async throws(StoreError) -> (failures: [String: SignInFailures], now: Timestamp) {
        try await move { transaction in
            let rows = try transaction.look([
                Statement(
                    """
                    SELECT key, count, last_at FROM sign_in_failures
                    WHERE key = ANY ($1) AND last_at > \(Transaction.time(of: 2)) - $3 * interval '1 microsecond'
                    """, [.texts(keys), transaction.now, .length(SignInFailures.memory)]),
                Statement(Transaction.clock),
            ])
            let failures = rows[0].map { row in
                (row[0] as String, SignInFailures(count: row[1], lastAt: row[2]))
            }
            return (Dictionary(failures) { first, _ in first }, transaction.time(rows[1]))
        }
    }

    /// In the order of the keys, so that two who count at one time do not wait for one another.
    public func countSignInFailure(of keys: [String]) async throws(StoreError) {
        try await move { transaction in
            let time = Transaction.time(of: 1)
            _ = try transaction.commit([
                Statement(
                    """
                    DELETE FROM sign_in_failures WHERE key IN (
                        SELECT key FROM sign_in_failures
                        WHERE last_at <= (SELECT \(time)) - $2 * interval '1 microsecond'
                        ORDER BY key FOR UPDATE SKIP LOCKED)
                    """, [transaction.now, .length(SignInFailures.memory)]),
                Statement(
                    """
                    INSERT INTO sign_in_failures AS f (key, count, last_at)
                    SELECT k, 1, \(time) FROM unnest($2) AS k ORDER BY k
                    ON CONFLICT (key) DO UPDATE SET count = least(f.count + 1, 1000000), last_at = excluded.last_at
                    """, [transaction.now, .texts(Array(Set(keys)))]),
            ])
        }
    }

    public func forgetSignInFailures(of keys: [String]) async throws(StoreError) {
        try await move { transaction in
            _ = try transaction.commit([
                Statement("DELETE FROM sign_in_failures WHERE key = ANY ($1)", [.texts(keys)])
            ])
        }
    }

    /// One change of one row, and where it was one, what belongs to it. Its first parameter is the store's time.
    private func change(
        _ sql: String, _ parameters: [Parameter], _ event: Event, _ others: [Statement] = []
    ) async throws(StoreError) -> Bool {
        try await move { try Self.change(sql, parameters, event, others, in: $0) }
    }

    private static func change(
        _ sql: String, _ parameters: [Parameter], _ event: Event, _ others: [Statement], in transaction: Transaction
    ) throws -> Bool {
        let rows = try transaction.flight([
            Statement(sql, [transaction.now] + parameters), Statement(Transaction.clock),
        ])
        guard rows[0].changed == 1 else {
            try transaction.confirm()
            return false
        }
        try transaction.commit(others + [.note([event], at: transaction.time(rows[1]))])
        return true
    }
}

extension WebUser {
    static let columns = "u.name, u.role, u.scope, u.password, u.created_at"

    /// A row that cannot be read is nobody's.
    init?(row: Row) {
        guard let role = Role(rawValue: row[1]), let scope = JobScope(stored: row[2]) else { return nil }
        self.init(name: row[0], role: role, scope: scope, password: row[3], createdAt: row[4])
    }
}

extension WebToken {
    static let columns = "name, digest, role, scope, created_by, created_at, expires_at"

    /// A row that cannot be read opens nothing.
    init?(row: Row) {
        guard let role = Role(rawValue: row[2]), let scope = JobScope(stored: row[3]) else { return nil }
        self.init(
            name: row[0], digest: row[1], role: role, scope: scope, createdBy: row[4], createdAt: row[5],
            expiresAt: row[6])
    }
}
