import Onebeat

/// The page that Prometheus reads: the program's own figures, the process', and what the store says of all runs. What the
/// store says is shared with all other readers: several scrapers must not count the history several times.
struct MetricsPage: Sendable {
    private let registry: PrometheusRegistry
    private let store: any Store
    private let readings: SharedReadings
    private let node: Node?
    /// Names, and patterns, of the jobs that have figures of their own.
    private let named: [String]

    /// How many jobs may have figures of their own: each is a handful of series for as long as Prometheus keeps them.
    static let mostJobs = 500

    init(
        registry: PrometheusRegistry, store: any Store, readings: SharedReadings, node: Node?, jobs: [String] = []
    ) {
        named = jobs
        self.store = store
        self.registry = registry
        self.readings = readings
        self.node = node
    }

    func text() async -> String {
        // What is shared may have been found before the store went away.
        let isUp = (try? await store.nodes(limit: 1)) != nil
        let counts = isUp ? try? await readings.runCounts() : nil
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
        if isUp, let snapshot = try? await readings.snapshot() {
            let jobs = snapshot.counts
            text.family("onebeat_jobs", .gauge)
            for state in JobHealth.State.allCases {
                let labels = PrometheusText.labels([("health", state.rawValue)])
                text.sample("onebeat_jobs", labels: labels, value: Double(jobs[state] ?? 0))
            }
            let open = jobs.reduce(0) { $0 + ($1.key.needsLook ? $1.value : 0) }
            text.single("onebeat_jobs_needing_a_look", .gauge, value: Double(open))
            if !named.isEmpty {
                let lines = snapshot.lines.filter { line in named.contains { NamePattern.fits(line.job.name, $0) } }
                write(lines, to: &text)
            }
        }
        ProcessMetrics.write(to: &text)
        return text.content
    }

    /// The figures of jobs that were named, the first by name.
    private func write(_ lines: [HealthReader.Line], to text: inout PrometheusText) {
        guard !named.isEmpty else { return }
        let shown = lines.sorted { $0.job.name < $1.job.name }.prefix(Self.mostJobs)
        func family(_ name: String, _ value: (HealthReader.Line) -> Double?) {
            text.family(name, .gauge)
            for line in shown {
                guard let value = value(line) else { continue }
                text.sample(name, labels: PrometheusText.labels([("job_name", line.job.name)]), value: value)
            }
        }
        family("onebeat_job_last_success_timestamp_seconds") {
            $0.status?.lastSuccessAt.map { Double($0.microseconds) / 1e6 }
        }
        family("onebeat_job_failures_in_a_row") { Double($0.status?.failuresInARow ?? 0) }
        family("onebeat_job_last_duration_seconds") { line in
            guard let run = line.newestEnd, let start = run.startedAt, let end = run.finishedAt else { return nil }
            return end.duration(since: start).inSeconds
        }
        family("onebeat_job_needs_a_look") { $0.health.needsLook ? 1 : 0 }
        text.single("onebeat_job_metrics_left_out", .gauge, value: Double(lines.count - shown.count))
    }
}
