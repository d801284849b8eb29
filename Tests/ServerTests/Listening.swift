import Hummingbird
import Logging
import Testing

/// Serves `router` on a free port of loopback while `body` runs.
func withListening<Result: Sendable>(
    _ router: Router<BasicRequestContext>, _ body: @escaping @Sendable (Int) async throws -> Result
) async throws -> Result {
    let ports = AsyncStream<Int>.makeStream()
    let application = Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { ports.continuation.yield($0.localAddress?.port ?? 0) },
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.run() }
        var iterator = ports.stream.makeAsyncIterator()
        let port = try #require(await iterator.next())
        defer { group.cancelAll() }
        return try await body(port)
    }
}
