import ArgumentParser
import Onebeat
import OnebeatServer

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List events, the newest first: who changed what, which nodes came and went.")
    @Option(help: "Only events of this job.")
    var job: String?
    @Option(help: "Only events of this kind, such as job.paused.")
    var kind: String?
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
        let witness = try await server.witness(beside: store)
        let now = try await witness.now()
        var filter = EventFilter(job: job, limit: limit)
        filter.kind = kind
        let events = try await witness.events(filter)
        if let job, events.isEmpty { _ = try await witness.found(job, witness.job(job)) }
        if format.json { return try Output.json(events) }
        if events.isEmpty { return Output.note("no events are kept") }
        let clock = Clock(try reader.clock(), now: now)
        var table = TextTable("when", "", "event", "about", "by", "")
        for event in events {
            let about = [event.job, event.run.map { "run \($0)" }].compactMap(\.self).joined(separator: ", ")
            table.add(
                .init(clock.text(event.at)), .init(clock.relative(event.at), .quiet),
                .init(event.kind, .title), .init(about), .init(event.actor), .init(clock.told(event.message), .quiet))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }
}
