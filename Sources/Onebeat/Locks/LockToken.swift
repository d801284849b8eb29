/// What a node proves itself by as the holder of a lock: `node/boot/nonce`, so that whoever is refused can say by whom.
/// Tokens of other programs look as they like.
public struct LockToken: Sendable, Hashable, CustomStringConvertible {
    /// The life of the node that holds the lock.
    public var node: NodeID
    /// Tells apart two holds of one life.
    public var nonce: String

    /// A token.
    public init(_ node: NodeID, nonce: String) {
        self.node = node
        self.nonce = nonce
    }

    /// The token as it is kept.
    public var description: String { "\(node)/\(nonce)" }

    /// The boot in a token, if it is written as ours are. Whether such a boot exists is the store's to say.
    static func boot(in token: String) -> String? {
        let parts = token.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count >= 3 ? String(parts[parts.count - 2]) : nil
    }
}

/// What becomes of jobs that may not overlap while whoever keeps the locks does not answer.
public enum LockPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// They start: the store keeps the nodes apart by itself, only other programs are not kept away.
    case lenient
    /// They wait, for as long as it takes.
    case strict
}
