import Onebeat

/// How all is, as JSON: in one sentence, in figures, and the jobs that need a look.
package struct StandingResource: Codable, Sendable {
    /// A job that needs a look.
    package struct Look: Codable, Sendable {
        package var job: String
        package var health: JobResource.Health
    }

    package var tone: Headline.Tone
    package var headline: String
    package var now: Timestamp
    /// How many nodes live.
    package var nodes: Int
    /// How many jobs are how.
    package var jobs: [String: Int]
    /// The worst first, up to a number.
    package var looks: [Look]

    package init(_ reading: HealthReader.Reading, limit: Int) {
        tone = reading.headline.tone
        headline = reading.headline.sentence
        now = reading.now
        nodes = reading.nodes.count { $0.standing(at: reading.now) == "alive" }
        jobs = reading.lines.reduce(into: [:]) { $0[$1.health.state.rawValue, default: 0] += 1 }
        looks = reading.lines.map(\.health).worstFirst.prefix(limit).map { Look(job: $0.job, health: .init($0)) }
    }

    /// The same of what readers share, where much of it is said already.
    init(_ snapshot: SharedReadings.Snapshot, limit: Int) {
        tone = snapshot.headline.tone
        headline = snapshot.headline.sentence
        now = snapshot.now
        nodes = snapshot.reading.nodes.count { $0.standing(at: snapshot.now) == "alive" }
        jobs = Dictionary(snapshot.counts.map { ($0.key.rawValue, $0.value) }) { $1 }
        looks = snapshot.looks.prefix(limit).map { Look(job: $0.job, health: .init($0)) }
    }

    /// Whether nobody has to come. What nobody chose is not well: no node, nothing to run. A pause was somebody's choice.
    package var isWell: Bool { tone == .good || (tone == .calm && !jobs.isEmpty) }

    /// How many jobs need a look.
    package var looking: Int {
        JobHealth.State.allCases.filter(\.needsLook).reduce(0) { $0 + (jobs[$1.rawValue] ?? 0) }
    }
}
