import Foundation
import HTTPTypes
import Hummingbird
import Onebeat

/// The door of an address that others reach: a token, a proxy's word, or the session of whoever signed in.
struct GuardedDoor: Door {
    /// How long a session stays without being used, and how long at most.
    static let idle = Duration.seconds(12 * 3600)
    static let longest = Duration.seconds(7 * 86_400)

    let store: any Store
    let proxy: ProxyTrust?

    var isGuarded: Bool { true }

    func visitor(of request: Request, _ context: WebContext) async throws -> Visitor {
        let authorizations = request.headers[values: .authorization]
        if !authorizations.isEmpty { return try await bearer(authorizations) }
        if let visitor = try await proxied(request, context) { return visitor }
        guard let secret = SessionCookie.secret(of: request),
            let user = try await store.session(Fingerprint.sha256(secret), idle: Self.idle)
        else { return .nobody }
        return Visitor(actor: user.name, role: user.role, scope: user.scope, proof: .session(secret))
    }

    private func bearer(_ authorizations: [String]) async throws -> Visitor {
        let words = (authorizations.first ?? "").split(separator: " ")
        guard authorizations.count == 1, words.count == 2, words[0].lowercased() == "bearer",
            let digest = TokenText.digest(String(words[1])), let token = try await store.token(digest)
        else {
            throw Problem(
                .unauthorized, "the token is none, was revoked, or is over; `onebeat tokens create` makes another",
                headers: [.wwwAuthenticate: "Bearer realm=\"onebeat\", error=\"invalid_token\""])
        }
        return Visitor(actor: "token:\(token.name)", role: token.role, scope: token.scope, proof: .token)
    }

    /// A header of anybody but the proxy says nothing.
    private func proxied(_ request: Request, _ context: WebContext) async throws -> Visitor? {
        guard let proxy, let header = proxy.userHeader, let name = HTTPField.Name(header),
            proxy.covers(context.remoteAddress)
        else { return nil }
        let names = request.headers[values: name]
        guard names.count <= 1 else { throw Problem(.badRequest, "there are \(names.count) \(header) headers") }
        guard let user = names.first, !user.isEmpty else { return nil }
        guard let known = try await store.user(user) else {
            throw Problem(
                .forbidden, "the proxy names a user that this node does not know; `onebeat users add` adds one")
        }
        return Visitor(actor: known.name, role: known.role, scope: known.scope, proof: .proxy)
    }
}

/// The cookie that stands for a session.
enum SessionCookie {
    /// A browser lets nobody but this very host set the first, and only over TLS.
    static func name(isSecure: Bool) -> String { isSecure ? "__Host-onebeat" : "onebeat" }

    static func secret(of request: Request) -> String? {
        let text = request.cookies[name(isSecure: request.isSecure)]?.value
        return text.flatMap { Secret.isOne($0) ? $0 : nil }
    }

    /// Links from elsewhere lead to a page as whoever signed in, so it goes along with those; with forms of elsewhere it
    /// does not.
    static func set(_ secret: String, _ request: Request) -> HTTPField {
        HTTPField(
            name: .setCookie,
            value: CookieText.make(
                name(isSecure: request.isSecure), secret, isSecure: request.isSecure,
                maxAge: Int(GuardedDoor.longest.components.seconds), sameSite: "Lax"))
    }

    static func taken(_ request: Request) -> HTTPField {
        HTTPField(
            name: .setCookie,
            value: CookieText.make(
                name(isSecure: request.isSecure), "", isSecure: request.isSecure, maxAge: 0, sameSite: "Lax"))
    }
}

/// Tokens as they are written: what they begin with tells those who look for secrets what they found.
package enum TokenText {
    private static let prefix = "onebeat_"

    /// A new one, and the fingerprint to keep of it.
    package static func fresh() -> (text: String, digest: String) {
        let text = prefix + Secret.fresh()
        return (text, Fingerprint.sha256(text))
    }

    /// The fingerprint of what could be one.
    static func digest(_ text: String) -> String? {
        text.hasPrefix(prefix) && Secret.isOne(text.dropFirst(prefix.count)) ? Fingerprint.sha256(text) : nil
    }
}
