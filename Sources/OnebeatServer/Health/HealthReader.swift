import Onebeat

/// Asks a store how its jobs are: a handful of questions for all of them, and none job by job.
package struct HealthReader: Sendable {
    /// A job and how it is.
    package struct Line: Sendable {
        package var job: JobRecord
        package var status: JobStatus?
        package var health: JobHealth
        /// Its newest run that has ended.
        package var newestEnd: Run?
        /// When word of it is expected next, where it runs elsewhere.
        package var expectedAt: Timestamp?
    }

    /// How all is.
    package struct Reading: Sendable {
        package var now: Timestamp
        package var nodes: [NodeRecord]
        package var lines: [Line]
        package var running: [Run]
        /// Whether the store only observes; `nil` where it never did.
        package var standby: Standby?
        private let living: [NodeRecord]

        package init(
            now: Timestamp, nodes: [NodeRecord], lines: [Line], running: [Run], standby: Standby? = nil
        ) {
            self.now = now
            self.nodes = nodes
            self.lines = lines
            self.running = running
            self.standby = standby
            living = nodes.filter { $0.standing(at: now) == "alive" }
        }

        /// Why no node would start a job, where some live and none of them would.
        package func unserved(_ job: JobRecord) -> Unserved? {
            let definition = job.definition
            guard definition.trouble == nil, definition.signal == nil, !living.isEmpty else { return nil }
            return Unserved(queue: definition.policies.queue, need: definition.need, among: living, at: now)
        }

        /// A part of the lines, by name.
        package struct Page: Sendable {
            package var lines: [Line]
            /// Whether none that fits stands before it.
            package var isFirst: Bool
            /// Whether none that fits comes after it.
            package var isLast: Bool
        }

        /// The first lines that fit, after a name or the last ones before one.
        package func page(
            after: String? = nil, before: String? = nil, limit: Int, _ fits: (Line) -> Bool = { _ in true }
        ) -> Page {
            if let before {
                let start = place { !$0.utf8.lexicographicallyPrecedes(before.utf8) }
                let found = Self.first(limit + 1, of: lines[..<start].reversed(), fits)
                return Page(
                    lines: found.prefix(limit).reversed(), isFirst: found.count <= limit,
                    isLast: !lines[start...].contains(where: fits))
            }
            let start = after.map { name in place { name.utf8.lexicographicallyPrecedes($0.utf8) } } ?? 0
            let found = Self.first(limit + 1, of: lines[start...], fits)
            return Page(
                lines: Array(found.prefix(limit)), isFirst: start == 0 || !lines[..<start].contains(where: fits),
                isLast: found.count <= limit)
        }

        /// The line of a job, found without a walk through all.
        package func line(of job: String) -> Line? {
            let place = place { !$0.utf8.lexicographicallyPrecedes(job.utf8) }
            guard lines.indices.contains(place), lines[place].job.name.utf8.elementsEqual(job.utf8) else { return nil }
            return lines[place]
        }

        private static func first(_ limit: Int, of lines: some Sequence<Line>, _ fits: (Line) -> Bool) -> [Line] {
            var found: [Line] = []
            for line in lines where fits(line) {
                found.append(line)
                if found.count == limit { break }
            }
            return found
        }

        /// The first place from which on this holds of all names. They are ordered by their bytes, as stores order them.
        private func place(_ holds: (String) -> Bool) -> Int {
            var (low, high) = (lines.startIndex, lines.endIndex)
            while low < high {
                let middle = low + (high - low) / 2
                if holds(lines[middle].job.name) { high = middle } else { low = middle + 1 }
            }
            return low
        }

        /// Of the jobs that do something, and of alerts that need a look themselves.
        package var headline: Headline {
            let told = lines.filter { !$0.job.isAlert || $0.health.needsLook }
            let needsNodes = lines.isEmpty || lines.contains { !OnceQueue.isOne($0.job.definition.policies.queue) }
            return .decide(told.map(\.health), nodes: nodes, needsNodes: needsNodes, standby: standby, at: now)
        }
    }

    /// How many runs that wait, or run, are looked at.
    static let mostOpen = 10_000
    /// How many jobs have their newest runs looked at.
    static let mostSuspects = 200
    /// Of how many jobs with a time of day it is seen which of their runs ended well.
    static let mostOwed = 1000
    static let mostNodes = 1000
    /// How far a flow is followed to its root.
    static let deepest = 1000

    private let store: any Store
    private let schedules: ScheduleCache

    package init(_ store: any Store, schedules: ScheduleCache) {
        self.store = store
        self.schedules = schedules
    }

    /// How all jobs are, by name.
    package func all() async throws(StoreError) -> Reading { try await read(try await store.jobs(), isAll: true) }

    /// How these jobs are.
    package func of(_ jobs: [JobRecord]) async throws(StoreError) -> Reading { try await read(jobs, isAll: false) }

    private func read(_ jobs: [JobRecord], isAll: Bool) async throws(StoreError) -> Reading {
        let now = try await store.now()
        let names = isAll ? nil : jobs.map(\.name)
        let nodes = try await store.nodes(limit: Self.mostNodes)
        let statuses = try await store.statuses(of: names)
        let ends = try await store.newestEnds(of: names)
        let waiting = try await store.longestWaiting(for: .zero, limit: Self.mostOpen)
        let running = try await store.longestRunning(limit: Self.mostOpen)
        var facts = jobs.map(JobFacts.init)
        let places = Dictionary(facts.enumerated().map { ($1.job.name, $0) }) { first, _ in first }
        for status in statuses { if let place = places[status.job] { facts[place].status = status } }
        for run in ends { if let place = places[run.job] { facts[place].newestEnd = run } }
        for run in waiting { if let place = places[run.job] { facts[place].waiting = run } }
        for run in running.reversed() { if let place = places[run.job] { facts[place].running = run } }
        let suspects = facts.filter { $0.isSuspect(at: now) }.prefix(Self.mostSuspects).map(\.job.name)
        if !suspects.isEmpty {
            let recent = try await store.newestRuns(of: suspects, states: [], each: JobFacts.mostRecent)
            let successes = try await store.newestRuns(of: suspects, states: [.succeeded], each: 20)
            for run in recent { if let place = places[run.job] { facts[place].recent.append(run) } }
            for run in successes { if let place = places[run.job] { facts[place].successes.append(run) } }
            for name in suspects { if let place = places[name] { facts[place].rhythm = rhythm(facts[place].job, now) } }
        }
        let retrying = facts.filter { $0.job.isAlert && $0.status?.status == "retrying" }.prefix(Self.mostSuspects)
        if !retrying.isEmpty {
            for run in try await store.newestRuns(of: retrying.map(\.job.name), states: [.scheduled], each: 20) {
                guard let place = places[run.job], run.failures > facts[place].retrying?.failures ?? 0 else { continue }
                facts[place].retrying = run
            }
        }
        for place in facts.indices {
            facts[place].duty = try await duty(of: facts[place].job, at: now) { places[$0].map { facts[$0].job } }
            let expectation = schedules.expectation(of: facts[place].job)
            facts[place].expectedAt = expectation.flatMap(facts[place].expected)
            facts[place].wordExpectedAt = expectation.flatMap(facts[place].wordExpected)
        }
        let known = Set(suspects)
        let owed = facts.filter { $0.isOwed(at: now) && !known.contains($0.job.name) }.prefix(Self.mostOwed)
        if !owed.isEmpty {
            for run in try await store.newestRuns(of: owed.map(\.job.name), states: [.succeeded], each: 20) {
                if let place = places[run.job] { facts[place].successes.append(run) }
            }
        }
        let cluster = ClusterFacts(now: now, nodes: nodes, running: running)
        let lines = facts.map { fact in
            Line(
                job: fact.job, status: fact.status, health: JobHealth.decide(fact, cluster), newestEnd: fact.newestEnd,
                expectedAt: fact.expectedAt)
        }
        let standby = try await store.standby()
        return Reading(now: now, nodes: nodes, lines: lines, running: running, standby: standby)
    }

    /// A job that follows others is due when the root of its flow is.
    private func duty(
        of job: JobRecord, at now: Timestamp, known: (String) -> JobRecord?
    ) async throws(StoreError) -> (due: Timestamp, by: Timestamp)? {
        guard let by = job.definition.by, !job.isPaused else { return nil }
        var root: JobRecord? = job
        for _ in 0..<Self.deepest {
            guard case .after(let parents) = root?.definition.schedule.rhythm, let parent = parents.first else { break }
            if let record = known(parent) {
                root = record
            } else {
                root = try await store.job(parent)
            }
        }
        guard let root, let schedule = try? schedules.schedule(for: root) else { return nil }
        return schedule.duty(by: by, at: now)
    }

    private func rhythm(_ job: JobRecord, _ now: Timestamp) -> Duration? {
        guard let schedule = try? schedules.schedule(for: job) else { return nil }
        if case .delay(let length) = schedule.definition.rhythm { return length }
        guard let next = schedule.next(after: now), let second = schedule.next(after: next) else { return nil }
        return second.duration(since: next)
    }
}
