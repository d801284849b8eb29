import NIOCore

/// What comes of the bytes of a server, as a connection reads them; for the fuzzer.
package enum RedisReading {
    /// - Parameter pieces: the bytes as they come.
    /// - Returns: the answers, and whether the rest was refused.
    package static func replies(in pieces: [ArraySlice<UInt8>]) -> (replies: [RedisReply], isRefused: Bool) {
        var parser = ReplyParser()
        var replies: [RedisReply] = []
        do {
            for piece in pieces {
                var buffer = ByteBuffer(bytes: piece)
                parser.take(&buffer)
                while let reply = try parser.next() {
                    interpret(reply)
                    replies.append(reply)
                }
            }
            return (replies, false)
        } catch {
            return (replies, true)
        }
    }

    /// All that an answer may be taken for.
    private static func interpret(_ reply: RedisReply) {
        _ = (reply.kind, reply.text, reply.wholeNumber, reply.moment, reply.time, reply.failure?.advice(rights: ""))
        if case .array(let parts) = reply { _ = RedisDispatch.pointers(in: parts, limit: 3) }
        _ = RedisLocks.reading(reply, token: "a/b/c", orGone: true)
    }
}
