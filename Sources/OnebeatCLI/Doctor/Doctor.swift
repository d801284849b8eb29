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
    @OptionGroup var server: ServerOptions

    func run() async throws {
        // This machine is looked at, whatever the environment says, unless a node is named.
        if let node = try server.namedNode() { return try end(try await node.readLong("/doctor")) }
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
        try end(Examination(surroundings?.settings, findings))
    }

    private func end(_ examination: Examination) throws {
        try show(examination)
        if examination.hasFailed { throw CommandFailure.silent(.failed) }
    }

    private func show(_ examination: Examination) throws {
        if format.json { return try Output.json(examination) }
        let findings = examination.findings
        let terminal = Terminal.output
        var table = TextTable("setting", "value", "from")
        for setting in examination.settings {
            table.add(.init(setting.name), .init(setting.value), .init(setting.origin, .quiet))
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

extension Finding.Level {
    /// The colour of its word.
    fileprivate var colour: Colour {
        switch self {
        case .ok: .good
        case .warn: .warning
        case .fail: .bad
        }
    }
}
