/// Where a node's web pages are: a host and a port.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// An address or a name, without brackets.
    public var host: String
    /// 0 to 65535; 0 is one that is free.
    public var port: Int

    /// `127.0.0.1:8420`: seen from this machine only.
    public static let standard = ListenAddress(host: "127.0.0.1", port: 8420)

    /// Names a place.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8420`, `[::1]:8420` or `:8420` (all interfaces); `nil` for anything else.
    public init?(text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(String(text[text.index(after: colon)...])) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: Int(port))
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool { Self.isLoopback(host) }

    /// As it is read: `127.0.0.1:8420`, `[::1]:8420`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether a host stands for this machine, whatever a name server says of it.
    static func isLoopback(_ host: String) -> Bool {
        let name = host.lowercased()
        if name == "localhost" || name.hasSuffix(".localhost") || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
