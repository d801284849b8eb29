import Onebeat

/// The page that Prometheus reads: the program's own figures, the process', and what the store says of all runs.
actor MetricsPage {
    /// How long an answer of the store is used again: several scrapers must not count the history several times.
    static let freshness = Duration.seconds(5)

    private let registry: PrometheusRegistry
    private let store: any Store
    private let health: HealthReader
    private let node: Node?
    private let time: any TimeSource
    private var counts: (value: [RunState: Int]?, until: Duration)?
    private var jobs: (value: [JobHealth.State: Int]?, until: Duration)?

    init(
        registry: PrometheusRegistry, store: any Store, schedules: ScheduleCache, node: Node?, time: any TimeSource
    ) {
        health = HealthReader(store, schedules: schedules)
        self.registry = registry
        self.store = store
        self.node = node
        self.time = time
    }

    func text() async -> String {
        let counts = await runCounts()
        var text = PrometheusText()
        registry.write(to: &text)
        text.single(
            "onebeat_build_info", .gauge, labels: PrometheusText.labels([("version", OnebeatVersion.current)]), value: 1
        )
        if let node { text.single("onebeat_ready", .gauge, value: node.isReady ? 1 : 0) }
        text.single("onebeat_store_up", .gauge, value: counts == nil ? 0 : 1)
        if let counts {
            text.family("onebeat_runs", .gauge)
            for state in RunState.allCases {
                let labels = PrometheusText.labels([("state", state.rawValue)])
                text.sample("onebeat_runs", labels: labels, value: Double(counts[state] ?? 0))
            }
        }
        if let jobs = await jobStates() {
            text.family("onebeat_jobs", .gauge)
            for state in JobHealth.State.allCases {
                let labels = PrometheusText.labels([("health", state.rawValue)])
                text.sample("onebeat_jobs", labels: labels, value: Double(jobs[state] ?? 0))
            }
            let open = jobs.reduce(0) { $0 + ($1.key.needsLook ? $1.value : 0) }
            text.single("onebeat_jobs_needing_a_look", .gauge, value: Double(open))
        }
        ProcessMetrics.write(to: &text)
        return text.content
    }

    private func runCounts() async -> [RunState: Int]? {
        if let counts, time.uptime() < counts.until { return counts.value }
        let value = try? await store.runCounts()
        counts = (value, time.uptime() + Self.freshness)
        return value
    }

    private func jobStates() async -> [JobHealth.State: Int]? {
        if let jobs, time.uptime() < jobs.until { return jobs.value }
        let value = try? await health.all().lines.reduce(into: [:]) { $0[$1.health.state, default: 0] += 1 }
        jobs = (value, time.uptime() + Self.freshness)
        return value
    }
}
