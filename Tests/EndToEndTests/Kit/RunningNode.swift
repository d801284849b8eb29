import Foundation
import FoundationNetworking
import Glibc
import Testing

/// An `onebeat up` of a sandbox, with a port of its own.
struct RunningNode {
    let process: Child
    let port: Int

    /// Answers of the node's web side: status and body; `nil` when nobody answers.
    func get(_ path: String) async -> (status: Int, body: String)? {
        var request = URLRequest(url: URL(string: "http://127.0.0.1:\(port)\(path)")!)
        request.timeoutInterval = 5
        guard let (data, response) = try? await URLSession.shared.data(for: request),
            let answer = response as? HTTPURLResponse
        else { return nil }
        return (answer.statusCode, String(decoding: data, as: UTF8.self))
    }

    /// Asks the node to stop, and expects it to do so in good order.
    func stop(within limit: Duration = .seconds(30)) async throws {
        process.send(SIGTERM)
        let code = try await process.end(within: limit)
        #expect(code == 0, "the node ended with \(String(describing: code)): \(process.errors.suffix(2000))")
    }
}

extension Sandbox {
    /// Starts a node on the sandbox's configuration and waits until it is ready.
    func up(
        _ name: String = "a", options: [String] = [], environment: [String: String] = [:], inside wrapper: [String] = []
    ) async throws -> RunningNode {
        let port = freePort()
        let process = try start(
            wrapper + [Self.binary, "up", "onebeat.yaml", "--node", name, "--listen", "127.0.0.1:\(port)"] + options,
            environment: environment.merging(["SANDBOX_NODE": name]) { $1 })
        let node = RunningNode(process: process, port: port)
        let isReady = try await eventually(within: .seconds(30)) {
            await node.get("/readyz")?.status == 200 || process.exitCode != nil
        }
        #expect(isReady && process.exitCode == nil, "the node did not start: \(process.errors.suffix(2000))")
        return node
    }
}

/// A port that was free a moment ago.
func freePort() -> Int {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            guard bind(socket, $0, length) == 0, getsockname(socket, $0, &length) == 0 else { return 0 }
            return $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int($0.pointee.sin_port.bigEndian) }
        }
    }
}

/// Looks again until it is true.
/// - Returns: whether it became true within `limit`.
func eventually(within limit: Duration, _ isTrue: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while true {
        if try await isTrue() { return true }
        if ContinuousClock.now >= deadline { return false }
        try await Task.sleep(for: .milliseconds(50))
    }
}
