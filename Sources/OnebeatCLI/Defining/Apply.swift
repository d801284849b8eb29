import ArgumentParser
import Onebeat
import OnebeatServer

struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Store a file's jobs; running nodes follow at once.",
        discussion: """
            A job of the file that is stored already and differs is changed; one that the file brought before and no \
            longer holds is removed, and its history stays. Makes the store when there is none.
            """)
    @Argument(help: "The configuration file.")
    var file: String?
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    private struct Answer: Encodable {
        var source: String
        var added: [String]
        var changed: [String]
        var removed: [String]
        var unchanged: [String]
    }

    func run() async throws {
        let surroundings = try store.surroundings(file: file)
        let configuration = try surroundings.requiredFile()
        let store = try await surroundings.makeStore()
        try await FirstLook.agree(store)
        let changes = try await store.apply(configuration, by: Person.current)
        func names(_ kind: JobChange.Kind) -> [String] { changes.filter { $0.kind == kind }.map(\.job).sorted() }
        if format.json {
            return try Output.json(
                Answer(
                    source: configuration.source, added: names(.added), changed: names(.changed),
                    removed: names(.removed), unchanged: names(.unchanged)))
        }
        Surroundings.warn(of: configuration)
        for (sign, kind) in [("+", JobChange.Kind.added), ("~", .changed), ("-", .removed)] {
            for name in names(kind) { Output.line("\(sign) \(name)") }
        }
        Output.line("\(changes.summary)")
    }
}

extension JobStore {
    /// Stores a file's jobs as all that its source defines.
    func apply(_ file: ConfigurationFile, by actor: String) async throws -> [JobChange] {
        try await apply(file.jobs, source: file.source, isComplete: true, by: actor, schedules: ScheduleCache())
    }
}

extension [JobChange] {
    /// `2 added, 1 changed, 12 unchanged`.
    var summary: String {
        let counts = [JobChange.Kind.added, .changed, .removed, .unchanged].compactMap { kind in
            let number = count { $0.kind == kind }
            return number == 0 ? nil : "\(number) \(kind.rawValue)"
        }
        return counts.isEmpty ? "no jobs" : counts.joined(separator: ", ")
    }
}
