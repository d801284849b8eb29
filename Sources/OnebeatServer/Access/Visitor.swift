import Onebeat

/// Who asks, and what they may.
package struct Visitor: Sendable, Equatable {
    /// How it is known who they are.
    package enum Proof: Sendable, Equatable {
        /// It is not: nobody has signed in.
        case none
        /// Whoever reaches an address of this machine, where nobody need sign in.
        case place
        /// A session, by the secret in its cookie.
        case session(String)
        /// A token in the request itself.
        case token
        /// The word of a proxy.
        case proxy
    }

    /// As events name them.
    package var actor: String
    /// `nil` may nothing.
    package var role: Role?
    package var scope: JobScope
    package var proof: Proof

    package init(actor: String, role: Role?, scope: JobScope = .all, proof: Proof) {
        self.actor = actor
        self.role = role
        self.scope = scope
        self.proof = proof
    }

    /// Who has not said who they are.
    package static let nobody = Visitor(actor: "nobody", role: nil, proof: .none)

    /// Whether they are of that role, or a stronger one.
    package func may(_ role: Role) -> Bool { self.role.map { $0 >= role } ?? false }

    /// Whether they may act on a job.
    package func mayAct(on job: String) -> Bool { may(.operator) && scope.covers(job) }
}
