/// What will become of a run that has not started, as far as can be told now. Whoever asks for a run by hand wants to know.
public enum RunOutlook: Sendable, Equatable {
    /// It starts as soon as a node has a free slot.
    case starts
    /// It starts when so many runs of its job before it have ended.
    case waits(for: Int)
    /// It takes the place of its job's other runs, which are cancelled.
    case replaces
    /// No living node will claim it: why, and what would do.
    case isUnserved(String)
    /// It has started, or ended.
    case isPast

    /// - Parameters:
    ///   - open: the open runs of its job, itself among them or not.
    ///   - nodes: whoever is up.
    init(of run: Run, _ policies: JobPolicies, among open: [Run], _ nodes: [NodeRecord], at now: Timestamp) {
        guard run.state == .scheduled || run.state == .waiting else {
            self = .isPast
            return
        }
        if let unserved = Unserved(queue: run.queue, need: run.need, among: nodes, at: now) {
            self = .isUnserved(unserved.sentence)
            return
        }
        let before = open.filter { other in
            other.id != run.id
                && (other.state == .running
                    || (other.state == .scheduled && (other.dueAt, other.id) < (run.dueAt, run.id)))
        }
        let surplus = before.count - policies.effectiveLimit + 1
        guard policies.effectiveLimit < .max, surplus > 0 else {
            self = .starts
            return
        }
        self = policies.overlap == .cancel ? .replaces : .waits(for: surplus)
    }

    /// Why no living node will claim it, where that is so.
    package var unserved: String? { if case .isUnserved(let why) = self { why } else { nil } }

    /// The outlook in words that follow "it".
    public var words: String {
        switch self {
        case .starts: "starts as soon as a slot is free"
        case .waits(for: 1): "starts when the run of the job before it has ended"
        case .waits(for: let number): "starts when \(number) runs of the job before it have ended"
        case .replaces: "starts when the job's active run, which is cancelled for it, has ended (overlap: cancel)"
        case .isUnserved(let why): "waits: \(why)"
        case .isPast: "has started"
        }
    }
}

extension JobStore where Self: LeaseStore & HistoryStore {
    /// What will become of a run.
    public func outlook(of run: Run) async throws(StoreError) -> RunOutlook {
        var open = RunFilter()
        open.job = run.job
        open.states = [.running, .scheduled]
        open.limit = 1000
        let policies = try await definition(run.version)?.policies ?? JobPolicies()
        return RunOutlook(
            of: run, policies, among: try await runs(open), try await nodes(limit: 1000), at: try await now())
    }
}
