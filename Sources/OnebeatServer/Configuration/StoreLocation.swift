import Onebeat

/// Where a store is.
package enum StoreLocation: Sendable, Hashable, CustomStringConvertible {
    /// An SQLite file; a relative path starts in the working directory.
    case sqlite(path: String)
    /// A PostgreSQL database: anything libpq takes that is written as a URL.
    case postgres(url: SecretAddress)

    /// `sqlite:onebeat.db`
    package static let standard = StoreLocation.sqlite(path: "onebeat.db")

    /// The location as it is written, but for a password: `sqlite:onebeat.db`, `postgres://anna@db/jobs`.
    package var description: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        case .postgres(let url): url.description
        }
    }

    /// The location as it was read, for the one who is to open it; it may hold a password.
    package var text: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        case .postgres(let url): url.text
        }
    }

    /// Reads `sqlite:onebeat.db`, `sqlite:/var/lib/onebeat.db`, `sqlite:///var/lib/onebeat.db` or `postgres://…`.
    /// A URL may hold a password, so messages repeat its scheme and no more.
    package static func read(_ text: String) throws(Misfit) -> StoreLocation {
        guard let colon = text.firstIndex(of: ":") else {
            let shown = "\(SecretAddress(text))"
            throw Misfit("is \(quoted(shown)); write sqlite:\(shown == text ? text : "PATH") for a file")
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
            let url = SecretAddress(text)
            if let ambiguity = url.ambiguity { throw Misfit(ambiguity) }
            return .postgres(url: url)
        default:
            throw Misfit(
                "has the scheme \(quoted(scheme)), which names no store; write sqlite:onebeat.db, or"
                    + " postgres://USER@HOST/DATABASE")
        }
    }
}
