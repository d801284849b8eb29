import NIOCore
import NIOPosix

/// A server that says its lines, one for each that comes, whatever that is; nothing after the last. Where the first is
/// empty it hangs up.
enum Speaker {
    /// - Parameter onRead: told each time something came.
    static func saying(
        _ lines: [String], onRead: @escaping @Sendable () -> Void = {}, _ body: (Int) async throws -> Void
    ) async throws {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(lines, onRead))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        defer { channel.close(promise: nil) }
        try await body(channel.localAddress?.port ?? 0)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private var lines: ArraySlice<String>
        private let onRead: @Sendable () -> Void

        init(_ lines: [String], _ onRead: @escaping @Sendable () -> Void) {
            self.lines = lines[...]
            self.onRead = onRead
        }

        func channelActive(context: ChannelHandlerContext) { say(context) }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            onRead()
            say(context)
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func say(_ context: ChannelHandlerContext) {
            guard let line = lines.popFirst() else { return }
            if line.isEmpty { return context.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: line)), promise: nil)
        }
    }
}
