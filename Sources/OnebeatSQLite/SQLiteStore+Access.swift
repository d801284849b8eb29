// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import GRDB
import Onebeat

extension SQLiteStore: AccessStore {
    public func add(_ user: WebUser, by actor: String) async throws(StoreError) -> Bool {
        try await write { db, now in
            let added = try db.change(
                """
                INSERT INTO web_users (name, role, scope, password, created_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """, [user.name, user.role.rawValue, user.scope.text, user.password, now])
            guard added == 1 else { return false }
            let words = "\(user.name): \(user.role.rawValue)"
            try db.note(Event("user.added", actor: actor, message: words), at: now)
            return true
        }
    }

    public func users(after name: String?, limit: Int) async throws(StoreError) -> [WebUser] {
        try await read { db, _ in
            try db.rows(
                "SELECT \(WebUser.columns) FROM web_users u WHERE u.name > ? ORDER BY u.name LIMIT ?",
                [name ?? "", limit]
            ).compactMap(WebUser.init)
        }
    }

    public func user(_ name: String) async throws(StoreError) -> WebUser? {
        try await read { db, _ in
            try db.rows("SELECT \(WebUser.columns) FROM web_users u WHERE u.name = ?", [name]).first
                .flatMap(WebUser.init)
        }
    }

    public func setPassword(_ hash: String, of user: String, by actor: String) async throws(StoreError) -> Bool {
        try await write { db, now in
            guard try db.change("UPDATE web_users SET password = ? WHERE name = ?", [hash, user]) == 1 else {
                return false
            }
            try db.change("DELETE FROM web_sessions WHERE user_name = ?", [user])
            try db.change(
                "DELETE FROM sign_in_failures WHERE key = ? OR substr(key, 1, length(?)) = ?",
                [SignInKey.user(user), SignInKey.pairs(of: user), SignInKey.pairs(of: user)])
            try db.note(Event("user.password_set", actor: actor, message: user), at: now)
            return true
        }
    }

    public func removeUser(
        _ name: String, keepingAdmin keepsAdmin: Bool, by actor: String
    ) async throws(StoreError) -> Bool {
        try await write { db, now in
            if keepsAdmin {
                let admins = try db.rows("SELECT \(WebUser.columns) FROM web_users u WHERE u.role = 'admin'", [])
                    .compactMap(WebUser.init).filter { $0.scope == .all }.map(\.name)
                if admins == [name] { throw StoreError.lastAdmin(name) }
            }
            guard try db.change("DELETE FROM web_users WHERE name = ?", [name]) == 1 else { return false }
            try db.change("DELETE FROM web_sessions WHERE user_name = ?", [name])
            try db.note(Event("user.removed", actor: actor, message: name), at: now)
            return true
        }
    }

    public func beginSession(
        _ digest: String, of user: String, lasting length: Duration
    ) async throws(StoreError) -> Bool {
        try await write { db, now in
            try db.change("DELETE FROM web_sessions WHERE ends_at <= ?", [now])
            let begun = try db.change(
                """
                INSERT INTO web_sessions (digest, user_name, created_at, used_at, ends_at)
                SELECT ?, name, ?, ?, ? FROM web_users WHERE name = ?
                """, [digest, now, now, now + length, user])
            guard begun == 1 else { return false }
            try db.note(Event("user.signed_in", actor: user), at: now)
            return true
        }
    }

    public func session(_ digest: String, idle: Duration) async throws(StoreError) -> WebUser? {
        let found = try await read { db, now -> (user: WebUser, usedAt: Timestamp, isStale: Bool)? in
            let rows = try db.rows(
                """
                SELECT \(WebUser.columns), s.used_at FROM web_sessions s JOIN web_users u ON u.name = s.user_name
                WHERE s.digest = ? AND s.ends_at > ? AND s.used_at > ?
                """, [digest, now, now - idle])
            guard let row = rows.first, let user = WebUser(row: row) else { return nil }
            var columns = Columns(row)
            let usedAt: Timestamp = columns[5]
            return columns.flaw == nil ? (user, usedAt, usedAt < now - WebSession.useAccuracy) : nil
        }
        if let found, found.isStale {
            _ = try await write { db, now in
                try db.change("UPDATE web_sessions SET used_at = ? WHERE digest = ?", [now, digest])
            }
        }
        return found?.user
    }

