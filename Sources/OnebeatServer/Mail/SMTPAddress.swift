import Foundation

/// A server that takes mail: `smtp://user:${PASSWORD}@mail.example.com:587`, or `smtps://…` for TLS from the first byte.
package struct SMTPAddress: Sendable, Equatable {
    /// Whether TLS begins with the connection, and not by the word STARTTLS.
    package var isSecure: Bool
    package var host: String
    package var port: Int
    package var user: String?
    package var password = ""

    package struct Problem: Error, Equatable, CustomStringConvertible {
        package var description: String
    }

    /// - Parameter expand: what stands behind `${NAME}`, asked piece by piece, so that a password may hold any character.
    package init(_ text: String, expand: (String) throws -> String = { $0 }) throws {
        let text = text.contains("://") ? text : try expand(text)
        guard let colon = text.range(of: "://") else { throw Self.shape }
        switch text[..<colon.lowerBound].lowercased() {
        case "smtp": isSecure = false
        case "smtps": isSecure = true
        default: throw Self.shape
        }
        var place = text[colon.upperBound...]
        if let at = place.lastIndex(of: "@") {
            let who = place[..<at]
            place = place[place.index(after: at)...]
            let name = who.prefix { $0 != ":" }
            user = try expand(Self.plain(name))
            password = try expand(Self.plain(who.dropFirst(name.count + 1)))
        }
        if place.hasSuffix("/") { place = place.dropLast() }
        guard !place.contains(where: { "/?#".contains($0) }) else { throw Self.shape }
        let (host, port) = try Self.place(try expand(String(place)), usual: isSecure ? 465 : 587)
        (self.host, self.port) = (host, port)
    }

    private static let shape = Problem(
        description: "is no mail server; write one like smtp://user:${PASSWORD}@mail.example.com:587, or smtps://…")

    private static func plain(_ text: Substring) -> String { text.removingPercentEncoding ?? String(text) }

    private static func place(_ text: String, usual: Int) throws -> (String, Int) {
        let hasPort = text.hasPrefix("[") ? text.contains("]:") : text.contains(":")
        do {
            let address = try HTTPAddress("http://\(text)\(hasPort ? "" : ":\(usual)")/")
            return (address.host, address.port)
        } catch {
            throw Problem(
                description: "\(error)".replacing("https://example.com/path", with: "smtp://mail.example.com:587"))
        }
    }

    /// Host and port.
    package var shown: String { "\(isSecure ? "smtps" : "smtp")://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// Whether what is sent never leaves the machine.
    var isHere: Bool { ["localhost", "::1"].contains(host) || host.hasPrefix("127.") }
}
