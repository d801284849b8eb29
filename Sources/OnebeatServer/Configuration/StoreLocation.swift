/// Where a store is.
package enum StoreLocation: Sendable, Hashable, CustomStringConvertible {
    /// An SQLite file; a relative path starts in the working directory.
    case sqlite(path: String)

    /// `sqlite:onebeat.db`
    package static let standard = StoreLocation.sqlite(path: "onebeat.db")

    /// The location as it is written: `sqlite:onebeat.db`.
    package var description: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        }
    }

    /// The location as it was read, for the one who is to open it; it may hold a password.
    package var text: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        }
    }

    /// Reads `sqlite:onebeat.db`, `sqlite:/var/lib/onebeat.db` or `sqlite:///var/lib/onebeat.db`.
    /// A URL may hold a password, so messages repeat its scheme and no more.
    static func read(_ text: String) throws(Misfit) -> StoreLocation {
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
            throw Misfit("is a PostgreSQL address; that store comes with a later version, sqlite:onebeat.db works now")
        default:
            throw Misfit("has the scheme \(quoted(scheme)), which names no store; write sqlite:onebeat.db")
        }
    }
}
