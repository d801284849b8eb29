import NIOCore

/// A command and its arguments.
public struct RedisCommand: Sendable, Equatable {
    /// The command's name and all that follows it.
    package let parts: [String]

    /// `RedisCommand("SET", key, value)`
    public init(_ parts: String...) { self.parts = parts }

    /// A command of any number of parts.
    package init(parts: [String]) { self.parts = parts }

    /// As the protocol wants it: an array of strings.
    func write(to buffer: inout ByteBuffer) {
        buffer.writeString("*\(parts.count)\r\n")
        for part in parts { buffer.writeString("$\(part.utf8.count)\r\n\(part)\r\n") }
    }
}

/// A script that runs in the server, known to it by its digest once it was sent.
package struct RedisScript: Sendable {
    let text: String
    /// SHA-1 of the text in hexadecimal digits. A wrong one would be noticed by nobody but a test, since the text is
    /// sent whenever the server does not know the digest.
    let digest: String

    package init(text: String) {
        self.text = text
        digest = SHA1.digest(of: Array(text.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }

    func byDigest(_ keys: [String], _ arguments: [String]) -> RedisCommand {
        RedisCommand(parts: ["EVALSHA", digest, "\(keys.count)"] + keys + arguments)
    }

    func byText(_ keys: [String], _ arguments: [String]) -> RedisCommand {
        RedisCommand(parts: ["EVAL", text, "\(keys.count)"] + keys + arguments)
    }
}
