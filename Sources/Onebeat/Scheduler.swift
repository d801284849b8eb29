import Logging
import ServiceLifecycle
import Synchronization

/// Runs registered closures when they are due, each due moment on exactly one node of all that share the store.
///
/// ```swift
/// let scheduler = Scheduler(store: try SQLiteStore(path: "jobs.db"), name: "web-1", source: "web")
/// try scheduler.register("report", .cron("0 3 * * *", timezone: "Europe/Berlin")) { run in
///     try await sendReport(idempotencyKey: run.key)
/// }
/// try await ServiceGroup(services: [scheduler], logger: logger).run()
/// ```
///
/// Register before the service runs. Definitions are stored when it starts, under the name that the program gives itself
/// (`source`): no two programs that define jobs in one store may have the same, and all nodes of one program do. A job that
/// the program no longer registers goes on until a complete one (`isComplete`) removes it; its history stays.
///
/// In a rolling deploy an old node may start after a new one. What it registers is older then, by its `revision` or since
/// it was replaced before, and does not go back into force: the node works with what is stored.
public final class Scheduler: Service {
    private struct Job: Sendable {
        var definition: JobDefinition
        var handler: Handler
    }

    private let store: any Store
    private let settings: NodeSettings
    private let locks: (any Locks)?
    private let dispatch: (any Dispatch)?
    private let announcer: Announcer?
    private let source: String
    private let revision: Int64
    private let isComplete: Bool
    private let time: any TimeSource
    private let logger: Logger
    private let jobs = Mutex<[String: Job]>([:])
    /// The node while it runs, so that a trigger in its own process need not wait to be seen.
    private let node = Mutex<Node?>(nil)

    /// A scheduler over `store`.
    /// - Parameters:
    ///   - name: this node's name, unique among those that share the store.
    ///   - source: names the program, on all its nodes, towards others that define jobs in the same store.
    ///   - revision: orders the versions of the program, the higher the newer: a build number, say.
    ///   - isComplete: whether jobs that the program registered before, and does not any more, are removed.
    ///   - time: the clocks it lives by, the machine's unless a test hands in others; its store then has the same.
    public convenience init(
        store: any Store, name: String, source: String, revision: Int64 = 0, isComplete: Bool = false,
        time: any TimeSource = SystemTime(), logger: Logger = Logger(label: "onebeat")
    ) {
        self.init(
            store: store, settings: NodeSettings(name: name), source: source, revision: revision,
            isComplete: isComplete, time: time, logger: logger)
    }

    /// A scheduler over `store` with settings of its own.
    /// - Parameters:
    ///   - source: names the program, on all its nodes, towards others that define jobs in the same store.
    ///   - revision: orders the versions of the program, the higher the newer: a build number, say.
    ///   - isComplete: whether jobs that the program registered before, and does not any more, are removed.
    ///   - locks: keeps other programs away from jobs that may not overlap, such as `RedisLocks`.
    ///   - dispatch: points workers to due runs, such as `RedisDispatch`; without it each worker asks the store.
    ///   - time: the clocks it lives by, the machine's unless a test hands in others; its store then has the same.
    public init(
        store: any Store, settings: NodeSettings, source: String, revision: Int64 = 0, isComplete: Bool = false,
        locks: (any Locks)? = nil, dispatch: (any Dispatch)? = nil, time: any TimeSource = SystemTime(),
        logger: Logger = Logger(label: "onebeat")
    ) {
        self.store = store
        self.settings = settings
        self.locks = locks
        self.dispatch = dispatch
        self.time = time
        announcer = dispatch.map { Announcer($0, clock: NodeClock(time), logger: logger) }
        self.source = source
        self.revision = revision
        self.isComplete = isComplete
        self.logger = logger
    }

    /// Registers a closure as the work of a job.
    /// - Parameters:
    ///   - name: the job's name.
    ///   - schedule: when it is due, or which jobs it follows.
    ///   - policies: how its runs are admitted, tried, timed and settled.
    ///   - needs: jobs of which a run must have succeeded before a due run starts.
    ///   - each: the list, handed on by a job that it follows, for each element of which it runs.
    ///   - handler: the closure.
    /// - Throws: ``DefinitionError`` or ``ScheduleError`` when the definition cannot be kept.
    public func register(
        _ name: String, _ schedule: ScheduleDefinition, policies: JobPolicies = JobPolicies(),
        needs: [String: Need] = [:], each: Each? = nil, handler: @escaping Handler
    ) throws {
        var definition = JobDefinition(name: name, schedule: schedule, work: .handler, policies: policies)
        definition.needs = needs
        definition.each = each
        definition = try definition.validated()
        _ = try Schedule(schedule, jobName: name)
        let isNew = jobs.withLock { jobs in
            defer { jobs[name] = Job(definition: definition, handler: handler) }
            return jobs[name] == nil
        }
        guard isNew else {
            throw DefinitionError(job: name, key: "name", problem: "is registered twice; a name stands for one closure")
        }
    }

