import Foundation
import Onebeat

/// Where a Redis server is and how to be let in: `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS.
///
/// After a question mark may follow `prefix`, which all keys get in front, and for TLS `ssl_ca_certs`, `ssl_certfile`
/// and `ssl_keyfile`, each the path of a PEM file, and `ssl_cert_reqs=required`; redis-py and Celery call them the same.
public struct RedisAddress: Sendable, Hashable, CustomStringConvertible {
    /// The files that TLS needs beside the machine's own certificates.
    public struct Certificates: Sendable, Hashable {
        /// Who may have signed the server's certificate; the machine's authorities when left out.
        public var authorities: String?
        /// Our own certificate, for servers that ask for one.
        public var own: String?
        /// The key of our own certificate.
        public var key: String?
    }

    /// The host's name or number, IPv6 without brackets.
    public var host: String
    /// The port, 6379 unless told otherwise.
    public var port: Int
    /// The user of the server's access list; `nil` is its default user.
    public var user: String?
    /// The password. It is in no description and no message.
    public var password: String?
    /// The database's number.
    public var database: Int
    /// What all keys get in front.
    public var prefix: String
    /// What TLS needs; `nil` is no TLS.
    public var certificates: Certificates?

    /// Reads a URL.
    /// - Throws: ``RedisAddressError``, whose message repeats neither user nor password.
    public init(_ text: String) throws(RedisAddressError) {
        if let ambiguity = SecretAddress(text).ambiguity { throw RedisAddressError(ambiguity) }
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased() else {
            throw RedisAddressError(
                "is not a URL; write redis://host:6379, and special characters of a password as %XX")
        }
        guard scheme == "redis" || scheme == "rediss" else {
            throw RedisAddressError("has the scheme \"\(scheme)\"; write redis://host:6379, or rediss:// for TLS")
        }
        guard let host = parts.host, !host.isEmpty else {
            throw RedisAddressError("names no host; write \(scheme)://host:6379")
        }
        self.host = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        port = parts.port ?? 6379
        guard (1...65_535).contains(port) else {
            throw RedisAddressError("has the port \(port); 1 to 65535 will do")
        }
        user = parts.user.flatMap { $0.isEmpty ? nil : $0 }
        password = parts.password.flatMap { $0.isEmpty ? nil : $0 }
        guard user == nil || password != nil else {
            throw RedisAddressError(
                "names a user without a password; write \(scheme)://user:password@\(host), or :password@ for the default user"
            )
        }
        let path = parts.path.drop { $0 == "/" }
        guard let database = path.isEmpty ? 0 : Int(path), (0...65_535).contains(database) else {
            throw RedisAddressError("has \"\(path)\" for a database; a number will do, as in \(scheme)://\(host)/1")
        }
        self.database = database
        prefix = ""
        certificates = scheme == "rediss" ? Certificates() : nil
        for item in parts.queryItems ?? [] { try read(item) }
    }

    private mutating func read(_ item: URLQueryItem) throws(RedisAddressError) {
        guard let value = item.value, !value.isEmpty else {
            throw RedisAddressError("has nothing for \"\(item.name)\"; give it a value or leave it out")
        }
        if item.name == "prefix" {
            prefix = value
            return
        }
        guard ["ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs"].contains(item.name) else {
            throw RedisAddressError(
                "has \"\(item.name)\"; prefix, ssl_ca_certs, ssl_certfile, ssl_keyfile and ssl_cert_reqs are known")
        }
        guard certificates != nil else {
            throw RedisAddressError("has \"\(item.name)\" without TLS; write rediss:// for TLS")
        }
        switch item.name {
        case "ssl_cert_reqs":
            // Celery's URLs have it; what it asks for is done anyway, and nothing less.
            guard ["required", "CERT_REQUIRED"].contains(value) else {
                throw RedisAddressError(
                    "has \(value) for ssl_cert_reqs; the server's certificate is always checked: write required, and name who"
                        + " signed it with ssl_ca_certs=FILE")
            }
        case "ssl_ca_certs": certificates?.authorities = value
        case "ssl_certfile": certificates?.own = value
        default: certificates?.key = value
        }
    }

    /// Host and port, for messages.
    public var place: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The URL without user and password.
    public var description: String {
        "\(certificates == nil ? "redis" : "rediss")://\(place)\(database == 0 ? "" : "/\(database)")"
    }
}

extension RedisAddress: CustomReflectable {
    /// Nothing but what ``description`` shows, so that no dump of a value that holds an address shows the password.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

/// A URL that names no Redis server: what was wrong and what would do.
public struct RedisAddressError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Reads on from the name of the setting: `is not a URL; write …`.
    public var description: String

    init(_ description: String) { self.description = description }
}
