import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization

/// How much of a node its readers may hold on to.
public struct WebLimits: Sendable {
    /// How many connections may be open; one more closes the one that has waited longest.
    public var connections: Int
    /// How long a request may take to come, and how long a connection may stay without one.
    public var request: Duration
    /// How long an answer may take to be made and taken.
    public var answer: Duration
    /// How many requests one caller who signed in, or has a token, may send at once.
    public var burst: Int
    /// How many a second after that.
    public var rate: Int

    /// Limits that are far above what honest readers need.
    public init(
        connections: Int = 128, request: Duration = .seconds(30), answer: Duration = .seconds(60), burst: Int = 300,
        rate: Int = 50
    ) {
        self.connections = connections
        self.request = request
        self.answer = answer
        self.burst = burst
        self.rate = rate
    }
}

/// The connections of one server, and which of them has to go when there are too many.
final class OpenConnections: Sendable {
    private struct Entry {
        var channel: any Channel
        var isAnswered: Bool
    }

    let limits: WebLimits
    private let open = Mutex<(next: Int, entries: [(number: Int, entry: Entry)])>((0, []))

    init(_ limits: WebLimits) { self.limits = limits }

    var count: Int { open.withLock { $0.entries.count } }

    /// Adds a connection. Where that is one too many, the oldest that waits for a request goes, and where all are being
    /// answered, the new one.
    func add(_ channel: any Channel) -> Int {
        let (number, excess) = open.withLock { open in
            open.next += 1
            open.entries.append((open.next, Entry(channel: channel, isAnswered: false)))
            guard open.entries.count > limits.connections else { return (open.next, nil as (any Channel)?) }
            let index = open.entries.firstIndex { !$0.entry.isAnswered } ?? open.entries.count - 1
            return (open.next, open.entries.remove(at: index).entry.channel)
        }
        excess?.close(promise: nil)
        return number
    }

    func remove(_ number: Int) { open.withLock { $0.entries.removeAll { $0.number == number } } }

    /// An answer is being made, or has been.
    func set(isAnswered: Bool, _ number: Int) {
        open.withLock { open in
            guard let index = open.entries.firstIndex(where: { $0.number == number }) else { return }
            open.entries[index].entry.isAnswered = isAnswered
        }
    }
}

/// Stands between a connection and the server: it closes what takes too long, refuses requests that could be meant for
/// two hosts, and ends connections whose reader does not expect a second answer.
final class RequestGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long the other side has to close a connection that we have ended.
    private static let farewell = TimeAmount.seconds(2)

    private let connections: OpenConnections
    private var number = 0
    private var alarm: Scheduled<Void>?
    private var isRefused = false
    /// The requests that were read and not answered yet, in their order.
    private var unanswered: [(version: HTTPVersion, isLast: Bool)] = []

    init(_ connections: OpenConnections) { self.connections = connections }

    /// What puts a gate where it belongs: requests are looked at as they were written, before the server reads them.
    static func installer(_ connections: OpenConnections) -> any RemovableChannelHandler { Installer(connections) }

    func handlerAdded(context: ChannelHandlerContext) {
        number = connections.add(context.channel)
        wait(.init(connections.limits.request), context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        alarm?.cancel()
        alarm = nil
        connections.remove(number)
    }

    private func wait(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        alarm?.cancel()
        alarm = context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let problem = Self.problem(of: head) { return refuse(problem, head.version, context) }
            unanswered.append((head.version, head.version != .http1_1 || !head.isKeepAlive))
        case .body: break
        case .end where unanswered.isEmpty: break  // Answered before it was read in full.
        case .end:
            connections.set(isAnswered: true, number)
            wait(.init(connections.limits.answer), context)
        }
        context.fireChannelRead(data)
    }

    /// A proxy and we could take such a request for two different ones.
    private static func problem(of head: HTTPRequestHead) -> String? {
        let hosts = head.headers["Host"].count
        if hosts > 1 { return "the request has \(hosts) Host headers; send one" }
        if hosts == 0, head.version == .http1_1 { return "the request has no Host header; send one" }
        return nil
    }

    private func refuse(_ problem: String, _ version: HTTPVersion, _ context: ChannelHandlerContext) {
        isRefused = true
        // In the middle of another answer there is no place for words.
        guard unanswered.isEmpty else { return context.close(promise: nil) }
        unanswered = [(version, true)]
        let body = ByteBuffer(string: problem + "\n")
        let headers: HTTPHeaders = [
            "Content-Type": "text/plain; charset=utf-8", "Content-Length": "\(body.readableBytes)",
            "X-Content-Type-Options": "nosniff",
        ]
        write(
            context: context,
            data: wrapOutboundOut(.head(.init(version: version, status: .badRequest, headers: headers))), promise: nil)
        write(context: context, data: wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
        context.flush()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            // What HTTP/1.0 does not know, such as chunks, must not be in an answer to it.
            head.version = unanswered.first?.version ?? head.version
            if unanswered.first?.isLast == true { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            let isLast = unanswered.isEmpty ? false : unanswered.removeFirst().isLast
            connections.set(isAnswered: !unanswered.isEmpty, number)
            wait(isLast ? Self.farewell : .init(connections.limits.request), context)
            context.write(data, promise: promise)
            // Only our side: what the other one still sends would reset the connection, and the answer with it.
            if isLast { context.flush(); context.close(mode: .output, promise: nil) }
        }
    }

    private final class Installer: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = Never
        private let connections: OpenConnections

        init(_ connections: OpenConnections) { self.connections = connections }

        func handlerAdded(context: ChannelHandlerContext) {
            let pipeline = context.pipeline.syncOperations
            do {
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                try pipeline.addHandler(RequestGate(connections), position: .after(decoder))
            } catch {
                context.close(promise: nil)
            }
        }
    }
}
