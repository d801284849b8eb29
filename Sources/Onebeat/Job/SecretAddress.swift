/// An address that may hold a password and cannot be printed with it: `postgres://anna@db/jobs`, `https://…@host/`.
///
/// Texts of this kind are often not quite well-formed, since passwords hold `@`, `/`, `?` and percent signs that
/// nobody escaped. So nothing is taken apart that could be taken apart in two ways: whatever stands before the last `@`
/// is hidden, and of a question mark's names only those are shown that are known to be harmless.
public struct SecretAddress: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible, CustomReflectable
{
    /// The text as it was written, for the one who opens it.
    public let text: String

    /// Keeps a text.
    public init(_ text: String) { self.text = text }

    /// Keeps a text.
    public init(stringLiteral text: String) { self.text = text }

    /// Why the text could be taken for two different addresses, of which one shows part of a password as its host:
    /// reads on from the name of the setting. `nil` where it cannot.
    public var ambiguity: String? {
        guard let start = text.range(of: "://")?.upperBound, let at = text[start...].lastIndex(of: "@") else {
            return nil
        }
        let who = text[start..<at]
        let isPlain = who.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value != 0x7f && !"@/?#[]\\".unicodeScalars.contains($0)
        }
        let isEscaped = who.split(separator: "%", omittingEmptySubsequences: false).dropFirst().allSatisfy {
            $0.utf8.count >= 2 && $0.prefix(2).allSatisfy(\.isHexDigit)
        }
        if isPlain, isEscaped { return nil }
        return
            "could be read in two ways; write special characters of user, password and all that follows as %XX: @ as %40,"
            + " / as %2F, ? as %3F, # as %23, % as %25"
    }

    /// The text without what may be secret.
    public var description: String {
        guard let start = text.range(of: "://")?.upperBound else { return unfinished }
        var place = text[start...]
        var who = ""
        if let at = place.lastIndex(of: "@"), !isHTTP || !hasPlainHost(place) {
            who = "\(user(place[..<at]))@"
            place = place[place.index(after: at)...]
        }
        return text[..<start] + who + (isHTTP ? String(place) : harmless(place))
    }

    /// Only ``description``, so that no dump of a value that holds an address shows its password.
    public var customMirror: Mirror { Mirror(self, children: ["address": description]) }

    private var isHTTP: Bool { text.lowercased().hasPrefix("http") }

    /// Without a scheme. A variable stands for itself, and libpq takes `host=db password=…`, too.
    private var unfinished: String {
        if text.hasPrefix("${") ? text.contains("@") : text.contains(where: "=@:".contains) { return "…" }
        return text
    }

    /// Whether a host, and a port if any, are all that stands before the path: then an @ behind it is only an @.
    private func hasPlainHost(_ place: Substring) -> Bool {
        let host = place.prefix { !"/?#\\".contains($0) }
        if host.contains("@") { return false }
        guard let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") else { return true }
        return host[colon...].dropFirst().allSatisfy(\.isNumber) || host[colon...].dropFirst().hasPrefix("${")
    }

    /// A name that cannot be part of a password. Of HTTP it may be a token, and is hidden, too.
    private func user(_ text: Substring) -> String {
        let name = text.prefix { $0 != ":" }
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || "0123456789_.-".unicodeScalars.contains($0)
        }
        return isPlain && !name.isEmpty && !isHTTP ? String(name) : "…"
    }

    private static let harmlessNames: Set<Substring> = [
        "application_name", "connect_timeout", "dbname", "host", "hostaddr", "port", "prefix", "service", "sslmode",
        "sslrootcert",
        "ssl_ca_certs", "target_session_attrs", "user",
    ]

    private func harmless(_ place: Substring) -> String {
        let parts = place.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return String(place) }
        let query = parts[1].split(separator: "&").filter {
            Self.harmlessNames.contains($0.prefix { $0 != "=" })
        }
        return parts[0] + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }
}
