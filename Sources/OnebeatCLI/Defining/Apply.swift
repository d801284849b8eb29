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
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if let node = try server.node(beside: store) {
            let file = try SentFile(argument: file, config: store.config)
            let options = [
                ("revision", SentFile.revision(revision)), ("complete", complete ? "true" : nil),
                ("prune_all", pruneAll ? "true" : nil), ("force", force ? "true" : nil),
            ]
            return try show(try await file.send(to: node, "apply", options), of: file.path)
        }
        let surroundings = try store.surroundings(file: file, revision: revision, mayBeEmpty: pruneAll)
        var request = try surroundings.request(by: Person.current)
        request.isComplete = request.isComplete || complete || pruneAll
        request.isForced = force
        let store = try await surroundings.makeStore()
        try await FirstLook.agree(store)
        let changes = try await store.apply(request, schedules: ScheduleCache())
        let file = try surroundings.requiredFile()
        try show(ApplyResource(changes, of: request.source, warnings: file.warnings), of: file.path)
    }

    private func show(_ applied: ApplyResource, of path: String) throws {
        if format.json { return try Output.json(applied) }
        for warning in applied.warnings {
            Output.note("onebeat: warning: \(warning.problem(in: path, "").summary)")
        }
        for (sign, names) in [("+", applied.added), ("~", applied.changed), ("-", applied.removed)] {
            for name in names { Output.line("\(sign) \(name)") }
        }
        Output.line("\(applied.summary)")
        if !applied.kept.isEmpty {
            Output.note(
                "onebeat: warning: no longer in the file, and goes on: \(applied.kept.joined(separator: ", "));"
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
        try ApplyRequest(file, revision: revision, by: actor)
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
