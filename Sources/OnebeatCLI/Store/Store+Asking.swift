import Onebeat
import OnebeatServer

extension JobStore {
    /// The job in force of that name.
    /// - Throws: ``CommandFailure`` with the nearest names when there is none.
    func record(of name: String) async throws -> JobRecord {
        if let record = try await job(name) { return record }
        throw CommandFailure(unknownJob: name, among: try await jobs().map(\.name))
    }
}

extension Witness {
    /// What is found of the job of that name.
    /// - Throws: ``CommandFailure`` with the nearest names when there is none.
    func found<Found>(_ name: String, _ answer: Found?) async throws -> Found {
        if let answer { return answer }
        throw CommandFailure(unknownJob: name, among: try await jobs().map(\.name))
    }

    /// The run of that number.
    /// - Throws: ``CommandFailure`` when there is none.
    func run(named text: String) async throws -> Run {
        let id = try RunID(named: text)
        if let run = try await run(id) { return run }
        throw CommandFailure(unknownRun: id)
    }
}

extension RunID {
    /// A number as somebody writes it: `7` or `#7`.
    /// - Throws: ``CommandFailure`` for what is none.
    init(named text: String) throws {
        guard let number = Int64(text.hasPrefix("#") ? text.dropFirst() : text[...]) else {
            throw CommandFailure("\"\(text)\" is not a run's number; `onebeat runs` shows them in the first column")
        }
        self.init(number)
    }
}

extension CommandFailure {
    fileprivate init(unknownJob name: String, among names: [String]) {
        if names.isEmpty {
            self.init("there is no job \"\(name)\": no jobs are stored; `onebeat apply FILE` stores a file's")
        } else {
            let near = NearestNames.to(name, among: names)
            let hint =
                near.isEmpty ? "`onebeat jobs` lists them all" : "did you mean \(near.joined(separator: " or "))?"
            self.init("there is no job \"\(name)\"; \(hint)")
        }
    }

    init(unknownRun id: RunID) {
        self.init(
            "there is no run \(id): it was never planned, or its history is no longer kept; `onebeat runs` lists"
                + " those there are")
    }
}

extension HistoryStore {
    /// The run of that number.
    /// - Throws: ``CommandFailure`` when there is none.
    func run(named text: String) async throws -> Run {
        let id = try RunID(named: text)
        if let run = try await run(id) { return run }
        throw CommandFailure(unknownRun: id)
    }
}
