import Hummingbird
import Onebeat

/// Whether this process lives (`/healthz`) and whether it can do its work (`/readyz`).
struct Health: Sendable {
    /// How long the store may take to answer; a probe that hangs tells nobody anything.
    static let patience = Duration.seconds(2)

    let store: any Store
    let node: Node?
    let time: any TimeSource

    func addRoutes(to router: Router<WebContext>) {
        router.get("healthz") { _, _ in
            Response(status: .ok, headers: [.contentType: "text/plain"], body: .init(byteBuffer: .init(string: "ok\n")))
        }
        router.get("readyz") { _, _ in
            if let reason = await unreadiness() { throw Problem(.serviceUnavailable, reason) }
            return Response(
                status: .ok, headers: [.contentType: "text/plain"], body: .init(byteBuffer: .init(string: "ready\n")))
        }
    }

    /// Why the node is not ready; `nil` when it is.
    func unreadiness() async -> String? {
        if let node, !node.isReady {
            return "this node holds no lease it can trust: it is joining, leaving, or cannot reach its store"
        }
        return await storeFailure()
    }

    private func storeFailure() async -> String? {
        let end = time.uptime() + Self.patience
        let answers = AsyncStream<String?>.makeStream(bufferingPolicy: .bufferingOldest(1))
        // Not a child task: a store that hangs would keep a group from ending.
        let question = Task {
            do {
                _ = try await store.now()
                answers.continuation.yield(nil)
            } catch {
                answers.continuation.yield("\(error)")
            }
        }
        let alarm = Task {
            try await time.sleep(until: end)
            answers.continuation.yield("the store did not answer within \(Self.patience.text)")
        }
        defer {
            question.cancel()
            alarm.cancel()
        }
        for await answer in answers.stream { return answer }
        return "the question was cancelled"
    }
}
