import Crypto
import CryptoExtras
import Foundation

/// Passwords as they are kept: `$scrypt$ln=15,r=8,p=1$SALT$HASH`, a salted hash that costs memory and time.
package enum Password {
    /// What one try costs: 2^`log` · 128 · `blocks` bytes of memory.
    package struct Cost: Sendable, Equatable {
        var log: Int
        var blocks: Int
        var lanes: Int

        /// 32 MiB, and about a tenth of a second.
        package static let standard = Cost(log: 15, blocks: 8, lanes: 1)
        /// For tests: what it costs is not what they are about.
        package static let little = Cost(log: 4, blocks: 1, lanes: 1)

        /// Costs of others' making are bounded: a row of the store could name any.
        var isBearable: Bool {
            (1...18).contains(log) && (1...32).contains(blocks) && (1...4).contains(lanes) && blocks << log <= 1 << 20
        }
    }

    /// Shorter ones are guessed.
    package static let fewestCharacters = 10
    package static let mostBytes = 300

    /// What is wrong with a password that somebody chose; `nil` when it will do.
    package static func problem(_ password: String) -> String? {
        if password.count < fewestCharacters {
            return "the password has \(password.count) characters; \(fewestCharacters) or more will do"
        }
        if password.utf8.count > mostBytes { return "the password has more than \(mostBytes) bytes" }
        if let scalar = password.controlCharacter() {
            return "the password has the control character \(scalar) in it, which a form cannot send"
        }
        return nil
    }

    /// The hash to keep.
    package static func hash(_ password: String, cost: Cost = .standard) throws -> String {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let key = try derive(password, salt, cost)
        return "$scrypt$ln=\(cost.log),r=\(cost.blocks),p=\(cost.lanes)$\(text(salt))$\(text(key))"
    }

    /// Whether a password is the one of a hash. What is no hash is nobody's.
    static func fits(_ password: String, _ hash: String) -> Bool {
        let isHash = Kept(hash) != nil
        // What is no hash takes as long as one.
        guard let kept = Kept(hash) ?? Kept(nobodys), let key = try? derive(password, kept.salt, kept.cost) else {
            return false
        }
        return isHash && key.count == kept.key.count && zip(key, kept.key).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// What takes as long as a right hash, and fits nothing.
    static let nobodys = "$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$\(String(repeating: "A", count: 43))"

    private struct Kept {
        var cost: Cost
        var salt: [UInt8]
        var key: [UInt8]

        init?(_ text: String) {
            guard
                let match = text.wholeMatch(
                    of: /\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([^$]{1,100})\$([^$]{1,100})/),
                let log = Int(match.1), let blocks = Int(match.2), let lanes = Int(match.3),
                let salt = Password.bytes(match.4), let key = Password.bytes(match.5), key.count == 32, !salt.isEmpty
            else { return nil }
            cost = Cost(log: log, blocks: blocks, lanes: lanes)
            guard cost.isBearable else { return nil }
            self.salt = salt
            self.key = key
        }
    }

    private static func derive(_ password: String, _ salt: [UInt8], _ cost: Cost) throws -> [UInt8] {
        // Composed: two keyboards write one letter in two ways. Never empty: the function below wants an
        // address. And never with a NUL at its end, which would make no difference.
        let bytes = Array(password.precomposedStringWithCanonicalMapping.utf8) + [1]
        let key = try KDF.Scrypt.deriveKey(
            from: bytes, salt: salt, outputByteCount: 32, rounds: 1 << cost.log, blockSize: cost.blocks,
            parallelism: cost.lanes)
        return key.withUnsafeBytes { Array($0) }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("=", with: "")
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
        return Data(base64Encoded: text + padding).map(Array.init)
    }
}
