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

    func run() async throws {
        let store = try await store.open()
        let jobs = try await chosen(in: store)
        // Nothing is asked for that nobody would do: it would wait, and be sent when nobody waits for it any more.
        let (now, nodes) = (try await store.now(), try await store.nodes(limit: StoreWitness.mostNodes))
        for job in jobs { try requireSender(of: job, among: nodes, at: now) }
        for job in jobs {
            let run = try await store.trigger(job.name, requestID: "test-\(UUID().uuidString)", by: Person.current)
            Output.note("onebeat: run \(run.id) of \(job.name) \(try await store.outlook(of: run).words)")
            let end = try await sent(run, in: store)
            // Where a mail server refused some, another run goes on with those.
            var filter = RunFilter()
            filter.job = job.name
            for rest in try await store.runs(filter) where MailRemainder.isOne(rest, of: run) {
                _ = try await sent(rest, in: store, isRest: true)
            }
            Output.line("sent by \(end.node ?? "a node")")
        }
    }

    /// The one of this name, else all channels of the entry of this name, else the one whose name holds it.
    private func chosen(in store: any Store) async throws -> [JobRecord] {
        let found = try await store.alerts(named: name)
        if let exact = found.first(where: { $0.name == name }) { return [exact] }
        let entry = found.filter { $0.name.hasPrefix("alerts/\(name)/") || $0.name.hasPrefix("\(name)/") }
        if !entry.isEmpty { return entry }
        guard found.count == 1 else {
            throw CommandFailure("\"\(name)\" could be \(found.map(\.name).joined(separator: " or "))")
        }
        return found
    }
}

extension AlertTest {
    private func requireSender(of job: JobRecord, among nodes: [NodeRecord], at now: Timestamp) throws {
        let policies = job.definition.policies
        guard let unserved = Unserved(queue: policies.queue, need: job.definition.need, among: nodes, at: now) else {
            return
        }
        let isAnybodyThere = nodes.contains { $0.standing(at: now) == "alive" }
        throw CommandFailure(
            "no node is there to send a sample of \(job.name): "
                + (isAnybodyThere ? unserved.sentence : "none lives; start one with `onebeat up`"))
    }

    /// - Parameter isRest: whether others have the sample already.
    private func sent(_ run: Run, in store: any Store, isRest: Bool = false) async throws -> Run {
        let end = try await RunWait.untilEnd(of: run, in: StoreWitness(store), showsOutput: true, isPatient: false)
        guard end.state == .succeeded else {
            let words = isRest ? "the sample did not reach all" : "the sample could not be sent"
            throw CommandFailure("\(words): \(end.message ?? end.state.rawValue)")
        }
        return end
    }
}

extension JobStore {
    /// The jobs of alerts whose names hold this text.
    fileprivate func alerts(named name: String) async throws -> [JobRecord] {
        var filter = JobFilter()
        filter.containing = name
        let found = try await jobs(filter).filter(\.isAlert)
        guard !found.isEmpty else {
            throw CommandFailure(
                "no alert is called \"\(name)\"; `alerts:` in the file makes them, and `onebeat jobs` lists them")
        }
        return found
    }
}

struct AlertPreview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Show an alert's messages as they would be sent, without their secrets.",
        discussion: "Nothing is sent. A failure, many at once, and the good news after it, by each channel.")
    @Argument(help: "The alert as `onebeat jobs` names it (alerts/ops/slack), or a part of that name.")
    var name: String
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try await store.open()
        let now = try await store.now()
        for job in try await store.alerts(named: name) {
            guard case .alert(let rule) = job.definition.work else { continue }
            Output.line(Terminal.output.paint("\(job.name)", .title))
            let clock = Schedule.clock(of: job.definition.schedule.timezone)
            for message in AlertSample.all(rule: job.name, at: now, clock: clock) {
                Output.line("\n\(AlertSample.text(of: message, rule, job: job.name, at: now))")
            }
        }
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
