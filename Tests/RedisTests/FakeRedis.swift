import NIOCore
import NIOPosix

@testable import OnebeatRedis

/// A server that lets everybody in, and answers what a test makes it answer.
final class FakeRedis: Sendable {
    private let channel: any Channel
    /// - Parameter answer: the bytes of the answer to a command; `nil` is what a good Redis says to a welcome.
    init(_ answer: @escaping @Sendable ([String]) -> String?) async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answering(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    deinit { channel.close(promise: nil) }

    func client(patience: Duration = .seconds(20)) throws -> RedisClient {
        RedisClient(try RedisAddress("redis://127.0.0.1:\(channel.localAddress?.port ?? 0)"), patience: patience)
    }

    /// A string as the protocol wants it.
    static func string(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var parser = ReplyParser()
        private let answer: @Sendable ([String]) -> String?

        init(_ answer: @escaping @Sendable ([String]) -> String?) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            parser.take(&bytes)
            // Commands are arrays of strings, as answers may be.
            while let command = try? parser.next(), case .array(let parts) = command {
                let words = parts.map { $0.text ?? "" }
                let text = answer(words) ?? (words.first == "PING" ? "+PONG\r\n" : "+OK\r\n")
                context.write(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            }
            context.flush()
        }
    }
}