    public func endSession(_ digest: String) async throws(StoreError) {
        _ = try await write { db, _ in try db.change("DELETE FROM web_sessions WHERE digest = ?", [digest]) }
    }

    public func add(_ token: WebToken, by actor: String) async throws(StoreError) -> Bool {
        try await write { db, now in
            let added = try db.change(
                """
                INSERT INTO web_tokens (name, digest, role, scope, created_by, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                [
                    token.name, token.digest, token.role.rawValue, token.scope.text, actor, now, token.expiresAt,
                ])
            guard added == 1 else { return false }
            let words = "\(token.name): \(token.role.rawValue)"
            try db.note(Event("token.created", actor: actor, message: words), at: now)
            return true
        }
    }

    public func tokens(after name: String?, limit: Int) async throws(StoreError) -> [WebToken] {
        try await read { db, _ in
            try db.rows(
                "SELECT \(WebToken.columns) FROM web_tokens WHERE name > ? ORDER BY name LIMIT ?", [name ?? "", limit]
            ).compactMap(WebToken.init)
        }
    }

    public func token(_ digest: String) async throws(StoreError) -> WebToken? {
        try await read { db, now in
            try db.rows(
                """
                SELECT \(WebToken.columns) FROM web_tokens
                WHERE digest = ? AND (expires_at IS NULL OR expires_at > ?)
                """, [digest, now]
            ).first.flatMap(WebToken.init)
        }
    }

    public func revokeToken(_ name: String, by actor: String) async throws(StoreError) -> Bool {
        try await write { db, now in
            guard try db.change("DELETE FROM web_tokens WHERE name = ?", [name]) == 1 else { return false }
            try db.note(Event("token.revoked", actor: actor, message: name), at: now)
            return true
        }
    }

    public func signInFailures(
        of keys: [String]
    ) async throws(StoreError) -> (failures: [String: SignInFailures], now: Timestamp) {
        try await read { db, now in
            var failures: [String: SignInFailures] = [:]
            for key in keys {
                let rows = try db.rows(
                    "SELECT count, last_at FROM sign_in_failures WHERE key = ? AND last_at > ?",
                    [key, now - SignInFailures.memory])
                guard let row = rows.first else { continue }
                var columns = Columns(row)
                failures[key] = SignInFailures(count: columns[0], lastAt: columns[1])
            }
            return (failures, now)
        }
    }

    public func countSignInFailure(of keys: [String]) async throws(StoreError) {
        try await write { db, now in
            try db.change("DELETE FROM sign_in_failures WHERE last_at <= ?", [now - SignInFailures.memory])
            for key in keys {
                try db.change(
                    """
                    INSERT INTO sign_in_failures (key, count, last_at) VALUES (?, 1, ?)
                    ON CONFLICT (key) DO UPDATE SET count = min(count + 1, 1000000), last_at = excluded.last_at
                    """, [key, now])
            }
        }
    }

    public func forgetSignInFailures(of keys: [String]) async throws(StoreError) {
        try await write { db, _ in
            for key in keys { try db.change("DELETE FROM sign_in_failures WHERE key = ?", [key]) }
        }
    }
}

extension WebUser {
    static let columns = "u.name, u.role, u.scope, u.password, u.created_at"

    /// A row that cannot be read is nobody's.
    init?(row: Row) {
        var row = Columns(row)
        let (name, role, scope): (String, String, String) = (row[0], row[1], row[2])
        let (password, createdAt): (String, Timestamp) = (row[3], row[4])
        guard row.flaw == nil, let role = Role(rawValue: role), let scope = JobScope(stored: scope) else { return nil }
        self.init(name: name, role: role, scope: scope, password: password, createdAt: createdAt)
    }
}

extension WebToken {
    static let columns = "name, digest, role, scope, created_by, created_at, expires_at"

    /// A row that cannot be read opens nothing.
    init?(row: Row) {
        var row = Columns(row)
        let (name, digest, role): (String, String, String) = (row[0], row[1], row[2])
        let (scope, createdBy): (String, String) = (row[3], row[4])
        let (createdAt, expiresAt): (Timestamp, Timestamp?) = (row[5], row[6])
        guard row.flaw == nil, let role = Role(rawValue: role), let scope = JobScope(stored: scope) else { return nil }
        self.init(
            name: name, digest: digest, role: role, scope: scope, createdBy: createdBy, createdAt: createdAt,
            expiresAt: expiresAt)
    }
}
