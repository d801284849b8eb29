import NIOCore
import Synchronization

/// Commands that travel together, and the promise of their answers.
struct Flight: Sendable {
    let bytes: ByteBuffer
    let count: Int
    let patience: TimeAmount
    let promise: EventLoopPromise<[RedisReply]>
}

/// How a flight failed, before it is said which server it was about.
enum FlightFailure: Error, Equatable {
    /// No answer came in time; the flight was sent.
    case late
    /// Not sent, since an earlier flight still waits for its answer beyond its time.
    case congested
    /// The connection ended before the answer came.
    case cut
}

/// Why a connection ended, for whoever finds it closed: a handshake fails before anyone has asked anything.
final class ConnectionEnd: Sendable {
    private let first = Mutex<(any Error)?>(nil)

    var cause: (any Error)? { first.withLock { $0 } }

    func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
}

/// Sends flights one after the other and gives each the answers that belong to it: the server answers in order.
///
/// A flight whose time is over keeps its place, so that its late answers never become those of another. Until they come
/// nothing else is sent: whoever asks a server that hangs is told at once instead of waiting its time out again.
final class PipelineHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Flight
    typealias OutboundOut = ByteBuffer

    /// The most messages a second that are taken: each wakes a worker, and no cluster has as much to say.
    static let mostMessages = 2_000

    /// How long a connection may owe an answer before it is taken to be dead.
    static let stall = TimeAmount.seconds(3)

    private struct Waiting {
        let flight: Flight
        let timer: Scheduled<Void>
        var replies: [RedisReply] = []
    }

    private var parser: ReplyParser
    private var waiting = CircularBuffer<Waiting>()
    /// The number of the first flight in `waiting`; they are counted as they are sent.
    private var first = 0
    private var isLate = false
    /// Messages since, of which each second may have its most.
    private var messages = (count: 0, since: NIODeadline.now())
    private let end: ConnectionEnd
    private let mostMessages: Int
    private let onMessage: (@Sendable (String) -> Void)?
    private let onCommand: (@Sendable (String) -> Void)?

    /// - Parameters:
    ///   - onMessage: told of the channels' messages, which come between the answers.
    ///   - onCommand: told of the commands that others send, after `MONITOR`.
    init(
        end: ConnectionEnd, mostMessages: Int = PipelineHandler.mostMessages,
        onMessage: (@Sendable (String) -> Void)? = nil, onCommand: (@Sendable (String) -> Void)? = nil
    ) {
        parser = ReplyParser(mostOfLine: onCommand == nil ? ReplyParser.longestLine : RedisMonitor.longestLine)
        self.onCommand = onCommand
        self.end = end
        self.mostMessages = mostMessages
        self.onMessage = onMessage
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let flight = unwrapOutboundIn(data)
        guard !isLate else {
            flight.promise.fail(FlightFailure.congested)
            promise?.succeed()
            return
        }
        let number = first + waiting.count
        let loop = context.eventLoop.assumeIsolated()
        let timer = loop.scheduleTask(in: flight.patience) { self.timeIsOver(for: number, context: context) }
        waiting.append(Waiting(flight: flight, timer: timer))
        context.write(wrapOutboundOut(flight.bytes), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        parser.take(&bytes)
        do {
            while let reply = try parser.next() { try take(reply) }
        } catch {
            fail(error, context: context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        failAll(end.cause ?? FlightFailure.cut)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(error, context: context) }

    private func take(_ reply: RedisReply) throws {
        if let onMessage, case .array(let parts) = reply, parts.first?.text == "message" {
            try countMessage()
            return onMessage(parts.dropFirst().first?.text ?? "")
        }
        if let onCommand, case .status(let line) = reply, line.first?.isNumber == true { return onCommand(line) }
        guard !waiting.isEmpty else { throw ProtocolFailure("it answered what nobody had asked") }
        waiting[waiting.startIndex].replies.append(reply)
        let oldest = waiting[waiting.startIndex]
        guard oldest.replies.count == oldest.flight.count else { return }
        waiting.removeFirst()
        first += 1
        isLate = false
        oldest.timer.cancel()
        oldest.flight.promise.succeed(oldest.replies)
    }

    private func countMessage() throws {
        messages.count += 1
        guard messages.count > mostMessages else { return }
        let now = NIODeadline.now()
        guard now - messages.since > .seconds(1) else {
            throw ProtocolFailure("it sends more than \(mostMessages) messages a second")
        }
        messages = (1, now)
    }

    private func timeIsOver(for number: Int, context: ChannelHandlerContext) {
        guard number >= first else { return }
        let flight = waiting[waiting.index(waiting.startIndex, offsetBy: number - first)].flight
        isLate = true
        flight.promise.fail(FlightFailure.late)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.stall) {
            if number >= self.first { self.fail(FlightFailure.cut, context: context) }
        }
    }

    private func fail(_ error: any Error, context: ChannelHandlerContext) {
        end.note(error)
        failAll(error)
        context.close(promise: nil)
    }

    private func failAll(_ error: any Error) {
        let all = waiting
        waiting = []
        first += all.count
        for entry in all {
            entry.timer.cancel()
            entry.flight.promise.fail(error)
        }
    }
}
