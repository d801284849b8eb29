/// Whether a service beside the store works, as people are told of it: bad news at once, good news when it has held for a
/// while. What works now and then does not work; each time it fails again soon, its good news has to hold for longer, so
/// that however it behaves little is said.
struct Health: Sendable {
    /// How long nothing may have failed before the service is said to work again.
    static let calm = (shortest: Duration.seconds(5), longest: Duration.seconds(300))

    /// How soon after the last failure the next one is a relapse.
    static let memory = Duration.seconds(600)

    private(set) var isFailing = false
    private var calm = Health.calm.shortest
    private var failedAt: Duration?

    /// Notes a failure.
    /// - Returns: whether that is news.
    mutating func fails(at uptime: Duration) -> Bool {
        defer { failedAt = uptime }
        if isFailing { return false }
        isFailing = true
        let isRelapse = failedAt.map { uptime - $0 < Self.memory } ?? false
        calm = isRelapse ? min(calm * 2, Self.calm.longest) : Self.calm.shortest
        return true
    }

    /// Notes that it did what only a service that works does.
    /// - Returns: whether that is news.
    mutating func works(at uptime: Duration) -> Bool {
        guard isFailing, let failedAt, uptime - failedAt >= calm else { return false }
        isFailing = false
        return true
    }
}
