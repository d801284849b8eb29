import Foundation
import Glibc
import Onebeat
import OnebeatTesting
import Testing

/// That a parting is one: what the chaos run says of partings is worth as much as this.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: Network.obstacle == nil, "\(Network.obstacle ?? "network namespaces are there")"))
struct NetworkTests {
    @Test(arguments: Network.Loss.allCases)
    func aPartingDropsALineSilentlyAndOnlyThat(_ loss: Network.Loss) throws {
        let redis = try RedisServer()
        let network = try Network(hosts: ["a", "b"], servers: ["one", "two"])
        let one = try Proxy(toPort: redis.port, at: try network.place(of: "one"))
        let two = try Proxy(toPort: redis.port, at: try network.place(of: "two"))
        let parted = try Line(from: "a", to: one, in: network)
        let (other, neighbour) = (try Line(from: "a", to: two, in: network), try Line(from: "b", to: one, in: network))
        for line in [parted, other, neighbour] { #expect(line.isConnected(within: .seconds(5))) }
        parted.say("SET before 1\r\n")
        #expect(parted.hears("+OK\r\n", within: .seconds(5)))

        try network.part("a", from: "one", losing: loss)
        parted.say("SET during 1\r\n")
        let late = try Line(from: "a", to: one, in: network)
        #expect(!parted.hears("+OK\r\n", within: .seconds(1)))
        #expect(!late.isConnected(within: .zero))
        #expect(parted.error == 0 && late.error == 0, "somebody said that the line is dead")
        #expect(try redis.ask("EXISTS", "during") == (loss == .answers ? "1" : "0"))
        for line in [other, neighbour] {
            line.say("PING\r\n")
            #expect(line.hears("+PONG\r\n", within: .seconds(5)))
        }

        try network.mend("a", from: "one", losing: loss)
        #expect(parted.hears("+OK\r\n", within: .seconds(20)))
        #expect(late.isConnected(within: .seconds(20)))
        #expect(try redis.ask("EXISTS", "during") == "1")
    }

    @Test func whatRunsOnAHostEndsWithTheNetwork() async throws {
        var network: Network? = try Network(hosts: ["a"], servers: ["one"])
        let stubborn = "trap '' TERM; echo up; while :; do sleep 9; done"
        let command = try #require(try network?.on("a")) + ["sh", "-c", stubborn]
        try await Sandbox.with { box in
            let child = try box.start(command)
            #expect(try await eventually(within: .seconds(10)) { child.output == "up\n" })
            network = nil
            #expect(try await child.end(within: .seconds(10)) == 128 + SIGKILL)
        }
    }
}

/// A connection of a host, and what is known of it there.
private final class Line {
    private let socket: CInt

    /// Begins to connect.
    init(from host: String, to server: Proxy, in network: Network) throws {
        socket = try network.on(host) {
            let line = Glibc.socket(
                AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr(server.host)
            address.sin_port = UInt16(server.port).bigEndian
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = connect(line, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            return line
        }
    }

    deinit { close(socket) }

    /// What went wrong with it; 0 when nothing did.
    var error: CInt {
        var (error, length) = (CInt(0), socklen_t(MemoryLayout<CInt>.size))
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length)
        return error
    }

    func isConnected(within limit: Duration) -> Bool { isReady(for: POLLOUT, within: limit) && error == 0 }

    func say(_ words: String) { _ = send(socket, words, words.utf8.count, CInt(MSG_NOSIGNAL)) }

    func hears(_ words: String, within limit: Duration) -> Bool {
        guard isReady(for: POLLIN, within: limit) else { return false }
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = recv(socket, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == words
    }

    private func isReady(for event: CInt, within limit: Duration) -> Bool {
        var line = pollfd(fd: socket, events: Int16(event), revents: 0)
        return poll(&line, 1, CInt(limit.inSeconds * 1000)) == 1 && line.revents & Int16(event) != 0
    }
}
