import ArgumentParser
import Foundation
import OnebeatServer

/// The way in. `up` and `once` need the guardian, a process of its own, and that is forked here before any thread exists.
@main
enum Main {
    /// The process that keeps the jobs of this one.
    @TaskLocal static var guardian: Guardian?

    static func main() async {
        Guardian.openStreams()
        let arguments = Arguments.given
        do {
            let guardian = ["up", "once"].contains(arguments.first) ? try Guardian.fork() : nil
            try await $guardian.withValue(guardian) { try await run(arguments) }
        } catch {
            exit(report(error))
        }
    }

    private static func run(_ arguments: [String]) async throws {
        var command = try OnebeatCommand.parseAsRoot(arguments)
        if var command = command as? any AsyncParsableCommand {
            let progress = command is any TellsOfItself ? nil : Progress()
            defer { progress?.end() }
            try await command.run()
        } else {
            try command.run()
        }
    }

    /// Tells the user what went wrong.
    /// - Returns: the exit code that says so to programs.
    private static func report(_ error: any Error) -> Int32 {
        if let failure = CommandFailure(error) {
            for line in failure.lines { Output.note("\(line)") }
            return failure.exit.rawValue
        }
        if let text = unknownCommand() {
            Output.note("onebeat: \(text)")
            return ExitCode.validationFailure.rawValue
        }
        let text = OnebeatCommand.fullMessage(for: error)
        let code = OnebeatCommand.exitCode(for: error)
        if code.isSuccess {
            Output.line("\(text)")
        } else if !text.isEmpty {
            Output.note(text.hasPrefix("Error: ") ? "onebeat: \(text.dropFirst("Error: ".count))" : "onebeat: \(text)")
        }
        return code.rawValue
    }

    /// What to say when the first argument names no command.
    private static func unknownCommand() -> String? {
        let names = OnebeatCommand.names
        guard let name = Arguments.given.first, !name.hasPrefix("-"), name != "help",
            !names.contains(name)
        else { return nil }
        let near = NearestNames.to(name, among: names).joined(separator: " or ")
        return "there is no command \"\(name)\"; "
            + (near.isEmpty ? "`onebeat --help` lists them" : "did you mean \(near)?")
    }
}

/// The command and its parts.
struct OnebeatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "onebeat",
        abstract: "Runs every due moment of every job on exactly one node.",
        discussion: """
            Start with a file of jobs: `onebeat import crontab` makes one from your crontab, `onebeat validate` checks \
            it, `onebeat up` runs it. Exit codes and the reading of times are in docs/commands.md.
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(name: "Node", subcommands: [Up.self, Once.self]),
            CommandGroup(name: "Definition", subcommands: [Validate.self, Plan.self, Apply.self, Import.self]),
            CommandGroup(name: "Move", subcommands: [Compare.self, TakeOver.self]),
            CommandGroup(
                name: "History",
                subcommands: [
                    Status.self, Top.self, Jobs.self, Job.self, Runs.self, RunCommand.self, Flow.self, Logs.self,
                    Nodes.self,
                    Events.self, Versions.self, Alerts.self,
                ]),
            CommandGroup(
                name: "Question", subcommands: [Next.self, Explain.self, Graph.self, Audit.self, Doctor.self]),
            CommandGroup(
                name: "Control",
                subcommands: [
                    Trigger.self, Pause.self, Resume.self, Cancel.self, Retry.self,
                    Emit.self, SignalCommand.self, MarkCommand.self, BackfillCommand.self, Backfills.self,
                ]),
            CommandGroup(name: "Access", subcommands: [Users.self, Tokens.self]),
            CommandGroup(name: "Other", subcommands: [Version.self, Bury.self]),
        ])

    /// What the commands are called.
    static var names: [String] { configuration.subcommands.map { $0._commandName } }
}
