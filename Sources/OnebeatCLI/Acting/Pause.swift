import ArgumentParser
import Onebeat
import OnebeatServer

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Skip a job's due runs until it is resumed.",
        discussion: "What falls due while the job is paused is recorded as skipped. A run that is running goes on.")
    @Argument(help: "The job's name.")
    var job: String
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if try await server.act(RemoteNode.path("jobs", job, "pause"), beside: store) { return }
        try await Acts.setPaused(true, of: job, in: store.open())
    }
}

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a paused job's due runs start again.")
    @Argument(help: "The job's name.")
    var job: String
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if try await server.act(RemoteNode.path("jobs", job, "resume"), beside: store) { return }
        try await Acts.setPaused(false, of: job, in: store.open())
    }
}

extension Acts {
    fileprivate static func setPaused(_ isPaused: Bool, of job: String, in store: any Store) async throws {
        let pausing = try await Acts(store, by: Person.current).setPaused(isPaused, store.record(of: job))
        Output.line("\(pausing.words)")
    }
}
