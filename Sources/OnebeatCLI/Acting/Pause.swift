import ArgumentParser
import Onebeat

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Skip a job's due runs until it is resumed.",
        discussion: "What falls due while the job is paused is recorded as skipped. A run that is running goes on.")
    @Argument(help: "The job's name.")
    var job: String
    @OptionGroup var store: StoreOptions

    func run() async throws { try await store.open().setPaused(true, of: job) }
}

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a paused job's due runs start again.")
    @Argument(help: "The job's name.")
    var job: String
    @OptionGroup var store: StoreOptions

    func run() async throws { try await store.open().setPaused(false, of: job) }
}

extension JobStore {
    fileprivate func setPaused(_ isPaused: Bool, of job: String) async throws {
        let record = try await record(of: job)
        let word = isPaused ? "paused" : "resumed"
        if record.isPaused == isPaused {
            return Output.line(isPaused ? "\(job) is paused already" : "\(job) is not paused")
        }
        try await setPaused(isPaused, job: job, by: Person.current)
        Output.line("\(job) is \(word)")
    }
}
