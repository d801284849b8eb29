import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix

/// Says in words why an HTTP call failed. Addresses are shown as they were written, `${NAME}` and all, since what
/// stands behind a name may be a secret; only host and port are shown as they were called.
struct HTTPFailure {
    /// The address as it was written.
    let url: String
    /// Host and port of the address that was called.
    let place: String

    /// - Parameter called: the address with all variables in place.
    init(url: String, called: String) {
        self.url = url
        let parts = URLComponents(string: called)
        let port = parts?.port ?? (parts?.scheme == "https" ? 443 : 80)
        place = "\(parts?.host ?? "?"):\(port)"
    }

    func words(for error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: words(for: error)
        case let error as HTTPClientError: words(for: error)
        case let error as IOError:
            switch error.errnoCode {
            case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, EHOSTDOWN: noConnection(systemWords(error))
            default: "\(url): the connection broke: \(systemWords(error))"
            }
        case let error where "\(type(of: error))".contains("SSL"): "\(url): no secure connection: \(error)"
        default: "\(url): \(error)"
        }
    }

    /// - Parameter start: the first bytes of the answer's body; their first line is shown.
    func words(status: Int, wanted: String, _ start: [UInt8]) -> String {
        let line = String(decoding: start, as: UTF8.self)
            .split(whereSeparator: \.isNewline).lazy
            .map { $0.trimmingCharacters(in: .whitespaces.union(.controlCharacters)) }
            .first { !$0.isEmpty }
        let words = "\(url) answered with status \(status) where \(wanted) was expected"
        guard let line else { return words }
        return "\(words): \(line.count > 200 ? line.prefix(200) + "…" : line)"
    }

    private func words(for error: NIOConnectionError) -> String {
        if error.connectionErrors.isEmpty {
            return "the name \(error.host) was not found; look at its spelling and at the node's DNS"
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

    private func words(for error: HTTPClientError) -> String {
        switch error {
        case .invalidURL, .emptyHost, .emptyScheme: "\(url) is not an address; write one like https://example.com/path"
        case .connectTimeout: noConnection("no answer in time")
        case .tlsHandshakeTimeout: "\(url): the secure connection was not agreed on in time"
        case .remoteConnectionClosed: "\(url): the server closed the connection before it answered in full"
        case .redirectLimitReached:
            "\(url): more than \(HTTPExecutor.mostRedirects) redirects; call the last address itself"
        case .redirectCycleDetected: "\(url): the redirects go in a circle"
        default: "\(url): \(error.shortDescription)"
        }
    }

    private func noConnection(_ reason: String) -> String { "no connection to \(place): \(reason)" }

    private func systemWords(_ error: IOError) -> String { String(cString: strerror(error.errnoCode)).lowercased() }
}
