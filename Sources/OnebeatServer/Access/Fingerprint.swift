import Crypto

/// Fingerprints of texts, in hexadecimal digits.
enum Fingerprint {
    static func sha256(_ text: String) -> String { hex(SHA256.hash(data: Array(text.utf8))) }

    static func hmac(_ message: [UInt8], key: [UInt8]) -> String {
        hex(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }

    /// Whether a text is the HMAC of a message, found out in the same time however much of it is right.
    static func isHMAC(_ text: String, of message: [UInt8], key: [UInt8]) -> Bool {
        let right = Array(hmac(message, key: key).utf8)
        let given = Array(text.utf8)
        guard right.count == given.count else { return false }
        return zip(right, given).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// A text that nobody can guess.
enum Secret {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".unicodeScalars)
    /// 258 bits.
    static let length = 43

    static func fresh() -> String {
        var random = SystemRandomNumberGenerator()
        var text = ""
        for _ in 0..<length { text.unicodeScalars.append(alphabet[Int(random.next(upperBound: UInt32(64)))]) }
        return text
    }

    /// Whether a text could be one of ours.
    static func isOne(_ text: some StringProtocol) -> Bool {
        text.utf8.count == length && text.unicodeScalars.allSatisfy(alphabet.contains)
    }
}
