import ArgumentParser
import Onebeat
import OnebeatServer

struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Store a file's jobs; running nodes follow at once.",
        discussion: """
            A job of the file that is stored already and differs is changed. One that the file brought before and no \
            longer holds goes on, unless the file is complete (--complete, or `complete: true` in it): then it is \
            removed, and its history stays. A file that was replaced by a newer one is refused, unless --force says \
            that it is meant. Makes the store when there is none.
            """)
    @Argument(help: "The configuration file.")
    var file: String?
    @Option(help: "Orders the file among those of its source, the higher the newer: a build number, say.")
    var revision: String?
    @Flag(help: "The file is all that its source defines: remove the jobs that it no longer holds.")
    var complete = false
    @Flag(help: "Remove all jobs that the file brought, when it holds none any more.")
    var pruneAll = false
    @Flag(help: "Store it even if it is older than what is in force.")
    var force = false
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    private struct Answer: Encodable {
        var source: String
        var added: [String]
        var changed: [String]
        var removed: [String]
        var unchanged: [String]
        var kept: [String]
    }

    func run() async throws {
        let surroundings = try store.surroundings(file: file, revision: revision, mayBeEmpty: pruneAll)
        var request = try surroundings.request(by: Person.current)
        request.isComplete = request.isComplete || complete || pruneAll
        request.isForced = force
        let store = try await surroundings.makeStore()
        try await FirstLook.agree(store)
        let changes = try await store.apply(request, schedules: ScheduleCache())
        func names(_ kind: JobChange.Kind) -> [String] { changes.filter { $0.kind == kind }.map(\.job).sorted() }
        if format.json {
            return try Output.json(
                Answer(
                    source: request.source, added: names(.added), changed: names(.changed),
                    removed: names(.removed), unchanged: names(.unchanged), kept: names(.kept)))
        }
        Surroundings.warn(of: try surroundings.requiredFile())
        for (sign, kind) in [("+", JobChange.Kind.added), ("~", .changed), ("-", .removed)] {
            for name in names(kind) { Output.line("\(sign) \(name)") }
        }
        Output.line("\(changes.summary)")
        if !names(.kept).isEmpty {
            Output.note(
                "onebeat: warning: no longer in the file, and goes on: \(names(.kept).joined(separator: ", "));"
                    + " `onebeat apply --complete` removes what the file does not hold")
        }
    }
}

extension Surroundings {
    /// What the file asks for.
    func request(by actor: String) throws -> ApplyRequest {
        try Self.request(requiredFile(), revision: settings.revision.value, by: actor)
    }

    /// A file that is read again brings its own revision, unless a flag or a variable gave one.
    func revision(of file: ConfigurationFile) -> Int64 {
        switch settings.revision.origin {
        case .file, .standard, .usualPlace: Int64(file.revision ?? 0)
        case .argument, .flag, .environment: settings.revision.value
        }
    }

    static func request(_ file: ConfigurationFile, revision: Int64, by actor: String) throws -> ApplyRequest {
        ApplyRequest(
            file.jobs, source: file.source, by: actor, revision: try SourceRevision(revision, of: file.jobs),
            isComplete: file.isComplete)
    }
}

extension [JobChange] {
    /// `2 added, 1 changed, 12 unchanged`.
    var summary: String {
        let counts = [JobChange.Kind.added, .changed, .removed, .unchanged, .kept].compactMap { kind in
            let number = count { $0.kind == kind }
            return number == 0 ? nil : "\(number) \(kind.rawValue)"
        }
        return counts.isEmpty ? "no jobs" : counts.joined(separator: ", ")
    }
}
