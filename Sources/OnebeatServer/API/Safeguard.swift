import HTTPTypes
import Hummingbird

/// Refuses what no honest reader asks for, and tells browsers to run nothing but what we sent.
///
/// On loopback the `Host` must name this machine, or a name that was set (`web.hosts`) for a proxy before it: else any web
/// page could point a name of its own at 127.0.0.1 and read what is here through the visitor's browser.
struct Safeguard: RouterMiddleware {
    typealias Context = WebContext

    let address: ListenAddress
    /// Names under which a proxy asks, in lower case.
    var hosts: Set<String> = []
    /// Whether browsers are told to come over TLS from now on.
    var isStrict = false

    static let contentPolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'"

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await answer(request, context, next)
        // What is refused has words, and an answer to HEAD must not: the next answer would be taken for them.
        if request.method == .head { response = response.createHeadResponse() }
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.contentSecurityPolicy] = Self.contentPolicy
        // With `no-referrer` a browser says of its own forms that they come from `null`.
        response.headers[.referrerPolicy] = "same-origin"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        // A browser takes it for all ports of the name: on this machine's own names that would be other programs' ports.
        if isStrict, !isThisMachine(request.head.authority) {
            response.headers[.strictTransportSecurity] = "max-age=31536000"
        }
        return response
    }

    private func answer(
        _ request: Request, _ context: Context, _ next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        if address.isLoopback, !isThisMachine(request.head.authority), !isProxied(request.head.authority) {
            return try Problem(
                .misdirectedRequest,
                "the request names host \"\(request.head.authority ?? "")\", but this address serves only this "
                    + "machine; open http://\(address)/, name the host under `web: {hosts: […]}` where a proxy asks by it, "
                    + "or let --listen name an address that others may reach"
            ).response(from: request, context: context)
        }
        return try await next(request, context)
    }

    private func isProxied(_ authority: String?) -> Bool {
        hosts.contains(authority?.lowercased().split(separator: ":").first.map(String.init) ?? "")
    }

    private func isThisMachine(_ authority: String?) -> Bool {
        // HTTP/1.0 clients on this machine may send no host; a browser always does.
        guard let authority, !authority.isEmpty else { return true }
        if ListenAddress.isLoopback(authority) { return true }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return ListenAddress.isLoopback(String(authority[authority.index(after: authority.startIndex)..<end]))
        }
        return authority.split(separator: ":").first.map { ListenAddress.isLoopback(String($0)) } ?? false
    }
}

extension HTTPField.Name {
    // Ours: a constant.
    static let referrerPolicy = Self("Referrer-Policy")!
}
