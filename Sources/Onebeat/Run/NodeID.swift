/// One life of a node: its name and the boot that tells this life from others of the same name.
public struct NodeID: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The name, the host's unless told otherwise.
    public var name: String
    /// Drawn by chance at each start and after each lost lease.
    public var boot: String

    /// Names a life.
    public init(name: String, boot: String) {
        self.name = name
        self.boot = boot
    }

    /// `name/boot`.
    public var description: String { "\(name)/\(boot)" }
}