    /// Stores the registered definitions and runs a node until a graceful shutdown. It waits for a store that cannot be
    /// reached, so that the other services of its group go on.
    /// - Throws: ``SettingsError`` when the node cannot live by its settings; ``StoreError`` when the store cannot be used as
    ///   it is, or another source defines one of the jobs.
    public func run() async throws {
        _ = try settings.validated()
        let jobs = jobs.withLock { $0 }
        let schedules = ScheduleCache()
        do {
            try await cancelWhenGracefulShutdown { [self] in
                try await StoreError.waitingForStore(logger, on: time) {
                    try await FirstLook.agree(store)
                    _ = try await store.offer(
                        try request(jobs.values.map(\.definition)), schedules: schedules, logger: logger)
                }
            }
        } catch is CancellationError {
            return
        }
        let executor = HandlerExecutor(handlers: jobs.mapValues(\.handler), logger: logger)
        let node = Node(
            store: store, executor: executor, settings: settings, locks: locks, dispatch: dispatch, time: time,
            schedules: schedules, logger: logger)
        self.node.withLock { $0 = node }
        defer { self.node.withLock { $0 = nil } }
        try await node.run()
    }

    private func request(_ definitions: [JobDefinition]) throws -> ApplyRequest {
        ApplyRequest(
            definitions, source: source, by: settings.name,
            revision: try SourceRevision(revision, of: definitions), isComplete: isComplete)
    }

    /// Adds a run by hand, beside the due ones. Asking twice with the same `requestID` is asking once. It waits for its turn
    /// where other runs of the job are in its way; ``outlook(of:)`` says what will become of it.
    /// - Parameter requestID: 1 to 200 bytes without control characters.
    @discardableResult
    public func trigger(_ job: String, requestID: String) async throws -> Run {
        guard (1...200).contains(requestID.utf8.count), requestID.controlCharacter() == nil else {
            throw StoreError.refused("a request's ID has 1 to 200 bytes and no control characters")
        }
        let run = try await store.trigger(job, requestID: requestID, by: settings.name)
        if run.state == .scheduled {
            // Where the store has told the nodes, a pointer would come after the claim.
            if (store as? any WakeSource)?.reachesNodes != true { await announcer?.announce([RunPointer(run)]) }
            node.withLock { $0 }?.runIsDue()
        }
        return run
    }

    /// Emits an event; each job with ``ScheduleDefinition/event(_:)`` of that name has a run, and is given what it brings as
    /// the value of `event`. The same name and id twice is one event.
    /// - Parameters:
    ///   - name: 1 to 200 bytes without control characters.
    ///   - id: what tells it from others of its name; likewise.
    @discardableResult
    public func emit(_ name: String, id: String, data: RunValue? = nil) async throws -> [Run] {
        for text in [name, id] {
            if let problem = EventName.problem(text) { throw StoreError.refused("\(problem); so does its id") }
        }
        let runs = try await store.emit(Emission(name, id: id, data: data, by: settings.name))
        if runs.contains(where: { $0.state == .scheduled }) { node.withLock { $0 }?.runIsDue() }
        return runs
    }

    /// What will become of a run that has not started.
    public func outlook(of run: Run) async throws -> RunOutlook { try await store.outlook(of: run) }

    /// Does `body` while nobody else that shares the store holds the lock `name`. The service need not run for that.
    ///
    /// ```swift
    /// try await scheduler.withLock("prices") { lease in
    ///     let prices = try await fetchPrices()
    ///     try await save(prices, fence: lease.fence)  // … WHERE fence < :fence
    /// }
    /// ```
    ///
    /// The lock is a lease, renewed while `body` goes on and given up as soon as it returns, throws, or ends after the
    /// Swift task was cancelled. When it is lost, or cannot be renewed in time, the Swift task that does `body` is
    /// cancelled. A body that does not listen goes on, and somebody else may hold the lock by then: its fence is higher.
    ///
    /// Where `locks` keep other programs away, the lock is held there too, as `lock:job:NAME`, so that it and redis-py's
    /// `Lock` of that name keep each other out, and so do it and a job of that name. Do not ask for the lock of a job in
    /// its own closure: the job holds it.
    ///
    /// - Parameters:
    ///   - name: 1 to 200 bytes without control characters.
    ///   - ttl: how long others wait for a holder that vanished, at least a second. A lease that is not renewed is trusted
    ///     no longer from 3 s before its end, or from a third of it where that is less: the body's time to stop.
    ///   - patience: how long to wait while somebody else holds the lock or the store does not answer; `.zero` tries
    ///     once (and so gets the lock of a holder who vanished only where this program asked for it before), and `nil` waits until the Swift task is cancelled. Those who wait ask again twice a second, in no order.
    /// - Throws: ``LeaseError`` when the lock was not to be had in that time, or was lost before `body` ended;
    ///   ``StoreError`` when the store cannot be used; and what `body` throws.
    public func withLock<Value: Sendable>(
        _ name: String, ttl: Duration = .seconds(30), waiting patience: Duration? = nil,
        _ body: @escaping @Sendable (HeldLease) async throws -> Value
    ) async throws -> Value {
        let lock = try NamedLock(
            name, by: settings.name, nonce: Chance.system.word(), length: ttl, store: store, locks: locks,
            policy: settings.lockPolicy, time: time, logger: logger)
        return try await lock.hold(waiting: patience, body)
    }

    /// Skips the job's due runs until it is resumed.
    public func pause(_ job: String) async throws { try await store.setPaused(true, job: job, by: settings.name) }

    /// Lets the job's due runs start again.
    public func resume(_ job: String) async throws { try await store.setPaused(false, job: job, by: settings.name) }

    /// Runs that fit the filter, the newest planned first.
    public func runs(_ filter: RunFilter = RunFilter()) async throws -> [Run] { try await store.runs(filter) }
}
