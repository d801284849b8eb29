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
            do {
                try Self.checkSettings(of: configuration)
            } catch {
                throw CommandFailure(error.problems, .badData)
            }
            return try show(FileCheck(configuration), of: path, [])
        }
        let check: FileCheck
        do {
            let configuration = try ConfigurationFile.load(path: path, environment: Surroundings.environment)
            var found = FileCheck(configuration)
            do {
                try Self.checkSettings(of: configuration)
            } catch {
                found.refuse(error.problems)
            }
            check = found
        } catch {
            check = FileCheck(error, of: path)
        }
        try show(check, of: path, [])
    }

    /// What `up` would say of addresses, of what stands in the environment before them, and of what is missing.
    private static func checkSettings(of file: ConfigurationFile) throws(OnebeatServer.SettingsError) {
        _ = try Settings.resolve(environment: Surroundings.environment, file: file, hostName: "localhost")
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
