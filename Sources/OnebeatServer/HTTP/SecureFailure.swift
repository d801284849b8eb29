import NIOSSL
import Onebeat

/// Why a connection could not be made secure, in words of ours: the TLS library's hold paths of the machine it was
/// built on, and not which of the reasons it was.
struct SecureFailure: Error, Equatable, CustomStringConvertible {
    let description: String

    /// - Parameters:
    ///   - certificate: the one that the server showed, if it came to that.
    ///   - host: whom it should be of.
    init(_ error: any Error, certificate: [UInt8]?, host: String, now: Timestamp) {
        let text = "\(error)"
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            description = "the server's certificate is for other names than \(host)"
        } else if text.contains("CERTIFICATE_VERIFY_FAILED") {
            description = Self.distrust(certificate.flatMap(CertificateFacts.init), now)
        } else if error as? NIOSSLError == .unableToValidateCertificate {
            description = "the server's certificate is for other names than \(host)"
        } else if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            description = "the server speaks no TLS on this port; is its address one of http:// ?"
        } else if text.contains("UNSUPPORTED_PROTOCOL") || text.contains("PROTOCOL_VERSION") {
            description = "the server offers no version of TLS that is safe; 1.2 is the oldest"
        } else if text.contains("EOF during handshake") {
            description = "the server closed the connection while it was being made secure"
        } else {
            description = Self.reason(in: text)
        }
    }

    private static func distrust(_ certificate: CertificateFacts?, _ now: Timestamp) -> String {
        guard let certificate else { return "the server's certificate is not to be trusted" }
        let moment = String("\(now)".filter(\.isNumber).prefix(14))
        if certificate.end < moment { return "the server's certificate ended on \(certificate.day(certificate.end))" }
        if certificate.start > moment {
            return
                "the server's certificate begins on \(certificate.day(certificate.start)); is this machine's clock right?"
        }
        if certificate.isSelfSigned {
            return "the server's certificate is signed by itself; name its file in http.ca to trust it"
        }
        let issuer = certificate.issuer.map { " (\(quoted($0)))" } ?? ""
        return "nobody whom this machine trusts stands behind the issuer\(issuer) of the server's certificate; name the"
            + " issuer's own certificate in http.ca, or in SSL_CERT_FILE"
    }

    /// `…:SSL routines:OPENSSL_internal:NO_SHARED_CIPHER at /…:123` without all that is around the reason.
    private static func reason(in text: String) -> String {
        guard let start = text.range(of: "OPENSSL_internal:")?.upperBound else {
            return "the other side broke TLS's rules"
        }
        let reason = text[start...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return "TLS says: \(reason.lowercased().replacing("_", with: " "))"
    }
}

/// What a certificate says of itself, read from its bytes (X.509 in DER). Whoever connects may get anything for a
/// certificate, so every length is checked, and what does not fit is `nil`.
struct CertificateFacts {
    /// `YYYYMMDDhhmmss`, which compare as they are in time.
    let start: String, end: String
    let isSelfSigned: Bool
    /// The issuer's common name.
    let issuer: String?

    init?(_ bytes: [UInt8]) {
        var whole = DER(bytes[...])
        guard var certificate = whole.next(0x30), var body = certificate.next(0x30) else { return nil }
        _ = body.next(0xa0)  // version
        guard body.next(0x02) != nil, body.next(0x30) != nil, let issuer = body.next(0x30),
            var validity = body.next(0x30), let subject = body.next(0x30), let start = validity.time(),
            let end = validity.time()
        else { return nil }
        (self.start, self.end) = (start, end)
        isSelfSigned = issuer.bytes.elementsEqual(subject.bytes)
        self.issuer = Self.commonName(issuer)
    }

    /// `2026-11-23`
    func day(_ moment: String) -> String {
        "\(moment.prefix(4))-\(moment.dropFirst(4).prefix(2))-\(moment.dropFirst(6).prefix(2))"
    }

    private static func commonName(_ name: DER) -> String? {
        var name = name
        while var set = name.next(0x31) {
            while var pair = set.next(0x30) {
                guard let kind = pair.next(0x06) else { return nil }
                if Array(kind.bytes) == [0x55, 0x04, 0x03], let value = pair.next(nil) {
                    return String(decoding: value.bytes.prefix(100), as: UTF8.self)
                }
            }
        }
        return nil
    }

    /// Values one after the other, each with a tag and a length before it.
    private struct DER {
        private(set) var bytes: ArraySlice<UInt8>

        init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

        /// The next value, where it is of this kind; `nil` as the kind is any.
        mutating func next(_ tag: UInt8?) -> DER? {
            var rest = bytes
            guard let found = rest.popFirst(), tag == nil || found == tag, let first = rest.popFirst() else {
                return nil
            }
            var length = Int(first)
            if first >= 0x80 {
                guard (1...3).contains(first & 0x7f) else { return nil }
                length = 0
                for _ in 0..<(first & 0x7f) {
                    guard let byte = rest.popFirst() else { return nil }
                    length = length << 8 | Int(byte)
                }
            }
            guard length <= rest.count else { return nil }
            bytes = rest.dropFirst(length)
            return DER(rest.prefix(length))
        }

        /// A moment, with the century that short ones leave out.
        mutating func time() -> String? {
            if let long = next(0x18) { return Self.digits(long, 14) }
            guard let short = next(0x17), let digits = Self.digits(short, 12) else { return nil }
            return (digits < "50" ? "20" : "19") + digits
        }

        private static func digits(_ value: DER, _ count: Int) -> String? {
            let digits = value.bytes.prefix(count)
            guard digits.count == count, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return String(decoding: digits, as: UTF8.self)
        }
    }
}
