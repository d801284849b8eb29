import Foundation

/// Where an HTTP call goes: an address of `http` or `https`, taken apart.
///
/// It is read strictly: what is not plainly such an address is refused, so that we and a proxy or a server on the way
/// never take it for two different places.
struct HTTPAddress: Equatable {
    var isSecure: Bool
    /// A name or a number; IPv6 without brackets.
    var host: String
    var port: Int
    /// Path and query, as they are sent.
    var target: String
    /// `user:password` with percent signs read; it is sent as `Authorization: Basic` and never shown.
    var credentials: String?

    init(_ text: String) throws(AddressProblem) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw AddressProblem("has a blank or a control character in it; write it as %XX")
        }
        // Some take it for a slash.
        guard !text.contains("\\") else { throw AddressProblem("has a backslash in it; write it as %5C") }
        guard let colon = text.range(of: "://") else { throw AddressProblem.shape }
        switch text[..<colon.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: throw AddressProblem.shape
        }
        let rest = text[colon.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        target = Self.escaped(rest[authority.endIndex...])
        // A password may hold an @ that is not written as %40; a host cannot, so the last one ends it.
        var place = authority
        if let at = authority.lastIndex(of: "@") {
            let text = String(authority[..<at])
            credentials = text.removingPercentEncoding ?? text
            place = authority[authority.index(after: at)...]
        }
        (host, port) = try Self.place(place, usual: isSecure ? 443 : 80)
    }

    private static func place(_ text: Substring, usual: Int) throws(AddressProblem) -> (String, Int) {
        var host = text
        var port = usual
        let isNumber = text.hasPrefix("[")
        let afterHost = isNumber ? text.firstIndex(of: "]").map { text.index(after: $0) } : text.firstIndex(of: ":")
        if isNumber, afterHost == nil { throw AddressProblem("has a number of IPv6 without its closing bracket") }
        if let afterHost, afterHost < text.endIndex {
            let digits = text[afterHost...].dropFirst()
            guard text[afterHost] == ":", digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw AddressProblem("has something behind its host that is no port")
            }
            // A colon without a port behind it is allowed, and means the usual one.
            if !digits.isEmpty {
                // Ours: what is no port is nil, and never a trap.
                guard let number = UInt16(digits), number > 0 else {
                    throw AddressProblem("has a port that is none; 1 to 65535 will do")
                }
                port = Int(number)
            }
            host = text[..<afterHost]
        }
        if isNumber { host = host.dropFirst().prefix { $0 != "]" } }
        guard !host.isEmpty else { throw AddressProblem.shape }
        let isPlain = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"), UInt8(ascii: "%"): isNumber
            default: false
            }
        }
        guard isPlain else {
            throw AddressProblem(
                "has a host with characters that host names do not have; write others in punycode (xn--…)")
        }
        return (host.lowercased(), port)
    }

    /// Path and query with what HTTP does not carry written as `%XX`.
    private static func escaped(_ text: Substring) -> String {
        var result = text.hasPrefix("/") ? "" : "/"
        for byte in text.utf8 {
            if byte > 0x20, byte < 0x7f, !"\"<>\\^`{|}".utf8.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }

    /// Host and port, for messages and for the proxy.
    var place: String { "\(bracketed):\(port)" }

    /// The value of the header `Host`: the port only where it is not the usual one.
    var hostField: String { port == (isSecure ? 443 : 80) ? bracketed : place }

    private var bracketed: String { host.contains(":") ? "[\(host)]" : host }

    /// Without credentials and without what is behind the place.
    var origin: String { "\(isSecure ? "https" : "http")://\(hostField)" }

    /// The address that a redirect points to, seen from here.
    func following(_ location: String) throws(AddressProblem) -> HTTPAddress {
        if location.contains("://"), let colon = location.firstIndex(where: { ":/?#".contains($0) }),
            location[colon] == ":"
        {
            return try HTTPAddress(location)
        }
        if location.hasPrefix("//") { return try HTTPAddress((isSecure ? "https:" : "http:") + location) }
        var next = try HTTPAddress(origin + "/")
        let path = target.prefix { $0 != "?" }
        let relative = location.prefix { $0 != "#" }
        switch relative.first {
        case "/": next.target = try HTTPAddress(origin + relative).target
        case "?": next.target = try HTTPAddress(origin + path + relative).target
        case nil: next.target = target
        default:
            let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
            next.target = try HTTPAddress(origin + folder + relative).target
        }
        return next
    }
}

/// Why a text is no address of HTTP: reads on from the address.
struct AddressProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    static let shape = AddressProblem("is not an address; write one like https://example.com/path")
}
