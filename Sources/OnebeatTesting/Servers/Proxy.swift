import Foundation
import Glibc
import Synchronization

/// Stands between a client and a server, hands on what they say, and cuts the line at the worst moment when told to, or
/// falls silent as a network that drops everything.
public final class Proxy: Sendable {
    /// What happens to the next request, or answer, that holds a certain text; all hold the empty one.
    public enum Fault: Sendable {
        /// The line is cut, and the server never sees the request.
        case loseRequest(String)
        /// The server gets the request; the line is cut when it has answered.
        case loseReply(String)
        /// The line is cut, and the client never sees an answer that holds the text, such as `COMMIT`.
        case loseAnswer(String)
        /// The line is cut for the client, and the server gets the request when ``release()`` is called.
        case holdRequest(String)
        /// The client gets the answer when it has sent something more, which the server never sees; then the line is cut.
        case holdAnswer(String)

        fileprivate var text: String {
            switch self {
            case .loseRequest(let text), .loseReply(let text), .loseAnswer(let text), .holdRequest(let text),
                .holdAnswer(let text):
                text
            }
        }

        fileprivate var isOfAnswers: Bool {
            switch self {
            case .loseRequest, .loseReply, .holdRequest: false
            case .loseAnswer, .holdAnswer: true
            }
        }
    }

    /// Where it listens: 127.0.0.1, or a server's place in a ``Network``.
    public let host: String
    /// The port it listens on.
    public let port: Int
    private let listener: CInt
    private let target: Mutex<Target>
    private let fault = Mutex<Fault?>(nil)
    private let lines = Mutex<Set<CInt>>([])
    private let silence = Mutex(false)
    /// What clients have said early on, by line.
    private let said = Mutex<[CInt: String]>([:])
    private let held = Mutex<Set<CInt>>([])
    private let request = Mutex((isHeld: false, isHeardOut: true))

    private enum Target: Sendable {
        case socket(String)
        case port(Int)
    }

    /// A proxy to a server's Unix socket.
    public convenience init(to socket: String, at place: Network.Place? = nil) throws {
        try self.init(.socket(socket), place)
    }

    /// A proxy to a port of the loopback address.
    public convenience init(toPort port: Int, at place: Network.Place? = nil) throws {
        try self.init(.port(port), place)
    }

