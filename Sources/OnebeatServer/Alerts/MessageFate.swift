import Onebeat

/// What became of the messages by which incidents are told.
package struct MessageFate: Sendable {
    /// By rule and message: the run, and those that go on with whom it did not reach.
    private var runs: [String: [Run]] = [:]

    private func all(of incident: Incident) -> [Run] {
        incident.batch.flatMap { runs["\(incident.rule)#\($0)"] } ?? []
    }

    /// The run that tells of an incident, where it is kept: of several the one that did not, or not yet.
    func run(of incident: Incident) -> Run? {
        let all = all(of: incident)
        return all.first { $0.state.isTerminal && $0.state != .succeeded } ?? all.first { !$0.state.isTerminal }
            ?? all.first
    }

    /// In a few words.
    package func word(for incident: Incident) -> String {
        if incident.isHeld, let hush = incident.heldBy {
            return "\(incident.closedAt == nil ? "held back" : "told to nobody"): \(hush)"
        }
        return now(incident) + (incident.releasedAt.map { " (held back until \($0.words))" } ?? "")
    }

    private func now(_ incident: Incident) -> String {
        guard incident.batch != nil else { return "soon" }
        guard let run = run(of: incident) else { return "run not kept" }
        switch run.state {
        case .succeeded: return "told, run \(run.id)"
        case .waiting, .scheduled: return run.attempt == 0 ? "under way" : "tried \(run.attempt) times"
        case .running: return "under way"
        case .failed, .timedOut, .cancelled, .lost, .dead, .skipped, .missed, .unknown:
            let isPart = all(of: incident).contains { $0.state == .succeeded }
            return "NOT told\(isPart ? " to all" : ""): run \(run.id) \(run.state.rawValue)"
        }
    }

    /// Of these incidents, among the newest runs of each alert.
    package static func of(_ incidents: [Incident], in store: some HistoryStore) async throws -> MessageFate {
        var fate = MessageFate()
        for rule in Set(incidents.map(\.rule)) {
            var filter = RunFilter()
            filter.job = rule
            filter.limit = 1000
            for run in try await store.runs(filter) {
                if let batch = AlertExecutor.batch(of: run) { fate.runs["\(rule)#\(batch)", default: []].append(run) }
            }
        }
        return fate
    }
}
