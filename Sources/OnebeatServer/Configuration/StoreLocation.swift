/// Where a store is.
package enum StoreLocation: Sendable, Hashable, CustomStringConvertible {
    /// An SQLite file; a relative path starts in the working directory.
    case sqlite(path: String)
    /// A PostgreSQL database: anything libpq takes that is written as a URL.
    case postgres(url: String)

    /// `sqlite:onebeat.db`
    package static let standard = StoreLocation.sqlite(path: "onebeat.db")

    /// The location as it is written, but for a password: `sqlite:onebeat.db`, `postgres://anna@db/jobs`.
    package var description: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        case .postgres(let url): Self.withoutSecrets(url)
        }
    }

    /// The location as it was read, for the one who is to open it; it may hold a password.
    package var text: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        case .postgres(let url): url
        }
    }

    private static func withoutSecrets(_ url: String) -> String {
        guard let start = url.range(of: "://")?.upperBound else { return "postgres:" }
        let rest = url[start...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        // A password may hold an unescaped @; hosts cannot, so the last one ends it.
        var place = rest[..<end]
        var user = ""
        if let at = rest.lastIndex(of: "@"), at < (rest.firstIndex(of: "?") ?? rest.endIndex) {
            user = rest[..<at].prefix { $0 != ":" } + "@"
            let hosts = rest[rest.index(after: at)...]
            place = hosts.prefix { $0 != "/" && $0 != "?" }
        }
        let tail = rest[place.endIndex...].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = tail.count < 2 ? [] : tail[1].split(separator: "&").filter { !$0.contains("password=") }
        return "\(url[..<start])\(user)\(place)\(tail.first ?? "")"
            + (query.isEmpty ? "" : "?\(query.joined(separator: "&"))")
    }

    /// Reads `sqlite:onebeat.db`, `sqlite:/var/lib/onebeat.db`, `sqlite:///var/lib/onebeat.db` or `postgres://…`.
    /// A URL may hold a password, so messages repeat its scheme and no more.
    package static func read(_ text: String) throws(Misfit) -> StoreLocation {
        guard let colon = text.firstIndex(of: ":") else {
            throw Misfit("is \(quoted(text)); write sqlite:\(text) for a file")
        }
        let scheme = text[..<colon].lowercased()
        var path = text[text.index(after: colon)...]
        switch scheme {
        case "sqlite":
            if path.hasPrefix("//") {
                path = path.dropFirst(2)
                guard path.hasPrefix("/") else {
                    throw Misfit("is \(quoted(text)); write sqlite:PATH, or sqlite:///PATH with three slashes")
                }
            }
            guard !path.isEmpty, path != ":memory:" else {
                throw Misfit("is \(quoted(text)), which nothing could find again; name a file, as in sqlite:onebeat.db")
            }
            return .sqlite(path: String(path))
        case "postgres", "postgresql":
            guard text[colon...].hasPrefix("://") else {
                throw Misfit("is no PostgreSQL address; write postgres://USER@HOST/DATABASE")
            }
            return .postgres(url: text)
        default:
            throw Misfit(
                "has the scheme \(quoted(scheme)), which names no store; write sqlite:onebeat.db, or"
                    + " postgres://USER@HOST/DATABASE")
        }
    }
}
