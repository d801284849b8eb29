import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Onebeat

/// A connection that carries one call: bytes out, bytes in, as many at a time as somebody takes.
struct HTTPConnection: Sendable {
    private let channel: any Channel
    private let pull: NIOLoopBound<BytePull>

    /// Connects to a host.
    static func open(to address: HTTPAddress, within patience: TimeAmount) async throws -> HTTPConnection {
        // One loop for all, so that what follows the connection runs before anything can come of it.
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(patience)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(BytePull()) }
            }
        let connected = bootstrap.connect(host: address.host, port: address.port).flatMapThrowing { channel in
            guard let pull = try? channel.pipeline.syncOperations.handler(type: BytePull.self) else {
                throw ClosedAtOnce()
            }
            return HTTPConnection(channel: channel, pull: NIOLoopBound(pull, eventLoop: loop))
        }
        let first = loop.makePromise(of: HTTPConnection.self)
        connected.cascade(to: first)
        // Name servers take their time, and nothing can be told to stop asking them: whoever waits is let go.
        return try await withTaskCancellationHandler {
            try await first.futureResult.get()
        } onCancel: {
            first.fail(CancellationError())
            connected.whenSuccess { $0.close() }
        }
    }

    /// Speaks TLS from here on.
    func secure(_ context: NIOSSLContext, host: String) async throws {
        try await channel.eventLoop.submit { [channel, pull] in
            let name = host.isIPAddress ? nil : host.hasSuffix(".") ? String(host.dropLast()) : host
            // Bytes from before would be taken for ones that came safely.
            guard pull.value.isEmpty else { throw EarlyBytes() }
            let tls = try NIOSSLClientHandler(context: context, serverHostname: name)
            pull.value.host = host
            try channel.pipeline.syncOperations.addHandler(tls, position: .first)
        }.get()
    }

    /// Sends bytes. That they could not be sent is seen where the answer is read.
    func send(_ bytes: [UInt8]) {
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    /// The next bytes; `nil` once the other side has closed the connection.
    func receive() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            let piece = try await channel.eventLoop.flatSubmit { [channel, pull] in pull.value.next(channel) }.get()
            return piece.map { Array($0.readableBytesView) }
        } onCancel: {
            channel.eventLoop.execute { [pull] in pull.value.end(.failure(CancellationError())) }
        }
    }

    /// Closes it without waiting for the other side.
    func close() { channel.close(promise: nil) }
}

/// Keeps what came until somebody takes it, and stops reading while that is much. It lives on its event loop.
private final class BytePull: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// How many bytes may wait before nothing more is read.
    private static let most = 64 * 1024

    /// Whom the other side should be able to prove to be, for messages.
    var host = ""
    private var pieces = CircularBuffer<ByteBuffer>()
    var isEmpty: Bool { pieces.isEmpty }
    private var size = 0
    private var ended: Result<Void, any Error>?
    private var waiter: EventLoopPromise<ByteBuffer?>?

    func next(_ channel: any Channel) -> EventLoopFuture<ByteBuffer?> {
        if let piece = pieces.popFirst() {
            size -= piece.readableBytes
            if size < Self.most { try? channel.syncOptions?.setOption(.autoRead, value: true) }
            return channel.eventLoop.makeSucceededFuture(piece)
        }
        switch ended {
        case .success: return channel.eventLoop.makeSucceededFuture(nil)
        case .failure(let error): return channel.eventLoop.makeFailedFuture(error)
        case nil:
            let promise = channel.eventLoop.makePromise(of: ByteBuffer?.self)
            waiter = promise
            return promise.futureResult
        }
    }

    /// Nothing comes any more. The first end counts.
    func end(_ result: Result<Void, any Error>) {
        guard ended == nil else { return }
        ended = result
        waiter?.completeWith(result.map { nil })
        waiter = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let piece = unwrapInboundIn(data)
        if let waiter {
            self.waiter = nil
            return waiter.succeed(piece)
        }
        pieces.append(piece)
        size += piece.readableBytes
        if size >= Self.most { try? context.channel.syncOptions?.setOption(.autoRead, value: false) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.success(()))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        // Servers that close without TLS's farewell are many. Whether the answer is complete, its reader knows.
        case NIOSSLError.uncleanShutdown: end(.success(()))
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()?.toDERBytes()
            end(.failure(SecureFailure(error, certificate: certificate, host: host, now: Timestamp(Date()))))
        default: end(.failure(error))
        }
        context.close(promise: nil)
    }
}

/// The connection was closed before anybody could take it.
struct ClosedAtOnce: Error, CustomStringConvertible {
    let description = "the server closed the connection at once"
}

/// The other side spoke where it had to wait for TLS.
struct EarlyBytes: Error, CustomStringConvertible {
    let description = "the server speaks before the connection is made secure"
}

extension String {
    /// Whether it is a number of IPv4 or IPv6 instead of a name.
    var isIPAddress: Bool { (try? SocketAddress(ipAddress: self, port: 0)) != nil }
}
