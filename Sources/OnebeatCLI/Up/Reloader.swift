import Foundation
import Logging
import Onebeat
import OnebeatServer

/// Stores the file's jobs again when asked; a file that cannot be used changes nothing.
struct Reloader: Sendable {
    private let file: String?
    private let actor: String
    private let surroundings: Surroundings
    private let store: any Store
    private let node: Node
    private let logger: Logger

    init(_ surroundings: Surroundings, store: any Store, node: Node, logger: Logger) {
        file = surroundings.file?.path
        actor = surroundings.settings.node.value
        self.surroundings = surroundings
        self.store = store
        self.node = node
        self.logger = logger
    }

    func reload() async {
        guard let file else { return logger.warning("no file to read again; jobs are stored by `onebeat apply`") }
        do {
            let configuration = try await load(file)
            let request = try Surroundings.request(
                configuration, revision: surroundings.revision(of: configuration), by: actor)
            let changes = try await store.offer(request, schedules: ScheduleCache(), logger: logger)
            node.definitionsChanged()
            logger.notice(
                "file read again", metadata: ["file": "\(file)", "jobs": "\(changes?.summary ?? "as they were")"])
        } catch let error as ConfigurationError {
            for problem in error.problems {
                logger.error("file not used; nothing has changed", metadata: ["problem": "\(problem.summary)"])
            }
        } catch {
            logger.error("file not used; nothing has changed", metadata: ["file": "\(file)", "problem": "\(error)"])
        }
    }

    /// Reads the file on a thread of its own, which may be held up for as long as it likes.
    private func load(_ file: String) async throws -> ConfigurationFile {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result { try ConfigurationFile.load(path: file, environment: Surroundings.environment) })
            }.start()
        }
    }
}
