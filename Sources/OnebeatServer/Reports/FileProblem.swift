import Onebeat

/// What is wrong with a configuration file, or probably not meant, as JSON.
package struct FileProblem: Codable, Sendable, Equatable {
    package var line: Int?
    package var column: Int?
    package var job: String?
    package var key: String?
    package var message: String

    package init(_ problem: ConfigurationProblem) {
        (line, column, job) = (problem.line, problem.column, problem.job)
        (key, message) = (problem.key, problem.message)
    }

    /// Of the whole file, or of what stands beside it.
    package init(_ message: String) { self.message = message }

    /// The problem as whoever has the file tells it, with the line that it is about.
    package func problem(in file: String, _ text: String) -> ConfigurationProblem {
        var problem = ConfigurationProblem(file: file, message: message)
        (problem.line, problem.column, problem.job, problem.key) = (line, column, job, key)
        if let line {
            let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            if lines.indices.contains(line - 1) { problem.sourceLine = String(lines[line - 1]) }
        }
        return problem
    }
}

/// Whether a configuration file can be used, as JSON.
package struct FileCheck: Codable, Sendable {
    package var file: String
    package var valid: Bool
    package var jobs: Int
    package var problems: [FileProblem]
    package var warnings: [FileProblem]

    package init(_ file: ConfigurationFile) {
        self.file = file.path
        (valid, jobs, problems) = (true, file.jobs.count, [])
        warnings = file.warnings.map(FileProblem.init)
    }

    package init(_ error: ConfigurationError, of file: String) {
        self.file = file
        (valid, jobs, warnings) = (false, 0, [])
        problems = error.problems.map(FileProblem.init)
    }

    /// Notes that it cannot be used as it is.
    package mutating func refuse(_ words: [String]) {
        valid = false
        problems += words.map { FileProblem($0) }
    }

    /// That it can be, in words.
    package var words: String { "\(file) is good: \(jobs) job\(jobs == 1 ? "" : "s")" }
}
