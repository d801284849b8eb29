import ArgumentParser
import Onebeat
import OnebeatServer

struct Validate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration file; nothing is stored.",
        discussion: """
            Exits with 65 when the file cannot be used; every problem is told at once. Settings count as they would for `onebeat \
            up` with this environment.
            """)
    @Argument(help: "The configuration file.")
    var file: String?
    @OptionGroup var format: FormatOptions

    private struct Answer: Encodable {
        var file: String
        var valid: Bool
        var jobs: Int
        var problems: [Problem]
        var warnings: [Problem]

        struct Problem: Encodable {
            var line: Int?
            var column: Int?
            var job: String?
            var key: String?
            var message: String

            init(_ problem: ConfigurationProblem) {
                (line, column, job) = (problem.line, problem.column, problem.job)
                (key, message) = (problem.key, problem.message)
            }

            init(_ message: String) { self.message = message }
        }
    }

    func run() async throws {
        let path = try Surroundings.requiredFile(argument: file)
        if format.json { return try answer(path) }
        let configuration = try Surroundings.load(path)
        do {
            try Self.checkSettings(of: configuration)
        } catch {
            throw CommandFailure(error.problems, .badData)
        }
        Surroundings.warn(of: configuration)
        let count = configuration.jobs.count
        Output.line("\(path) is good: \(count) job\(count == 1 ? "" : "s")")
    }

    /// What `up` would say of addresses, of what stands in the environment before them, and of what is missing.
    private static func checkSettings(of file: ConfigurationFile) throws(OnebeatServer.SettingsError) {
        _ = try Settings.resolve(environment: Surroundings.environment, file: file, hostName: "localhost")
    }

    private func answer(_ path: String) throws {
        let answer: Answer
        do {
            let file = try ConfigurationFile.load(path: path, environment: Surroundings.environment)
            var problems: [Answer.Problem] = []
            do {
                try Self.checkSettings(of: file)
            } catch {
                problems = error.problems.map { Answer.Problem($0) }
            }
            answer = Answer(
                file: path, valid: problems.isEmpty, jobs: file.jobs.count, problems: problems,
                warnings: file.warnings.map { Answer.Problem($0) })
        } catch {
            answer = Answer(
                file: path, valid: false, jobs: 0, problems: error.problems.map { Answer.Problem($0) }, warnings: [])
        }
        try Output.json(answer)
        if !answer.valid { throw CommandFailure.silent(.badData) }
    }
}
