import Foundation

/// A request as it goes over the wire.
struct HTTPRequest {
    var method: String
    var address: HTTPAddress
    /// Names are told apart without regard to capitals; the first of a name counts.
    var headers: [(name: String, value: String)]
    var body: [UInt8]?

    /// Headers that say where a request ends and what becomes of the connection: those are ours.
    static let reserved: Set<String> = [
        "connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding",
        "upgrade",
    ]

    /// The bytes to send.
    /// - Parameter proxy: whom they are sent to, when it is asked to pass them on.
    func bytes(through proxy: HTTPAddress? = nil) -> [UInt8] {
        var lines = ["\(method) \(proxy == nil ? address.target : address.origin + address.target) HTTP/1.1"]
        var seen = Self.reserved
        func add(_ name: String, _ value: String) {
            if seen.insert(name.lowercased()).inserted { lines.append("\(name): \(value)") }
        }
        for (name, value) in headers { add(name, value) }
        if let credentials = address.credentials { add("Authorization", Self.basic(credentials)) }
        if let credentials = proxy?.credentials { add("Proxy-Authorization", Self.basic(credentials)) }
        add("Host", address.hostField)
        add("Accept", "*/*")
        if let body {
            lines.append("Content-Length: \(body.count)")
        } else if !["GET", "HEAD", "DELETE", "OPTIONS"].contains(method) {
            lines.append("Content-Length: 0")
        }
        lines.append("Connection: close")
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? [])
    }

    /// Asks a proxy to connect us to the request's host.
    static func tunnel(to address: HTTPAddress, through proxy: HTTPAddress) -> [UInt8] {
        var lines = ["CONNECT \(address.place) HTTP/1.1", "Host: \(address.place)"]
        if let credentials = proxy.credentials { lines.append("Proxy-Authorization: \(basic(credentials))") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private static func basic(_ credentials: String) -> String {
        let text = credentials.contains(":") ? credentials : credentials + ":"
        return "Basic \(Data(text.utf8).base64EncodedString())"
    }

    /// Where a redirect leads, and with what.
    /// - Returns: `nil` where the same call may not be made there without somebody's word.
    func redirected(status: Int, to next: HTTPAddress, keeping identity: [(name: String, value: String)])
        -> HTTPRequest?
    {
        var request = self
        request.address = next
        // 303 says so; of 301 and 302 every browser makes it so, and servers count on it.
        if status == 303 && method != "HEAD" || (status == 301 || status == 302) && method == "POST" {
            (request.method, request.body) = ("GET", nil)
        }
        if next.origin == address.origin {
            request.address.credentials = next.credentials ?? address.credentials
            return request
        }
        // What the call carries is for the one it was written for.
        guard ["GET", "HEAD"].contains(request.method), request.body == nil else { return nil }
        request.headers = identity
        request.address.credentials = nil
        return request
    }

    /// Whether a text can stand in a header without becoming another one.
    static func isFieldValue(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 } }

    static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(AnswerReader.isTokenByte) }
}
