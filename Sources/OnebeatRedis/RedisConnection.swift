import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// One connection to a server that has let us in.
struct RedisConnection: Sendable {
    private let address: RedisAddress
    private let channel: any Channel
    private let end: ConnectionEnd

    /// How long a connection, with TLS and the server's welcome, may take.
    static let patience = TimeAmount.seconds(2)

    /// Connects, and says who we are and which database we mean.
    /// - Parameters:
    ///   - name: what `CLIENT LIST` shows.
    ///   - mostMessages: how many a second are taken.
    ///   - onMessage: told of messages of channels that are subscribed to.
    ///   - onCommand: told of the commands of others, after `MONITOR`.
    /// - Throws: ``RedisError``
    static func open(
        _ address: RedisAddress, name: String, group: any EventLoopGroup,
        mostMessages: Int = PipelineHandler.mostMessages, onMessage: (@Sendable (String) -> Void)? = nil,
        onCommand: (@Sendable (String) -> Void)? = nil
    ) async throws(RedisError) -> RedisConnection {
        let tls = try tlsContext(address)
        let channel: any Channel
        let end = ConnectionEnd()
        do {
            channel = try await ClientBootstrap(group: group)
                .connectTimeout(patience)
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let tls { try channel.pipeline.syncOperations.addHandler(tlsHandler(tls, address)) }
                        try channel.pipeline.syncOperations.addHandler(
                            PipelineHandler(
                                end: end, mostMessages: mostMessages, onMessage: onMessage, onCommand: onCommand))
                    }
                }
                .connect(host: address.host, port: address.port).get()
        } catch {
            throw .unavailable(
                "cannot connect to Redis at \(address.place): \(words(error)); is it running, and does a firewall let us through?"
            )
        }
        let connection = RedisConnection(address: address, channel: channel, end: end)
        do {
            try await connection.introduce(as: name)
        } catch {
            connection.close()
            guard case .unknownOutcome(let what) = error else { throw error }
            // A server with TLS hangs up; one without waits for the end of what it takes for a command, as does one that is
            // frozen.
            let question =
                switch (tls == nil, what.hasSuffix(Self.silence)) {
                case (true, true): "is it overloaded, or stopped?"
                case (true, false): "is that port one for rediss://?"
                case (false, true): "is it overloaded or stopped, or is that port one without TLS?"
                case (false, false): "is that port one for TLS?"
                }
            throw .unavailable("\(what); \(question)")
        }
        return connection
    }

    private static let silence = "did not answer in time"

    var isOpen: Bool { channel.isActive }

    func close() { channel.close(promise: nil) }

    /// Sends commands together and returns their answers in order. A command that the server refuses is an answer.
    /// - Throws: ``RedisError``; also when the surrounding Swift task is cancelled.
    func send(_ commands: [RedisCommand], within patience: TimeAmount) async throws(RedisError) -> [RedisReply] {
        guard !commands.isEmpty else { return [] }
        var bytes = channel.allocator.buffer(capacity: commands.count * 128)
        for command in commands { command.write(to: &bytes) }
        let promise = channel.eventLoop.makePromise(of: [RedisReply].self)
        let flight = Flight(bytes: bytes, count: commands.count, patience: patience, promise: promise)
        // A closed channel never hands the flight to its handler.
        channel.writeAndFlush(flight).whenFailure { promise.fail($0) }
        do {
            // A promise takes its first result and no other: a flight that was given up swallows its answers.
            return try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                promise.fail(CancellationError())
            }
        } catch {
            throw explain(error is ChannelError ? end.cause ?? error : error)
        }
    }

    private func introduce(as name: String) async throws(RedisError) {
        var commands: [RedisCommand] = []
        if let password = address.password {
            commands.append(RedisCommand(parts: ["AUTH"] + [address.user, password].compactMap { $0 }))
        }
        if address.database != 0 { commands.append(RedisCommand("SELECT", "\(address.database)")) }
        let required = commands.count
        // For people who look at CLIENT LIST; a server that forbids it is none the worse.
        commands.append(RedisCommand("CLIENT", "SETNAME", name.filter { $0.isASCII && !$0.isWhitespace }))
        commands.append(RedisCommand("PING"))
        let replies = try await send(commands, within: Self.patience)
        for (index, reply) in replies.enumerated() {
            guard let failure = reply.failure else { continue }
            if failure.isPassing { throw .unavailable("Redis at \(address.place) is not ready: \(failure)") }
            if index < required || failure.code == "NOAUTH" { throw .refused(explain(failure)) }
        }
    }

    /// Never with the server's own words on a wrong password, in case they repeat it.
    private func explain(_ failure: RedisReplyFailure) -> String {
        let who = address.user.map { "the user \"\($0)\"" } ?? "the default user"
        switch failure.code {
        case "WRONGPASS":
            return "Redis at \(address.place) refuses the password of \(who); check user and password in its URL"
        case "NOAUTH": return "Redis at \(address.place) wants a password; write redis://:password@\(address.place)"
        case "ERR" where failure.description.contains("without any password configured"):
            return "Redis at \(address.place) has no password for \(who); take the password out of its URL"
        default:
            return "Redis at \(address.place) does not let \(who) use database \(address.database): \(failure)"
        }
    }

    private func explain(_ error: any Error) -> RedisError {
        let place = address.place
        switch error {
        case FlightFailure.late: return .unknownOutcome("Redis at \(place) \(Self.silence)")
        case FlightFailure.congested:
            return .unavailable("Redis at \(place) still owes an earlier answer; nothing more is asked before it comes")
        case let failure as ProtocolFailure:
            return .refused("what listens at \(place) does not speak as Redis does: \(failure)")
        case is CancellationError: return .unknownOutcome("a request to Redis at \(place) was given up")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return .refused("TLS with Redis at \(place) failed: \(Self.tlsWords(error))")
        default:
            return .unknownOutcome("the connection to Redis at \(place) ended: \(Self.words(error))")
        }
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case FlightFailure.cut: return "it was closed"
        case let error as NIOConnectionError:
            guard let first = error.connectionErrors.first else { return "its name has no address" }
            return words(first.error)
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout(let length): return "no answer within \(length.nanoseconds / 1_000_000) ms"
        case let error as ChannelError where error == .ioOnClosedChannel: return "it was closed"
        default: return "\(error)"
        }
    }
}

extension RedisConnection {
    private static func tlsContext(_ address: RedisAddress) throws(RedisError) -> NIOSSLContext? {
        guard let certificates = address.certificates else { return nil }
        var file = ""
        do {
            var tls = TLSConfiguration.makeClientConfiguration()
            if let authorities = certificates.authorities {
                file = authorities
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorities))
            }
            if let own = certificates.own {
                file = own
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(own).map { .certificate($0) }
                file = certificates.key ?? own
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: file, format: .pem))
            }
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw .refused(
                "\(file.isEmpty ? "the certificates" : file) cannot be used for TLS to Redis at \(address.place): \(error)"
            )
        }
    }

    private static func tlsWords(_ error: any Error) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "nobody we trust signed its certificate; name who did with ?ssl_ca_certs=FILE"
        }
        if text.lowercased().contains("hostname") {
            return "its certificate is for another name; use the name that the certificate is for"
        }
        return text.contains("WRONG_VERSION") ? "that port is not one for TLS; write redis://" : text
    }

    private static func tlsHandler(_ context: NIOSSLContext, _ address: RedisAddress) throws -> NIOSSLClientHandler {
        // A number has no place in the handshake; its certificate is held against the socket's own address.
        let isNumber = (try? SocketAddress(ipAddress: address.host, port: address.port)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isNumber ? nil : address.host)
    }
}
