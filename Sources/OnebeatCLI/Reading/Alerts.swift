import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

struct Alerts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What people were told: list incidents, try a channel, acknowledge.",
        subcommands: [
            AlertList.self, AlertTest.self, AlertPreview.self, AlertAcknowledge.self, AlertSilence.self,
            AlertSilences.self,
            AlertUnsilence.self,
        ],
        defaultSubcommand: AlertList.self)
}

struct AlertList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List incidents, the newest first, and whether they were told.")
    @Flag(help: "Only those that are not over.")
    var open = false
    @Option(help: "At most so many, 1 to 1000.")
    var limit = 50
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if !(1...1000).contains(limit) { throw ValidationError("--limit is \(limit); 1 to 1000 will do.") }
    }

    func run() async throws {
        let (incidents, now) = try await read()
        if format.json { return try Output.json(incidents) }
        if incidents.isEmpty { return Output.note(open ? "nothing is open" : "nothing was told yet") }
        let clock = Clock(try reader.clock(), now: now)
        var table = TextTable(
            "id", "since", "", "job", "kind", "over", "alert", "told", "seen by", "why", rightAligned: [0],
            optional: [8, 2, 6])
        for incident in incidents {
            table.add(
                .init("\(incident.id)"), .init(clock.text(incident.openedAt)),
                .init(clock.relative(incident.openedAt), .quiet), .init(incident.job, .title),
                .init(incident.kind, incident.kind == AlertKind.recovered.rawValue ? .good : .bad),
                .init(incident.isNews ? "" : incident.closedAt.map(clock.relative) ?? "no"),
                .init(incident.alert, .quiet),
                .init(clock.told(incident.told), incident.told.hasPrefix("told") ? .good : .warning),
                .init(incident.acknowledgedBy ?? ""), .init(clock.told(incident.summary)))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }
}

extension AlertList {
    private func read() async throws -> ([IncidentResource], Timestamp) {
        if let node = try server.node(beside: store) {
            let items: Items<IncidentResource> = try await node.read("/alerts?open=\(open)&limit=\(limit)")
            return (items.items, try await node.now())
        }
        let store = try await store.open()
        let incidents = try await store.incidents(openOnly: open, limit: limit)
        let fate = try await MessageFate.of(incidents, in: store)
        return (incidents.map { IncidentResource($0, told: fate.word(for: $0)) }, try await store.now())
    }
}

/// A list as the API answers it.
struct Items<Item: Decodable>: Decodable { var items: [Item] }

struct AlertTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send a sample through an alert's channel, and wait for the outcome.",
        discussion: "A node sends it, as it would send any other message, with what that node's environment holds.")
    @Argument(help: "The alert as `onebeat jobs` names it (alerts/ops/slack), or a part of that name.")
    var name: String
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let witness = try await server.witness(beside: store)
        for (run, words) in try await triggered(witness) {
            Output.note("onebeat: \(words)")
            let end = try await sent(run, witness)
            // Where a mail server refused some, another run goes on with those.
            var filter = RunFilter()
            filter.job = run.job
            for rest in try await witness.runs(filter) where MailRemainder.isOne(rest, of: run) {
                _ = try await sent(rest, witness, isRest: true)
            }
            Output.line("sent by \(end.node ?? "a node")")
        }
    }

    /// The runs that were asked for, each with what will become of it.
    private func triggered(_ witness: any Witness) async throws -> [(Run, String)] {
        if let node = witness as? RemoteNode {
            let deed: RemoteNode.Deed = try await node.does("/alerts/test", ["alert": .string(name)])
            return zip(deed.runs ?? [], deed.said).map { (Run($0), $1) }
        }
        let store = try await store.open()
        return try await Acts(store, by: Person.current).test(store.alerts(meant: name), named: name)
            .map { ($0.run, $0.testWords) }
    }
}

extension AlertTest {
    /// - Parameter isRest: whether others have the sample already.
    private func sent(_ run: Run, _ witness: any Witness, isRest: Bool = false) async throws -> Run {
        let end = try await RunWait.untilEnd(of: run, in: witness, showsOutput: true, isPatient: false)
        guard end.state == .succeeded else {
            let words = isRest ? "the sample did not reach all" : "the sample could not be sent"
            throw CommandFailure("\(words): \(end.message ?? end.state.rawValue)")
        }
        return end
    }
}

struct AlertPreview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Show an alert's messages as they would be sent, without their secrets.",
        discussion: "Nothing is sent. A failure, many at once, and the good news after it, by each channel.")
    @Argument(help: "The alert as `onebeat jobs` names it (alerts/ops/slack), or a part of that name.")
    var name: String
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        for alert in try await read() {
            Output.line(Terminal.output.paint("\(alert.alert)", .title))
            for text in alert.messages { Output.line("\n\(text)") }
        }
    }

    private func read() async throws -> [AlertPreviewResource] {
        if let node = try server.node(beside: store) {
            return try await
                (node.read(RemoteNode.query("/alerts/preview", [("alert", name)]))
                as Items<AlertPreviewResource>).items
        }
        let store = try await store.open()
        let now = try await store.now()
        let found = try await store.alerts(meant: name)
        if found.isEmpty { throw StoreError.noAlert(name) }
        return found.compactMap { AlertPreviewResource($0, at: now) }
    }
}

struct AlertAcknowledge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ack", abstract: "Say that you have seen an incident.")
    @Argument(help: "The incident's number.")
    var id: Int64
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if try await server.act("/alerts/\(id)/acknowledge", beside: store) { return }
        Output.told(try await Acts(store.open(), by: Person.current).acknowledge(id))
    }
}
