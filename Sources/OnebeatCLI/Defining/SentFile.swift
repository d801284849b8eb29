import Foundation
import OnebeatServer

/// A configuration file that a node is to read instead of this command.
struct SentFile {
    /// As it was given.
    let path: String
    private let text: String

    /// - Throws: ``CommandFailure`` where there is none, or it is no text.
    init(argument: String?, config: String? = nil) throws {
        path =
            try Surroundings.findFile(argument: argument, config: config)?.value
            ?? Surroundings.requiredFile(argument: nil)
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure("there is no file \(path); name the configuration file to use", .noInput)
        }
        do {
            text = try ConfigurationFile.text(of: path)
        } catch {
            throw CommandFailure(error.problems.map(\.description), .badData)
        }
    }

    /// Sends it, and reads what came of it. Its jobs' source is what it would be here.
    /// - Throws: ``CommandFailure`` with every problem of the file, as where it is read here.
    func send<Answer: Decodable>(
        to node: RemoteNode, _ verb: String, _ options: [(String, String?)] = []
    ) async throws -> Answer {
        let whole = URL(fileURLWithPath: path).standardizedFileURL.path
        do {
            return try await node.send(
                text, to: RemoteNode.query("/configuration/\(verb)", [("file", whole)] + options))
        } catch let failure as RemoteNode.Failure where !failure.problems.isEmpty {
            throw CommandFailure(problems(failure.problems), .badData)
        } catch let failure as RemoteNode.Failure where failure.kind == .refused {
            // Its jobs are another source's, or it is older than what is in force.
            throw CommandFailure(failure.description, .badData)
        }
    }

    /// Problems as they are told of a file that is read here.
    func problems(_ problems: [FileProblem]) -> [String] { problems.map { $0.problem(in: path, text).description } }

    /// The number of the file that a flag or the environment gives.
    static func revision(_ flag: String?) -> String? { flag ?? Surroundings.environment["ONEBEAT_REVISION"] }
}
