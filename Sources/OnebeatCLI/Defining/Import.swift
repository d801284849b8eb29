import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a configuration file from another scheduler's.",
        subcommands: [
            ImportCrontab.self, ImportCelery.self, ImportRedBeat.self, ImportDjango.self, ImportChronos.self,
            ImportCronJob.self, ImportQuartz.self, ImportAPScheduler.self, ImportAirflow.self,
        ])
}

struct ImportCrontab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crontab",
        abstract: "Make a configuration file from a crontab.",
        discussion: """
            Without FILE your own crontab is read (`crontab -l`); - is standard input. The YAML goes to standard \
            output, and remarks on what could not be carried over to standard error. Nothing is stored, and cron is \
            left as it is: take the lines out of it before `onebeat up`, or both will run them.

            The crontabs of several machines become a file each: with --host NAME its jobs carry the machine's name and \
            are in a queue of that name, so that they run there and nowhere else.
            """)
    @Argument(help: "The crontab; - for standard input.")
    var file: String?
    @Flag(help: "Lines have a user column, as in /etc/crontab and /etc/cron.d.")
    var system = false
    @Flag(help: "Lines have no user column.")
    var user = false
    @Option(help: "The machine that the crontab is of: a prefix of the jobs' names, and their queue.")
    var host: String?
    @Option(help: "The zone of that machine's clock; otherwise this machine's.")
    var timezone: String?
    @OptionGroup var output: ImportOutput

    func validate() throws {
        if system, user { throw ValidationError("--system and --user exclude each other.") }
        if let host, host.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_.-]{0,39}/) == nil {
            throw ValidationError("--host is \"\(host)\"; write up to 40 letters, digits, - and ., as in web1.")
        }
        if let timezone, (try? Schedule(ScheduleDefinition(.manual, timezone: timezone), jobName: "")) == nil {
            throw ValidationError("--timezone is \"\(timezone)\", which is no zone; write it like Europe/Berlin.")
        }
    }

    func run() async throws {
        let form: CrontabImport.Form? = system ? .system : user || file == nil ? .user : nil
        let result = CrontabImport(
            try text(), name: file ?? "crontab -l", form: form, timezone: timezone ?? MachineZone.name(),
            home: Surroundings.environment["HOME"], host: host)
        for remark in result.remarks { Output.note("onebeat: \(remark)") }
        guard result.jobCount > 0 else { throw CommandFailure("the crontab has no line that makes a job", .badData) }
        try output.write(result.yaml, jobCount: result.jobCount)
    }

    private func text() throws -> String {
        if let file { return try ImportInput.text(file) }
        guard let text = String(data: try ownCrontab(), encoding: .utf8) else {
            throw CommandFailure("the crontab is not UTF-8 text; convert it with iconv first", .badData)
        }
        return text
    }

    private func ownCrontab() throws -> Data {
        // crontab(1) is the only way to one's own: the files in the spool are not readable for their owners.
        guard let pipe = popen("crontab -l 2>/dev/null", "r") else {
            throw CommandFailure("crontab -l cannot be run; name a file, or - for standard input", .noInput)
        }
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { data += buffer[..<count] }
        guard pclose(pipe) == 0 else {
            throw CommandFailure(
                "you have no crontab, or there is no crontab program; name a file, such as /etc/crontab", .noInput)
        }
        return data
    }
}
