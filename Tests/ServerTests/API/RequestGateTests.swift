import NIOCore
import NIOPosix
import Testing

@testable import OnebeatServer

/// Readers who hold on to connections, and requests that are none.
@Suite(.timeLimit(.minutes(1))) struct RequestGateTests {
    @Test func whoSendsHalfARequestIsLetGo() async throws {
        try await WebFixture.serving(limits: WebLimits(request: .seconds(1))) { web in
            let starts = [
                "", "GET / HT", "GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
                "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx",
                // And who stays after an answer.
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
            ]
            var readers: [Reader] = []
            for start in starts { readers.append(try await Reader.open(web.port, start)) }
            // They end, which is all that is asked for here.
            for reader in readers { _ = try await reader.end() }
        }
    }

    @Test func whoWaitsLongestMakesRoomForOneMore() async throws {
        try await WebFixture.serving(limits: WebLimits(connections: 4)) { web in
            var idle: [Reader] = []
            for _ in 0..<20 { idle.append(try await Reader.open(web.port, "GET / HTTP/1.1\r\nHo")) }
            for _ in 0..<5 { #expect(try await Reader.open(web.port, Self.question).end().hasSuffix("ok\n")) }
            for reader in idle.prefix(12) { _ = try await reader.end() }
            for reader in idle.suffix(8) { reader.close() }
        }
    }

    @Test(arguments: [
        "HTTP/1.0\r\n", "HTTP/1.0\r\nConnection: keep-alive\r\n",
        "HTTP/1.1\r\nHost: localhost\r\nconnection: Close\r\n",
    ])
    func whoExpectsOneAnswerGetsOneAndTheEnd(rest: String) async throws {
        try await WebFixture.serving { web in
            let answer = try await Reader.open(web.port, "GET /healthz \(rest)\r\n").end()
            #expect(answer.contains(" 200 OK\r\n"))
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nok\n"))
        }
    }

    @Test func aRequestWithoutAHostOrWithTwoIsRefused() async throws {
        try await WebFixture.serving { web in
            for (hosts, words) in [
                ("", "no Host header"), ("Host: localhost\r\nhost: localhost\r\n", "2 Host headers"),
                ("Host: localhost\r\nX: y\r\nHost: evil.example\r\n", "2 Host headers"),
            ] {
                let answer = try await Reader.open(web.port, "GET /api/v1/jobs HTTP/1.1\r\n\(hosts)\r\n").end()
                #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
                #expect(answer.contains(words))
                #expect(!answer.contains("backup"))
            }
            #expect(
                try await Reader.open(web.port, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n").end().contains(" 400 "))
            #expect(try await Reader.open(web.port, Self.question).end().hasSuffix("ok\n"))
        }
    }

    /// Requests that are nearly right, changed at random: each gets an answer or a closed connection, and the next a
    /// good one.
    @Test func noRequestEndsTheServer() async throws {
        let seed = Array(
            "GET /api/v1/runs?state=failed&limit=%31#x HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                .utf8)
        try await WebFixture.serving(limits: WebLimits(request: .seconds(1))) { web in
            await withTaskGroup(of: Void.self) { group in
                for part in 0..<8 {
                    group.addTask {
                        var random = SplitMix(state: UInt64(part))
                        for _ in 0..<8 {
                            var bytes = seed
                            for _ in 0..<Int.random(in: 1...5, using: &random) {
                                let place = Int.random(in: 0..<bytes.count, using: &random)
                                bytes[place] = .random(in: 0...255, using: &random)
                            }
                            _ = try? await Reader.open(web.port, String(decoding: bytes, as: UTF8.self), raw: bytes)
                                .end()
                        }
                    }
                }
            }
            let answer = try await Reader.open(web.port, Self.question).end()
            #expect(answer.hasSuffix("ok\n"))
        }
    }

    private static let question = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
}

/// A connection that sends what it is told and keeps what comes.
private struct Reader {
    private let channel: any Channel
    private let text: EventLoopFuture<String>

    static func open(_ port: Int, _ request: String, raw: [UInt8]? = nil) async throws -> Reader {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let text = loop.makePromise(of: String.self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Gatherer(text))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        channel.writeAndFlush(raw.map { ByteBuffer(bytes: $0) } ?? ByteBuffer(string: request), promise: nil)
        return Reader(channel: channel, text: text.futureResult)
    }

    /// What had come when the server closed the connection.
    func end() async throws -> String { try await text.get() }

    func close() { channel.close(promise: nil) }

    private final class Gatherer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let promise: EventLoopPromise<String>
        private var text = ""

        init(_ promise: EventLoopPromise<String>) { self.promise = promise }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { text += String(buffer: unwrapInboundIn(data)) }

        func channelInactive(context: ChannelHandlerContext) { promise.succeed(text) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
