import Onebeat

/// How busy the nodes are, and how late what fell due lately began.
struct Load: Sendable, Equatable {
    /// The slots of all living nodes, and how many of them are taken.
    var slots = 0
    var taken = 0
    /// How many first attempts began lately, among the runs that were looked at.
    var starts = 0
    /// How late half of them began at most, and 99 of 100.
    var half = Duration.zero
    var most = Duration.zero

    /// What began before that says nothing of now.
    static let lately = Duration.seconds(3600)

    /// - Parameters:
    ///   - running: what runs. Tasks of somebody else's workers have no slot.
    ///   - newest: runs that have ended.
    init(nodes: [NodeRecord] = [], running: [Run] = [], newest: [Run] = [], at now: Timestamp) {
        slots = nodes.filter { $0.standing(at: now) == "alive" }.reduce(0) { $0 + $1.slots }
        taken = running.count { !$0.isRemote }
        let late = newest.filter { run in
            run.attempt == 1 && run.kind == .scheduled
                && run.startedAt.map { now.duration(since: $0) < Self.lately } ?? false
        }.compactMap(\.lateness).map { max($0, .zero) }.sorted()
        starts = late.count
        guard let last = late.last else { return }
        half = late[late.count / 2]
        most = late.count < 100 ? last : late[late.count * 99 / 100]
    }
}
