import ArgumentParser
import Onebeat
import OnebeatServer

struct Validate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration file; nothing is stored.",
        discussion: "Exits with 65 when the file cannot be used; every problem is told at once.")
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
        }
    }

    func run() async throws {
        let path = try Surroundings.requiredFile(argument: file)
        if format.json { return try answer(path) }
        let configuration = try Surroundings.load(path)
        Surroundings.warn(of: configuration)
        let count = configuration.jobs.count
        Output.line("\(path) is good: \(count) job\(count == 1 ? "" : "s")")
    }

    private func answer(_ path: String) throws {
        let answer: Answer
        do {
            let file = try ConfigurationFile.load(path: path, environment: Surroundings.environment)
            answer = Answer(
                file: path, valid: true, jobs: file.jobs.count, problems: [],
                warnings: file.warnings.map(Answer.Problem.init))
        } catch {
            answer = Answer(
                file: path, valid: false, jobs: 0, problems: error.problems.map(Answer.Problem.init), warnings: [])
        }
        try Output.json(answer)
        if !answer.valid { throw CommandFailure.silent(.badData) }
    }
}
