import Foundation
import Logging
import Metrics
import Onebeat
import OnebeatCelery
import OnebeatRedis
import OnebeatServer
import ServiceLifecycle

/// A node with all that belongs to it, from its start to its end.
struct NodeProgram {
    private let surroundings: Surroundings
    private let settings: NodeSettings
    private let guardian: Guardian
    private let store: any Store
    private let redis: RedisClient?
    private let celery: CeleryLine?
    private let logger: Logger
    private let readers: WebLimits
    private let lines: LogLines
    private let output = LogLines(file: STDOUT_FILENO)
    private let schedules = ScheduleCache()
    private let observes: Bool

    /// - Parameter observes: whether the store is to start nothing, as long as another scheduler does the work.
    init(_ surroundings: Surroundings, guardian: Guardian, observes: Bool = false) async throws {
        self.observes = observes
        let (format, level) = (surroundings.settings.logFormat.value, surroundings.settings.logLevel.value)
        let lines = LogLines()
        LoggingSystem.bootstrap { format.handler(label: $0, level: level, to: lines) }
        self.lines = lines
        self.surroundings = surroundings
        self.guardian = guardian
        settings = surroundings.settings.nodeSettings
        logger = Logger(label: "onebeat")
        let slots = settings.roles.contains(.worker) ? settings.slots : 0
        readers = WebLimits(connections: OpenFiles.allow(forSlots: slots, logger))
        // No signal is trapped yet, so a TERM ends the wait.
        store = try await StoreError.waitingForStore(logger) {
            let store = try await surroundings.makeStore()
            try await FirstLook.agree(store)
            return store
        }
        redis = surroundings.settings.redis.value.map { [settings] in
            RedisClient($0, name: "onebeat:\(settings.name)")
        }
        celery = surroundings.settings.celery.value.map { [settings, logger] in
            CeleryLine($0, node: settings.name, logger)
        }
    }

    /// Runs until a signal, or until a part fails that the node cannot do without.
    func run() async throws {
        defer { lines.flush() }
        try await requireUser()
        try await standBy()
        let changes = try await applyFile()
        try await serve(HTTPExecutor(), after: changes)
        await redis?.close()
        await celery?.close()
        await guardian.shutdown()
    }

    /// Where others reach the pages and there is nobody who could sign in, somebody forgot something.
    private func requireUser() async throws {
        let settings = surroundings.settings
        guard settings.roles.value.contains(.web), !settings.listen.value.isLoopback,
            settings.access.proxy?.userHeader == nil
        else { return }
        let users = try await StoreError.waitingForStore(logger) { try await store.users(limit: 1) }
        guard users.isEmpty else { return }
        throw CommandFailure(
            "others reach \(settings.listen.value), and there is no user who could sign in there; add one:"
                + " `onebeat users add NAME --role admin`", .badSetting)
    }

    /// Before the first job is stored: none of them may be started by a store that is to observe.
    private func standBy() async throws {
        let standby = try await StoreError.waitingForStore(logger) {
            observes
                ? try await store.change(standby: .begin, by: settings.name) : try await store.standby()
        }
        switch standby {
        case nil: break
        case .observing, .handingOver:
            logger.notice(
                "this store only observes: what falls due is written down and not started, until `onebeat take-over`")
        case .over(let moment):
            guard observes else { break }
            logger.warning(
                "--observe has no effect any more: this store has run its jobs since it took over",
                metadata: ["since": "\(moment)"])
        }
    }

    private func serve(_ http: HTTPExecutor, after changes: [JobChange]?) async throws {
        // Before any figure is kept: what is made earlier would keep it nowhere.
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        let node = makeNode(http)
        let readings = SharedReadings(store, schedules: schedules, time: SystemTime())
        let alerts = AlertService(
            AlertLoop(
                store: store, readings: readings, actor: settings.name, isLeader: { node.isLeader }, logger: logger),
            wokenBy: node.elected, logger)
        let group: ServiceGroup
        if settings.roles.contains(.web) {
            let isListening = Bell()
            let web = try web(of: node, metrics, readings, isListening, changes)
            let ahead = ReadingService(ReadingAhead(readings), logger)
            group = self.group(of: [web, alerts, AfterListening(isListening, node), ahead])
        } else {
            await greet(at: nil, changes)
            group = self.group(of: [alerts, node])
        }
        let reloader = Reloader(surroundings, store: store, node: node, logger: logger)
        // Without its guardian the node can start no job and stop none; nothing is left but to end in good order.
        Task { [guardian] in
            await guardian.departure()
            await group.triggerGracefulShutdown()
        }
        try await SignalHandling(group: group, reloader: reloader, lines: lines, logger: logger).run()
        guard guardian.isAlive else {
            throw CommandFailure("the guardian process is gone, and the running jobs with it; start the node again")
        }
    }

