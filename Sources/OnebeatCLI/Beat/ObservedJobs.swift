import Onebeat
import OnebeatCelery
import OnebeatServer

/// The jobs of a store that send tasks of Celery, and what became of their due instants while the store observes.
struct ObservedJobs {
    let store: any Store
    let jobs: [JobRecord]
    /// What each would send.
    let shapes: [String: TaskShape]

    /// How many runs are read at one time.
    private static let page = 1000
    /// The most due instants of one job that are looked at: a job of each second for eleven days.
    private static let most = 1_000_000

    /// - Throws: ``CommandFailure`` where there is none, or one cannot be sent as it is written.
    init(in store: any Store, _ settings: CelerySettings) async throws {
        self.store = store
        var (jobs, shapes): ([JobRecord], [String: TaskShape]) = ([], [:])
        for job in try await store.jobs() where !job.isPaused {
            guard case .celery(let call) = job.definition.work else { continue }
            // What follows others is not a beat's to send.
            if case .after = job.definition.schedule.rhythm { continue }
            do {
                shapes[job.name] = try TaskShape(call, settings) {
                    .string(try EnvironmentExpansion.expand($0, environment: Surroundings.environment))
                }
            } catch {
                throw CommandFailure("job \"\(job.name)\": \(error)", .badData)
            }
            jobs.append(job)
        }
        guard !jobs.isEmpty else {
            throw CommandFailure("the store has no job that sends a task of Celery; `onebeat import celery` makes them")
        }
        self.jobs = jobs
        self.shapes = shapes
    }

    /// The due runs of a job with instants from `start` up to `end`.
    func runs(of job: String, from start: Timestamp, to end: Timestamp) async throws -> [Run] {
        var filter = RunFilter()
        (filter.job, filter.from, filter.before, filter.limit) = (job, start, end, Self.page)
        var found: [Run] = []
        while found.count < Self.most {
            let page = try await store.runs(filter)
            found += page.filter { $0.kind == .scheduled }
            guard page.count == Self.page, let last = page.last else { break }
            filter.after = last.id
        }
        return found
    }

    /// The name of a job whose work a beat must have sent between two moments.
    func overdueOfBeat(from start: Timestamp, to end: Timestamp) async throws -> String? {
        for job in jobs {
            // A beat may be late by as much.
            let due = try await runs(of: job.name, from: start, to: end - .seconds(1)).count
            // A beat's intervals lie anywhere between ours, and one of them in the time between two of ours.
            if due >= (job.isInterval ? 2 : 1) { return job.name }
        }
        return nil
    }

    /// What each job would have sent, for a comparison.
    func recorded(from start: Timestamp, to end: Timestamp) async throws -> [BeatComparison.Job] {
        var found: [BeatComparison.Job] = []
        for job in jobs {
            guard let shape = shapes[job.name] else { continue }
            let schedule = try Schedule(of: job.definition)
            let observed = try await runs(of: job.name, from: start, to: end)
                .filter { $0.state == .skipped && $0.reason == .observed }.map(\.dueAt).sorted()
            let first = schedule.next(after: start)
            let second = first.flatMap { schedule.next(after: $0) }
            let period = first.flatMap { first in second?.duration(since: first) } ?? .seconds(86_400)
            let all = schedule.occurrences(after: start - period * 2, through: end + period * 2, limit: Self.most)
            let known = Set(observed)
            found.append(
                BeatComparison.Job(
                    name: job.name, shape: shape, observed: observed,
                    others: all.map { schedule.dueAt(for: $0) }.filter { !known.contains($0) },
                    isInterval: job.isInterval))
        }
        return found
    }
}

extension JobRecord {
    /// Whether its instants count from a moment of its own.
    fileprivate var isInterval: Bool {
        switch definition.schedule.rhythm {
        case .every, .delay: true
        case .cron, .at, .repeat, .solar, .event, .after, .manual: false
        }
    }
}

extension BeatListener {
    /// What is said where nothing is heard.
    static func silence(on settings: CelerySettings, isUnmarked: Bool) -> String {
        "not one message of a beat was heard at \(settings.broker): is that the broker, and the database, that it sends to?"
            + (isUnmarked ? "" : " What beats of older versions of Celery send is counted with --unmarked")
    }
}

extension StoreOptions {
    /// The store and the application of a command that looks at what a beat sends.
    /// - Parameter file: the configuration file as the command's argument.
    /// - Throws: ``CommandFailure`` where no application is named.
    func storeAndCelery(_ file: String?) async throws -> (store: any Store, celery: CelerySettings) {
        let surroundings = try surroundings(file: file)
        guard let celery = surroundings.settings.celery.value else {
            throw CommandFailure(
                "no broker is named; write celery: {broker: redis://…} in the file, or set ONEBEAT_CELERY_BROKER",
                .badSetting)
        }
        return (try await surroundings.openStore(), celery)
    }
}

extension LeaseStore {
    /// - Throws: ``CommandFailure`` where no living node sends tasks of Celery.
    func requireSender(at now: Timestamp) async throws {
        let living = try await nodes(limit: 1000).filter { $0.standing(at: now) == "alive" }
        guard living.contains(where: { $0.roles.contains(.beat) }) else {
            throw CommandFailure(
                "no living node of this store plans; start one with `onebeat up --observe`", .tryLater)
        }
        guard living.contains(where: { $0.roles.contains(.worker) && $0.abilities.cover("celery") }) else {
            throw CommandFailure(
                "no living node of this store sends tasks of Celery; name the broker in its file, and let it be a worker",
                .tryLater)
        }
    }
}
