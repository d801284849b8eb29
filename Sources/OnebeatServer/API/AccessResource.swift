import Onebeat

/// Somebody who may sign in, as JSON. What is kept of the password is nobody's to see.
package struct UserResource: Codable, Sendable {
    package var name: String
    package var role: Role
    /// Patterns of the jobs that they may act on; all when there are none.
    package var jobs: [String]
    package var createdAt: Timestamp

    package init(_ user: WebUser) {
        (name, role, jobs, createdAt) = (user.name, user.role, user.scope.patterns, user.createdAt)
    }
}

/// A token of a program, as JSON. What is kept of its text is nobody's to see.
package struct TokenResource: Codable, Sendable {
    package var name: String
    package var role: Role
    /// Patterns of the jobs that its bearer may act on; all when there are none.
    package var jobs: [String]
    package var createdBy: String
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?
    package var isOver: Bool

    package init(_ token: WebToken, at now: Timestamp) {
        (name, role, jobs) = (token.name, token.role, token.scope.patterns)
        (createdBy, createdAt, expiresAt) = (token.createdBy, token.createdAt, token.expiresAt)
        isOver = token.expiresAt.map { $0 <= now } ?? false
    }
}
