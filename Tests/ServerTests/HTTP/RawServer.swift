import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server that answers with whatever bytes it is told, as no honest one would.
final class RawServer: Sendable {
    /// What is sent, and whether the connection is closed after it.
    struct Answer: Sendable {
        var bytes: [UInt8]
        var closes = true

        init(_ text: String, closes: Bool = true) { self.init(Array(text.utf8), closes: closes) }

        init(_ bytes: [UInt8], closes: Bool = true) {
            self.bytes = bytes
            self.closes = closes
        }
    }

    let port: Int
    private let channel: any Channel
    private let seen: Seen

    fileprivate final class Seen: Sendable {
        let requests = Mutex<[String]>([])
        let connections = Atomic(0)
    }

    private init(_ channel: any Channel, _ seen: Seen) {
        self.channel = channel
        self.seen = seen
        port = channel.localAddress?.port ?? 0
    }

    /// The requests that came, as they came.
    var requests: [String] { seen.requests.withLock { $0 } }
    var connections: Int { seen.connections.load(ordering: .relaxed) }

    /// Serves while `body` runs.
    static func serving<Result: Sendable>(
        tls: NIOSSLContext? = nil, _ answer: @escaping @Sendable (String) -> Answer,
        _ body: (RawServer) async throws -> Result
    ) async throws -> Result {
        let seen = Seen()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(seen, answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        defer { channel.close(promise: nil) }
        return try await body(RawServer(channel, seen))
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let seen: Seen
        private let answer: @Sendable (String) -> Answer
        private var text = ""

        init(_ seen: Seen, _ answer: @escaping @Sendable (String) -> Answer) {
            self.seen = seen
            self.answer = answer
        }

        func channelActive(context: ChannelHandlerContext) { seen.connections.add(1, ordering: .relaxed) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            guard let head = text.range(of: "\r\n\r\n") else { return }
            let length = text.lowercased().range(of: "content-length: ").flatMap {
                Int(text[$0.upperBound...].prefix(while: \.isNumber))
            }
            guard text[head.upperBound...].utf8.count >= length ?? 0 else { return }
            seen.requests.withLock { $0.append(text) }
            let answer = answer(text)
            text = ""
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer.bytes)), promise: nil)
            if answer.closes { context.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

/// Certificates made for one test, in a folder that goes with it.
struct TestCertificate {
    let folder: String
    var file: String { folder + "/cert.pem" }

    /// - Parameters:
    ///   - names: the alternative names, as openssl writes them.
    ///   - arguments: what else openssl is told.
    static func made(
        for names: String = "DNS:localhost,IP:127.0.0.1", _ arguments: [String] = ["-days", "2"]
    ) throws -> TestCertificate {
        let folder = FileManager.default.temporaryDirectory.path + "/onebeat-certificate-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        openssl.arguments =
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                folder + "/key.pem", "-out", folder + "/cert.pem", "-subj", "/CN=test", "-addext",
                "subjectAltName=\(names)",
            ] + arguments
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        return TestCertificate(folder: folder)
    }

    func server() throws -> NIOSSLContext {
        try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: folder + "/key.pem", format: .pem))))
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
