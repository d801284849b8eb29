import Onebeat

/// What happens, read from the store once for all that listen, at most once a second and only while somebody does.
///
/// Events come from their table. Runs have no events of their own: that some have changed is found by holding the newest,
/// and those that run, against what they were.
actor Pulse {
    enum Item: Sendable, Equatable {
        case event(EventRecord)
        /// Runs of these jobs are not as they were; of any when there are none.
        case runs([String])
    }

    /// What is kept for listeners that are slow.
    static let mostKept = 500
    /// An event may be seen later than those with higher numbers, if not by far: so many are looked at again.
    private static let window: Int64 = 100
    private static let pause = Duration.seconds(1)
    private static let mostNamed = 50

    private let store: any Store
    private let time: any TimeSource
    private var items: [Item] = []
    /// The place of the first item among all there ever were.
    private var first = 0
    private var readAt: Duration?
    private var isReading = false
    private var newest: Int64 = 0
    private var seen: Set<Int64> = []
    private var runs: [RunID: Run] = [:]

    init(_ store: any Store, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    /// The place behind all that is known by now.
    func end() async throws -> Int {
        try await read()
        return first + items.count
    }

    /// What has come since a place, and the place behind it. Whoever is too far behind is told that anything may have changed.
    func news(after place: Int) async throws -> (items: [Item], place: Int) {
        try await read()
        let end = first + items.count
        if place < first { return ([.runs([])], end) }
        return (Array(items.dropFirst(place - first)), end)
    }

    private func read() async throws {
        let now = time.uptime()
        if isReading || readAt.map({ now - $0 < Self.pause }) ?? false { return }
        isReading = true
        defer { isReading = false }
        let isFirst = readAt == nil
        var filter = EventFilter(limit: isFirst ? Int(Self.window) : 1000)
        if !isFirst { filter.after = max(newest - Self.window, 0) }
        let found = try await store.events(filter).reversed().filter { !seen.contains($0.number) }
        let current = try await openAndNewest()
        readAt = now
        newest = max(newest, found.map(\.number).max() ?? 0)
        seen.formUnion(found.map(\.number))
        seen = seen.filter { $0 > newest - 2 * Self.window }
        let changed = Self.changed(from: runs, to: current)
        runs = current
        if isFirst { return }
        items += found.map { .event($0) }
        if !changed.isEmpty { items.append(.runs(changed.count > Self.mostNamed ? [] : changed.sorted())) }
        let excess = max(0, items.count - Self.mostKept)
        items.removeFirst(excess)
        first += excess
    }

    private func openAndNewest() async throws -> [RunID: Run] {
        var filter = RunFilter()
        filter.limit = 50
        let runs = try await store.runs(filter) + store.longestRunning(limit: 500)
        return Dictionary(runs.map { ($0.id, $0) }) { first, _ in first }
    }

    private static func changed(from before: [RunID: Run], to now: [RunID: Run]) -> Set<String> {
        var jobs: Set<String> = []
        for (id, run) in now where before[id] != run { jobs.insert(run.job) }
        for (id, run) in before where now[id] == nil && run.state == .running { jobs.insert(run.job) }
        return jobs
    }
}
