import Onebeat
import Synchronization

/// What pages, the API and metrics read of all jobs and all runs, found once for all readers of this process: where there
/// are many jobs it takes long, and a page must not.
package final class SharedReadings: Sendable {
    private let time: any TimeSource
    private let all: SharedAnswer<Snapshot>
    private let counts: SharedAnswer<[RunState: Int]>
    private let countsAskedAt = Mutex<Duration?>(nil)
    /// For so long after somebody asked they are counted ahead: it takes going through all runs that are kept, on each node.
    private static let countingAhead = Duration.seconds(60)
    private let graph = Derived<[JobVersion], Result<FlowGraph, DefinitionError>>()
    private let week = Derived<ForecastSource, FireForecast>()
    private let hour = Derived<ForecastSource, FireForecast>()
    private let schedules: ScheduleCache

    /// What a forecast follows from: a version never changes.
    private struct ForecastSource: Equatable, Sendable {
        var start: Timestamp
        var versions: [JobVersion]
    }

    package init(_ store: any Store, schedules: ScheduleCache, time: any TimeSource) {
        self.time = time
        self.schedules = schedules
        let health = HealthReader(store, schedules: schedules)
        all = SharedAnswer(time: time) { Snapshot(try await health.all()) }
        counts = SharedAnswer(time: time) { try await store.runCounts() }
    }

    /// How all jobs are, and what of that is said again and again.
    final class Snapshot: Sendable {
        /// By name.
        let reading: HealthReader.Reading
        let headline: Headline
        /// The jobs that need a look, the worst first.
        let looks: [JobHealth]
        /// How many jobs are how.
        let counts: [JobHealth.State: Int]
        private let versions: [JobVersion]
        /// Where those stand that fire by themselves, and which they are: found once for all who ask what comes. An array
        /// that is compared with itself is not walked through.
        fileprivate let firing: (places: [Int], versions: [JobVersion])

        init(_ reading: HealthReader.Reading) {
            self.reading = reading
            headline = reading.headline
            let healths = reading.lines.map(\.health)
            looks = healths.worstFirst
            counts = healths.reduce(into: [:]) { $0[$1.state, default: 0] += 1 }
            versions = reading.lines.map(\.job.versionID)
            let lines = reading.lines
            let places = lines.indices.filter { !lines[$0].job.isPaused && !lines[$0].job.definition.isFollower }
            firing = (places, places.map { lines[$0].job.versionID })
        }

        var now: Timestamp { reading.now }
        var lines: [HealthReader.Line] { reading.lines }

        fileprivate func graph(_ kept: Derived<[JobVersion], Result<FlowGraph, DefinitionError>>)
            -> Result<FlowGraph, DefinitionError>
        {
            kept.value(of: versions) {
                do throws(DefinitionError) {
                    return .success(try FlowGraph(lines.map(\.job.definition)))
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    /// How all jobs are.
    func snapshot() async throws -> Snapshot { try await all.value() }

    /// How all jobs are, or were no longer ago than that.
    func snapshot(within age: Duration) async throws -> Snapshot { try await all.value(within: age) }

    /// How many runs stand in each state.
    func runCounts() async throws -> [RunState: Int] {
        let now = time.uptime()
        countsAskedAt.withLock { $0 = now }
        return try await counts.value()
    }

    /// Who follows whom.
    func graph(of snapshot: Snapshot) -> Result<FlowGraph, DefinitionError> { snapshot.graph(graph) }

    /// What fires in the coming week, hour by hour, and of how many jobs.
    func week(of snapshot: Snapshot) -> (start: Timestamp, forecast: FireForecast, jobs: Int) {
        let start = Timestamp(seconds: Int64(snapshot.now.seconds / 3600 * 3600))
        let places = snapshot.firing.places
        let forecast = week.value(of: ForecastSource(start: start, versions: snapshot.firing.versions)) {
            FireForecast(
                members(places.lazy.map { snapshot.lines[$0].job }), from: start, part: .seconds(3600),
                parts: CalendarPage.days * 24,
                leavingOutFrequent: true)
        }
        return (start, forecast, places.count)
    }

    /// What fires in the coming hour, minute by minute: of the jobs that are due the soonest.
    func hour(of snapshot: Snapshot) -> FireForecast {
        let end = snapshot.now + .seconds(HourLine.minutes * 60)
        let due = snapshot.lines.indices.compactMap { place -> (at: Timestamp, place: Int)? in
            let job = snapshot.lines[place].job
            guard !job.isPaused, let next = job.nextAt, next <= end else { return nil }
            return (next, place)
        }
        let soonest = due.sorted { ($0.at, $0.place) < ($1.at, $1.place) }.prefix(HourLine.mostJobs).map(\.place)
        let versions = soonest.map { snapshot.lines[$0].job.versionID }
        return hour.value(of: ForecastSource(start: snapshot.now, versions: versions)) {
            FireForecast(
                members(soonest.lazy.map { snapshot.lines[$0].job }), from: snapshot.now, part: .seconds(60),
                parts: HourLine.minutes,
                budget: FireForecast.budget / 10)
        }
    }

    private func members(_ jobs: some Sequence<JobRecord>) -> [FireForecast.Member] {
        jobs.compactMap { job in
            (try? schedules.schedule(for: job)).map { FireForecast.Member(name: job.name, schedule: $0) }
        }
    }

    /// Lets readers see what was just changed through this process.
    func forget() async {
        await all.forget()
        await counts.forget()
    }

    /// Finds anew what takes long to find, before it is asked for.
    fileprivate func renew() async throws -> Duration? {
        let next = try await all.renew()
        if next != nil {
            let snapshot = try await snapshot()
            _ = graph(of: snapshot)
            _ = week(of: snapshot)
            _ = hour(of: snapshot)
        }
        let now = time.uptime()
        let isCounting = countsAskedAt.withLock { $0 }.map { now - $0 < Self.countingAhead } ?? false
        let other = isCounting ? try await counts.renew() : nil
        return [next, other].compactMap(\.self).min()
    }
}

/// Finds what readers share before they ask, where they would wait for it. Where that is found quickly it does nothing but
/// look now and then whether that is so still.
package struct ReadingAhead: TurnTaking {
    /// How often it looks where everything is found quickly.
    static let pause = Duration.seconds(60)

    package let name = "reading ahead"
    private let readings: SharedReadings

    package init(_ readings: SharedReadings) { self.readings = readings }

    package func turn(at now: Timestamp) async throws -> NextTurn { .after(try await readings.renew() ?? Self.pause) }
}

/// What follows from something by a long computation: the newest is kept for as long as it would be the same.
final class Derived<Source: Equatable & Sendable, Value: Sendable>: Sendable {
    private let kept = Mutex<(source: Source, value: Value)?>(nil)

    func value(of source: Source, _ compute: () -> Value) -> Value {
        if let kept = kept.withLock({ $0 }), kept.source == source { return kept.value }
        let value = compute()
        kept.withLock { $0 = (source, value) }
        return value
    }
}
