import Onebeat
import OnebeatServer

extension JobStore {
    /// The job in force of that name.
    /// - Throws: ``CommandFailure`` with the nearest names when there is none.
    func record(of name: String) async throws -> JobRecord {
        if let record = try await job(name) { return record }
        throw Self.unknown(job: name, among: try await jobs().map(\.name))
    }

    private static func unknown(job name: String, among names: [String]) -> CommandFailure {
        if names.isEmpty {
            return CommandFailure(
                "there is no job \"\(name)\": no jobs are stored; `onebeat apply FILE` stores a file's")
        }
        let near = NearestNames.to(name, among: names)
        let hint = near.isEmpty ? "`onebeat jobs` lists them all" : "did you mean \(near.joined(separator: " or "))?"
        return CommandFailure("there is no job \"\(name)\"; \(hint)")
    }
}

extension HistoryStore {
    /// The run of that number, or of that key.
    /// - Throws: ``CommandFailure`` when there is none.
    func run(named text: String) async throws -> Run {
        guard let number = Int64(text.hasPrefix("#") ? text.dropFirst() : text[...]) else {
            throw CommandFailure("\"\(text)\" is not a run's number; `onebeat runs` shows them in the first column")
        }
        if let run = try await run(RunID(number)) { return run }
        throw CommandFailure(
            "there is no run \(number): it was never planned, or its history is no longer kept; `onebeat runs` lists"
                + " those there are")
    }
}