    private init(_ target: Target, _ place: Network.Place?) throws {
        self.target = Mutex(target)
        let host = place?.address ?? "127.0.0.1"
        self.host = host
        let (listener, port) =
            if let place { try Network.within(place.namespace) { try Self.listen(on: host) } } else {
                try Self.listen(on: host)
            }
        self.listener = listener
        self.port = port
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                Thread.detachNewThread { self.serve(client) }
            }
        }
    }

    deinit {
        shutdown(listener, CInt(SHUT_RDWR))
        close(listener)
    }

    /// Has the fault happen, once.
    public func inject(_ next: Fault) { fault.withLock { $0 = next } }

    /// Whether the fault has happened.
    public var hasHappened: Bool { fault.withLock { $0 == nil } }

    /// Has new lines lead to another server's Unix socket.
    public func lead(to socket: String) { target.withLock { $0 = .socket(socket) } }

    /// New lines go to this port of the loopback address from now on.
    public func lead(toPort port: Int) { target.withLock { $0 = .port(port) } }

    /// Cuts all lines there are; new ones may be made.
    public func cut() {
        lines.withLock { lines in
            for line in lines { shutdown(line, CInt(SHUT_RDWR)) }
        }
    }

    /// Whether nothing passes in either direction, though lines stay and can be made. What is said meanwhile arrives
    /// when the silence is over, as on a network that drops packets for a while.
    public var isSilent: Bool {
        get { silence.withLock { $0 } }
        set { silence.withLock { $0 = newValue } }
    }

    /// Holds the lines on which the client has said `text` early on, and no others nor those to come, until ``release()``.
    /// What is said meanwhile arrives then, also when the client has gone.
    public func hold(linesThatSaid text: String) {
        let lines = said.withLock { said in said.filter { $0.value.contains(text) }.keys }
        held.withLock { $0 = Set(lines) }
    }

    /// Lets go of what is held.
    public func release() {
        held.withLock { $0 = [] }
        request.withLock { $0.isHeld = false }
    }

    /// Whether a request is held, or the server has not answered it yet.
    public var isHoldingRequest: Bool { request.withLock { !$0.isHeardOut } }

    private func isHeld(_ line: CInt) -> Bool { held.withLock { $0.contains(line) } }

    private static func listen(on host: String) throws -> (listener: CInt, port: Int) {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr(host)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && getsockname(listener, address, &length) == 0
                    && Glibc.listen(listener, 64) == 0
            }
        }
        guard isListening else { throw ServerFailure("no proxy: \(String(cString: strerror(errno)))") }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    private func serve(_ client: CInt) {
        let server = connectToTarget()
        lines.withLock { $0.formUnion([client, server]) }
        defer {
            // Within the lock, so that no line of somebody else's is cut, who is given the number next.
            said.withLock { $0[client] = nil }
            _ = held.withLock { $0.remove(client) }
            lines.withLock { lines in
                lines.subtract([client, server])
                close(client)
                close(server)
            }
        }
        var ends = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: server, events: Int16(POLLIN), revents: 0),
        ]
        var wasHeld = false
        while poll(&ends, 2, -1) > 0 {
            while isSilent { usleep(10_000) }
            while isHeld(client) {
                wasHeld = true
                usleep(10_000)
            }
            if ends[0].revents != 0 {
                guard let request = Self.receive(client) else {
                    // The server hears out what it was sent before.
                    if wasHeld { Self.hearOut(server) }
                    return
                }
                said.withLock { said in
                    guard said[client, default: ""].utf8.count < 1 << 16 else { return }
                    said[client, default: ""] += String(decoding: request, as: UTF8.self)
                }
                let happening = take(in: request, isAnswer: false)
                if case .loseRequest = happening { return }
                if case .holdRequest = happening {
                    self.request.withLock { $0 = (true, false) }
                    shutdown(client, CInt(SHUT_RDWR))
                    while self.request.withLock({ $0.isHeld }) { usleep(10_000) }
                    Self.send(request, to: server)
                    Self.hearOut(server)
                    return self.request.withLock { $0.isHeardOut = true }
                }
                Self.send(request, to: server)
                if happening != nil {
                    _ = Self.receive(server)
                    return
                }
            }
            if ends[1].revents != 0 {
                guard let reply = Self.receive(server) else { return }
                let happening = take(in: reply, isAnswer: true)
                if case .loseAnswer = happening { return }
                if happening != nil { _ = Self.receive(client) }
                Self.send(reply, to: client)
                if happening != nil { return }
            }
        }
    }

    private func take(in bytes: [UInt8], isAnswer: Bool) -> Fault? {
        fault.withLock { fault in
            guard let found = fault, found.isOfAnswers == isAnswer,
                found.text.isEmpty || String(decoding: bytes, as: UTF8.self).contains(found.text)
            else { return nil }
            fault = nil
            return found
        }
    }

    private func connectToTarget() -> CInt {
        switch target.withLock({ $0 }) {
        case .socket(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { bytes in
                bytes.copyBytes(from: Array(path.utf8).prefix(bytes.count - 1))
            }
            return Self.connect(AF_UNIX, &address)
        case .port(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
            address.sin_port = UInt16(port).bigEndian
            return Self.connect(AF_INET, &address)
        }
    }

    /// A line to an address; one that cannot be made is closed at the other end at once.
    private static func connect<Address>(_ family: CInt, _ address: inout Address) -> CInt {
        let line = socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = Glibc.connect(line, address, socklen_t(MemoryLayout<Address>.size))
            }
        }
        return line
    }

    /// Nothing more is said to the server, and what it still says is dropped.
    private static func hearOut(_ server: CInt) {
        shutdown(server, CInt(SHUT_WR))
        while receive(server) != nil {}
    }

    private static func receive(_ socket: CInt) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(socket, &bytes, bytes.count)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    private static func send(_ bytes: [UInt8], to socket: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
