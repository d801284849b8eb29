import Foundation
import Glibc
import Onebeat
import OnebeatServer
import Synchronization

extension Target {
    /// The answer of an HTTP server, through the executor itself and a socket.
    static let http = Target(
        "http", most: 4096,
        [
            "HTTP/1.1 200 OK\r\n", "HTTP/1.1 000 X\r\n", "HTTP/1.0 ", "HTTP/2 ", "099", "1xx", "100 Continue\r\n\r\n",
            "\r\n\r\n", "\r\n", "\n",
            "Content-Length: ", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "Location: ",
            "http://", "/", "Connection: close\r\n",
            "Connection: keep-alive\r\n", ": ", "\t", ";", "Content-Encoding: gzip\r\n", "Upgrade: h2c\r\n", "204",
            "301", "304", "599", "999",
        ]
    ) {
        guard let server = AnsweringServer() else { exit(70) }
        let executor = HTTPExecutor(environment: [:])
        var call = HTTPCall(url: "http://127.0.0.1:\(server.port)/")
        call.timeout = .seconds(2)
        let job = JobDefinition(name: "fuzz", schedule: .manual, work: .http(call))
        let run = Run(
            id: RunID(1), version: JobVersion(job: "fuzz", generation: 1, version: 1),
            scheduledAt: Timestamp(seconds: 0),
            dueAt: Timestamp(seconds: 0))
        let claim = Claim(run: run, definition: job)
        return { bytes in
            server.answer(with: bytes)
            let isDone = DispatchSemaphore(value: 0)
            Task.detached {
                _ = await executor.execute(claim, output: Nowhere())
                isDone.signal()
            }
            isDone.wait()
        }
    }

    private struct Nowhere: OutputSink {
        func write(_ bytes: [UInt8], to stream: LogStream) async {}
    }
}

/// A server on this machine that says to everybody what it was told to say, and hangs up.
private final class AnsweringServer: Sendable {
    let port: Int
    private let bytes = Mutex<[UInt8]>([])

    init?() {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard bind(listener, $0, length) == 0, listen(listener, 64) == 0,
                    getsockname(listener, $0, &length) == 0
                else { return 0 }
                return $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int($0.pointee.sin_port.bigEndian) }
            }
        }
        guard port > 0 else { return nil }
        self.port = port
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { continue }
                var request = [UInt8](repeating: 0, count: 4096)
                _ = recv(connection, &request, request.count, 0)
                let answer = bytes.withLock { $0 }
                _ = send(connection, answer, answer.count, CInt(MSG_NOSIGNAL))
                shutdown(connection, CInt(SHUT_WR))
                close(connection)
            }
        }
    }

    func answer(with bytes: [UInt8]) { self.bytes.withLock { $0 = bytes } }
}
