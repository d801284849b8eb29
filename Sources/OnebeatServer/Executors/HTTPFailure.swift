import Foundation
import NIOCore
import NIOPosix
import Onebeat

/// Says in words why an HTTP call failed. Addresses are shown as they were written, `${NAME}` and all, since what
/// stands behind a name may be a secret; host and port are shown as they were called only where they were written so, or
/// with values that are no secret.
struct HTTPFailure {
    /// The address as it was written, without a password.
    private let url: String
    private let hasSecretHost: Bool
    /// Who is called: host and port, or the proxy's.
    private var place: String
    /// The host alone, for a name that is not found.
    private var host: String

    init(url: String, called address: HTTPAddress) {
        self.url = "\(SecretAddress(url))"
        let authority = url.range(of: "://").map { url[$0.upperBound...].prefix { !"/?#".contains($0) } } ?? url[...]
        hasSecretHost = authority.contains("${") || authority.contains("{{") || url.hasPrefix("${")
        (place, host) = ("", "")
        called(address, through: nil)
    }

    /// Names whom it goes to now.
    mutating func called(_ address: HTTPAddress, through proxy: HTTPAddress?) {
        if let proxy {
            (place, host) = ("the proxy \(proxy.place)", "of the proxy \(proxy.host)")
        } else {
            (place, host) = hasSecretHost ? (url, "in \(url)") : (address.place, address.host)
        }
    }

    func words(for error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: words(for: error)
        case is ChannelError: noConnection("no answer in time")
        case let error as IOError:
            switch error.errnoCode {
            case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, EHOSTDOWN: noConnection(systemWords(error))
            default: "\(url): the connection broke: \(systemWords(error))"
            }
        case let error as SecureFailure: "\(url): no secure connection: \(error)"
        case let error as TrustProblem: "\(url): no secure connection: \(error)"
        default: "\(url): \(error)"
        }
    }

    /// What an answer of a status that was not expected says.
    /// - Parameter start: the first bytes of the answer's body; their first line is shown.
    func failure(of head: AnswerHead, to call: HTTPCall, _ start: [UInt8]) -> Failure {
        let wanted = call.expected.isEmpty ? "2xx" : call.expected.map(String.init).joined(separator: " or ")
        let words = "\(url) answered with status \(head.status) where \(wanted) was expected"
        var more = ""
        if Self.redirects.contains(head.status), let location = head.location {
            more = "; it points to \(quoted(withoutSecrets(location))): call that, or let http.redirects be above 0"
        } else if let line = firstLine(start) {
            more = ": \(line.count > 200 ? line.prefix(200) + "…" : line)"
        }
        return Failure(words + more, exitCode: head.status)
    }

    private static let redirects: Set<Int> = [301, 302, 303, 307, 308]

    /// The request that a redirect asks for; `nil` where there is none to follow.
    func redirect(
        _ head: AnswerHead, of request: HTTPRequest, _ call: HTTPCall, _ hop: Int,
        _ identity: [(name: String, value: String)]
    ) throws(RedirectProblem) -> HTTPRequest? {
        // A status that is expected is what was asked for, and not a step on the way.
        let most = call.redirects
        guard most > 0, Self.redirects.contains(head.status),
            !call.expected.contains(head.status), let location = head.location
        else { return nil }
        guard hop < most else {
            throw RedirectProblem(description: "more than \(most) redirects; call the last address itself")
        }
        let next: HTTPAddress
        do {
            next = try request.address.following(location)
        } catch {
            throw RedirectProblem(description: "redirects to \(quoted(withoutSecrets(location))), which \(error)")
        }
        guard let redirected = request.redirected(status: head.status, to: next, keeping: identity) else {
            throw RedirectProblem(
                description:
                    "redirects a \(request.method) to another place, \(quoted(next.origin)), which gets nothing"
                    + " of what this call carries; call that address itself")
        }
        return redirected
    }

    /// A server may repeat in an address what it was sent.
    private func withoutSecrets(_ location: String) -> String {
        "\(SecretAddress(String(location.prefix { $0 != "?" && $0 != "#" })))"
    }

    private func firstLine(_ bytes: [UInt8]) -> String? {
        String(decoding: bytes, as: UTF8.self)
            .split(whereSeparator: \.isNewline).lazy
            .map { $0.trimmingCharacters(in: .whitespaces.union(.controlCharacters)) }
            .first { !$0.isEmpty }
    }

    private func words(for error: NIOConnectionError) -> String {
        if error.connectionErrors.isEmpty {
            return "the name \(host) was not found; look at its spelling and at the node's DNS"
        }
        var reasons: [String] = []
        for failure in error.connectionErrors {
            let reason: String =
                switch failure.error {
                case let error as IOError: systemWords(error)
                case is ChannelError: "no answer in time"
                case let other: "\(other)"
                }
            if !reasons.contains(reason) { reasons.append(reason) }
        }
        return noConnection(reasons.joined(separator: ", "))
    }

    private func noConnection(_ reason: String) -> String { "no connection to \(place): \(reason)" }

    private func systemWords(_ error: IOError) -> String { String(cString: strerror(error.errnoCode)).lowercased() }
}

/// A redirect that is not followed, in words.
struct RedirectProblem: Error, CustomStringConvertible {
    let description: String
}
