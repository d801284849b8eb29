import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check settings, store, clock, time zones and the machine.",
        discussion: "Each line is ok, warn or fail, and says what would do. Exits with 1 when one fails.")
    @Argument(help: "The configuration file.")
    var file: String?
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    private struct Answer: Encodable {
        struct Setting: Encodable {
            var name: String
            var value: String
            var origin: String
        }
        var settings: [Setting]
        var findings: [Finding]
    }

    func run() async throws {
        // A broken file or setting is a finding, and no reason to look at nothing else.
        var findings: [Finding] = []
        var surroundings: Surroundings?
        do {
            let found = try store.surroundings(file: file)
            findings.append(ConfigurationChecks.finding(on: found))
            surroundings = found
        } catch let failure as CommandFailure {
            findings.append(ConfigurationChecks.finding(on: failure))
        }
        if let surroundings {
            findings += await StoreChecks(surroundings).findings()
            if let redis = surroundings.settings.redis.value { findings.append(await RedisChecks.finding(on: redis)) }
            if let celery = surroundings.settings.celery.value {
                findings += await CeleryChecks.findings(on: celery, surroundings.file?.jobs ?? [])
            }
            findings += ConfigurationChecks.jobFindings(on: surroundings)
            findings.append(MachineChecks.listening(on: surroundings.settings.listen.value))
        }
        findings += MachineChecks.findings()
        try show(findings, surroundings)
        if findings.contains(where: { $0.level == .fail }) { throw CommandFailure.silent(.failed) }
    }

    private func show(_ findings: [Finding], _ surroundings: Surroundings?) throws {
        let settings = surroundings?.settings.table ?? []
        if format.json {
            let shown = settings.map {
                Answer.Setting(name: $0.name, value: $0.value, origin: $0.origin.description)
            }
            return try Output.json(Answer(settings: shown, findings: findings))
        }
        let terminal = Terminal.output
        var table = TextTable("setting", "value", "from")
        for setting in settings {
            table.add(.init(setting.name), .init(setting.value), .init(setting.origin.description, .quiet))
        }
        if !table.isEmpty {
            for line in table.lines(for: terminal) { Output.line(line) }
            Output.line()
        }
        let width = findings.map(\.check.count).max() ?? 0
        for finding in findings {
            let level = finding.level.rawValue.padding(toLength: 4, withPad: " ", startingAt: 0)
            let check = finding.check.padding(toLength: width, withPad: " ", startingAt: 0)
            Output.line("\(terminal.paint("\(level)", finding.level.colour))  \(check)  \(finding.text.told)")
            if let advice = finding.advice { Output.line("      \(String(repeating: " ", count: width))  → \(advice)") }
        }
    }
}
