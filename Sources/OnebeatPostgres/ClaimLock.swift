import Onebeat

/// Keeps a claim and its own read-back apart. A claim holds the lock of its node's life with all others; a read-back takes
/// it alone, so that it comes before the claim or after its commit, and notes which claims are refused from then on. A claim
/// looks at that in a statement after the one that took the lock.
enum ClaimLock {
    /// "claim", shortened to a number: other locks of this kind have one key, and these have two.
    private static let kind = 0x63_6c_61_69

    /// The lock as a claim takes it, for a life of a node, in an expression.
    static func shared(_ boot: String) -> String { "pg_advisory_xact_lock_shared(\(kind), hashtext(\(boot)))" }

    static func take(for node: NodeID) -> Statement {
        Statement("SELECT \(shared("$1"))", [.text(node.boot)])
    }

    /// Whether a claim may be made; no row for a node that is gone.
    static func look(_ nonce: ClaimNonce, of node: NodeID) -> Statement {
        Statement(
            "SELECT refused_nonce < $2 FROM nodes WHERE boot = $1 AND gone_at IS NULL",
            [.text(node.boot), .int(nonce.value)])
    }

    static func check(_ rows: Rows, of request: ClaimRequest) throws(StoreError) {
        guard let row = rows.first else { throw .over(request.node) }
        guard row[0] else { throw .fenced("claim \(request.nonce) of node \(request.node) was read back") }
    }

    /// Refuses the claims up to this one, and reads what it brought before that.
    static func close(_ nonce: ClaimNonce, of node: NodeID) -> [Statement] {
        [
            Statement("SELECT pg_advisory_xact_lock(\(kind), hashtext($1))", [.text(node.boot)]),
            Statement(
                "UPDATE nodes SET refused_nonce = greatest(refused_nonce, $2) WHERE boot = $1",
                [.text(node.boot), .int(nonce.value)]),
            brought(by: nonce, of: node),
        ]
    }

    static func brought(by nonce: ClaimNonce, of node: NodeID) -> Statement {
        Statement(
            "SELECT \(Run.columns) FROM runs WHERE state = 'running' AND boot = $1 AND nonce = $2 ORDER BY id + 0",
            [.text(node.boot), .text("\(nonce)")])
    }
}
