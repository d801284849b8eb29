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
    @OptionGroup var server: ServerOptions

    func run() async throws {
        // A file is checked here, whatever the environment says, unless a node is named.
        if let node = try server.namedNode() {
            let file = try SentFile(argument: file)
            let check: FileCheck = try await file.send(to: node, "validate")
            return try show(check, of: file.path, file.problems(check.problems))
        }
        let path = try Surroundings.requiredFile(argument: file)
        if !format.json {
            let configuration = try Surroundings.load(path)
            return try show(FileCheck(configuration), of: path, [])
        }
        let check: FileCheck
        do {
            check = FileCheck(try ConfigurationFile.load(path: path, environment: Surroundings.environment))
        } catch {
            check = FileCheck(error, of: path)
        }
        try show(check, of: path, [])
    }

    private func show(_ check: FileCheck, of path: String, _ problems: [String]) throws {
        var check = check
        check.file = path
        if format.json {
            try Output.json(check)
            if !check.valid { throw CommandFailure.silent(.badData) }
            return
        }
        if !check.valid { throw CommandFailure(problems, .badData) }
        for warning in check.warnings { Output.note("onebeat: warning: \(warning.problem(in: path, "").summary)") }
        Output.line("\(check.words)")
    }
}
