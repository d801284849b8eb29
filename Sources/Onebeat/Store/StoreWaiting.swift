import Logging

extension StoreError {
    /// Does what needs the store, however long it takes to be there: after a power cut programs may be up before their
    /// database. One that refuses them ends it at once, and so does cancellation. `body` is done again after an answer
    /// that was lost, so that it must be harmless twice.
    package static func waitingForStore<Value>(
        _ logger: Logger, on time: any TimeSource = SystemTime(), _ body: () async throws -> Value
    ) async throws -> Value {
        var pause = LoopService.backoff.first
        while true {
            do {
                return try await body()
            } catch let error as StoreError where error.mayPass {
                logger.warning("waiting for the store", metadata: ["error": "\(error)", "pause": "\(pause)"])
                try await time.sleep(until: time.uptime() + pause)
                pause = min(pause * 2, LoopService.backoff.last)
            }
        }
    }

    /// Whether the same call may do later.
    private var mayPass: Bool {
        switch self {
        case .unavailable, .unknownOutcome: true
        case .fenced, .refused, .notFound, .outdated, .changed: false
        }
    }
}