    private func web(
        of node: Node, _ metrics: PrometheusRegistry, _ readings: SharedReadings, _ isListening: Bell,
        _ changes: [JobChange]?
    ) throws -> OnebeatWeb {
        let certificate = try surroundings.settings.certificate.value.map { try ServerCertificate($0, logger: logger) }
        return OnebeatWeb(
            store: store, node: node, metrics: metrics, address: surroundings.settings.listen.value,
            hosts: surroundings.settings.webHosts.value, certificate: certificate, access: surroundings.settings.access,
            metricsJobs: surroundings.file?.metricsJobs ?? [], schedules: schedules, readings: readings,
            keepsLocks: surroundings.settings.redis.value != nil,
            examine: { [surroundings, store] in
                await NodeChecks(surroundings: surroundings, store: store).examination()
            }, limits: readers, logger: logger
        ) { address in
            await greet(at: address, changes)
            isListening.ring()
        }
    }

    private func greet(at address: ListenAddress?, _ changes: [JobChange]?) async {
        await Banner(surroundings, settings, address: address, changes: changes, store: store).show(on: output)
        Supervisor.tell("READY=1")
    }

    /// - Returns: `nil` when there is no file, or the store has what is newer.
    private func applyFile() async throws -> [JobChange]? {
        guard let file = surroundings.file else { return nil }
        Surroundings.warn(of: file)
        let request = try surroundings.request(by: settings.name)
        return try await StoreError.waitingForStore(logger) {
            try await store.offer(request, schedules: schedules, logger: logger)
        }
    }

    /// The services in the order they start; they stop the other way round, and all when one fails.
    private func group(of services: [any Service]) -> ServiceGroup {
        var quiet = logger
        // The group's own words on each service would say less than the services' do.
        quiet.logLevel = max(quiet.logLevel, .error)
        return ServiceGroup(
            configuration: .init(
                services: services.map {
                    .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup)
                }, logger: quiet))
    }

    private func makeNode(_ http: HTTPExecutor) -> Node {
        let process = ProcessExecutor(guardian: guardian)
        let swept = process.sweep()
        if swept > 0 { logger.info("removed what killed nodes left", metadata: ["folders": "\(swept)"]) }
        let (guardian, will) = (guardian, LastWill(surroundings.settings.store.value, guardian, logger))
        return Node(
            store: store,
            executor: WorkExecutor(
                process: process, http: http, celery: celery?.executor,
                alerts: AlertExecutor(store: store, schedules: schedules, process: process, http: http)),
            settings: settings, locks: redis.map { RedisLocks($0) }, dispatch: redis.map { RedisDispatch($0) },
            processID: Int(getpid()), schedules: schedules,
            logger: logger,
            onRenewal: { [celery] id, uptime in
                will.update(for: id)
                celery?.executor.renewed(id, trustedUntil: uptime)
                // Both clocks count suspended time, so the distance to the deadline is the same on either.
                guardian.extend(until: .now + (uptime - SystemTime().uptime()))
            })
    }
}

/// Looks after what people are to be told, for as long as the node lives.
private struct AlertService: Service {
    let loop: LoopService

    init(_ loop: AlertLoop, wokenBy bell: Bell, _ logger: Logger) {
        self.loop = LoopService(loop, wokenBy: bell, clock: NodeClock(SystemTime()), logger: logger)
    }

    func run() async { await cancelWhenGracefulShutdown { await loop.run() } }
}

/// Reads ahead of the readers of the pages, for as long as there are pages.
private struct ReadingService: Service {
    let loop: LoopService

    init(_ loop: ReadingAhead, _ logger: Logger) {
        self.loop = LoopService(loop, wokenBy: Bell(), clock: NodeClock(SystemTime()), logger: logger)
    }

    func run() async { await cancelWhenGracefulShutdown { await loop.run() } }
}

/// A node's line to a Celery application.
private struct CeleryLine {
    /// A broker that is a little slow is not one that is away.
    private static let patience = Duration.seconds(2)

    private let clients: [RedisClient]
    let executor: CeleryExecutor

    init(_ settings: CelerySettings, node: String, _ logger: Logger) {
        let broker = RedisClient(settings.broker, name: "onebeat:\(node):celery", patience: Self.patience)
        let results =
            settings.results == settings.broker
            ? broker : RedisClient(settings.results, name: "onebeat:\(node):results", patience: Self.patience)
        clients = [broker, results]
        let environment = Surroundings.environment
        executor = CeleryExecutor(settings, broker: broker, results: results, logger: logger) {
            try TaskArgument.value(of: $0, for: $1, environment: environment)
        }
    }

    func close() async { for client in clients { await client.close() } }
}

/// Starts the node once its pages can be reached: a port that is taken then ends the program before any job started.
private struct AfterListening: Service {
    let isListening: Bell
    let node: Node

    init(_ isListening: Bell, _ node: Node) {
        self.isListening = isListening
        self.node = node
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await isListening.wait() }
        if !Task.isShuttingDownGracefully { try await node.run() }
    }
}
