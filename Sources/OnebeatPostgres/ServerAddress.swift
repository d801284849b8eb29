import CLibpq
import Foundation
import Onebeat

/// Where the server is: whatever libpq understands, with our defaults for what it leaves open.
struct ServerAddress: Sendable {
    /// How long a new connection may take to say who it is, once the server let it in.
    static let patience = Duration.seconds(5)

    /// Host, port and database, for messages; never the password.
    let name: String
    private let text: String

    /// What the text may override. A host that does not answer is given up soon, since the next one of a list may.
    private static let defaults = [
        ("fallback_application_name", "onebeat"), ("connect_timeout", "3"),
        ("target_session_attrs", "read-write"), ("tcp_user_timeout", "5000"), ("keepalives_idle", "5"),
        ("keepalives_interval", "2"), ("keepalives_count", "3"),
    ]

    /// - Throws: ``StoreError/refused(_:)`` when libpq is not there, or does not understand the text.
    init(_ text: String) throws(StoreError) {
        if let problem = libpq_load() { throw .refused(String(cString: problem)) }
        if let ambiguity = SecretAddress(text).ambiguity {
            throw .refused("the address of the PostgreSQL store \(ambiguity)")
        }
        var problem: UnsafeMutablePointer<CChar>?
        guard let options = pq_conninfoParse(text, &problem) else {
            // libpq's words may repeat any part of the text, and so the password.
            if let problem { pq_freemem(problem) }
            throw .refused(
                "the address of the PostgreSQL store cannot be read; write postgres://USER@HOST:PORT/DATABASE, with"
                    + " %XX for special characters")
        }
        defer { pq_conninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            values[String(cString: keyword)] = option.pointee.val.map { String(cString: $0) }
            option += 1
        }
        self.text = text
        name = Self.name(values)
    }

    private static func name(_ values: [String: String]) -> String {
        if values["host"] == nil, values["hostaddr"] == nil, let service = values["service"] {
            return "service \(service)"
        }
        let hosts = (values["host"] ?? values["hostaddr"] ?? "localhost").split(separator: ",")
        let ports = (values["port"] ?? "").split(separator: ",")
        let places = hosts.enumerated().map { index, host in
            let port = ports.count == hosts.count ? ports[index] : ports.first
            return port.map { "\(host):\($0)" } ?? String(host)
        }
        return places.joined(separator: ",") + (values["dbname"].map { "/\($0)" } ?? "")
    }

    /// A connection, good or bad.
    func connect() -> OpaquePointer {
        // The last of a keyword counts, so that the text, which stands behind the defaults, has the last word.
        let options = Self.defaults + [("dbname", text), ("client_encoding", "UTF8")]
        var keywords = options.map { UnsafePointer(strdup($0.0)) } + [nil]
        var values = options.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer { (keywords + values).forEach { free(UnsafeMutablePointer(mutating: $0)) } }
        // Ours: libpq gives nothing only where the machine has no memory left.
        guard let connection = pq_connectdbParams(&keywords, &values, 1) else { fatalError("out of memory") }
        return connection
    }

    /// Why a connection is bad; `nil` for a good one.
    func failure(of connection: OpaquePointer) -> PostgresFailure? {
        guard Int(pq_status(connection)) != pq_connection_ok else { return nil }
        let words = PostgresFailure.line(pq_errorMessage(connection), or: "it could not be connected to")
        // libpq's own words for what `target_session_attrs` found.
        let isReadOnly = words.contains("session is read-only") || words.contains("server is in hot standby mode")
        if isReadOnly { return PostgresFailure(state: "25006", message: words, isLost: true) }
        if words.contains("no password supplied") { return .refusal(words) }
        // A server's words, in its own language, come after two spaces. Its codes are told to those who ask for them again.
        guard words.contains(":  ") else { return .lost(words) }
        _ = pq_setErrorVerbosity(connection, CInt(pq_errors_verbose))
        pq_reset(connection)
        if Int(pq_status(connection)) == pq_connection_ok { return nil }
        let again = PostgresFailure.line(pq_errorMessage(connection), or: words)
        return Self.isRefusal(again) ? .refusal(words) : .lost(words)
    }

    /// Whether every host that was asked will say the same until a person has done something.
    static func isRefusal(_ words: String) -> Bool {
        let codes = words.matches(of: #/: {2}([0-9A-Z]{5}): /#).map { String($0.1) }
        let failures = words.ranges(of: " failed: ").count
        // 28: who may connect; 3D000: no such database; 42501: no right to connect to it. A pooler has one code for all.
        return !codes.isEmpty && codes.count >= failures
            && codes.allSatisfy { code in
                code.hasPrefix("28") || ["3D000", "42501"].contains(code)
                    || (code == "08P01" && words.contains("unsupported startup parameter"))
            }
    }
}
