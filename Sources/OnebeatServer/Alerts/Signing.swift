import Crypto
import Foundation
import Onebeat

/// The signatures that receivers ask for who take a message from anybody else.
enum Signing {
    /// DingTalk: milliseconds, and the HMAC of both under the secret, behind the address.
    static func dingtalk(_ url: String, secret: String?, at now: Timestamp) -> String {
        guard let secret else { return url }
        let stamp = "\(now.microseconds / 1000)"
        let sign = hmac("\(stamp)\n\(secret)", key: secret)
        let escaped = sign.replacing("+", with: "%2B").replacing("/", with: "%2F").replacing("=", with: "%3D")
        return "\(url)\(url.contains("?") ? "&" : "?")timestamp=\(stamp)&sign=\(escaped)"
    }

    /// Feishu: seconds, and the HMAC of nothing under both.
    static func feishu(_ secret: String, at now: Timestamp) -> [String: JSONValue] {
        let stamp = "\(now.microseconds / 1_000_000)"
        let sign = hmac("", key: "\(stamp)\n\(secret)")
        return ["timestamp": .string(stamp), "sign": .string(sign)]
    }

    private static func hmac(_ text: String, key: String) -> String {
        let key = SymmetricKey(data: Array(key.utf8))
        return Data(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)).base64EncodedString()
    }
}
