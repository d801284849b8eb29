import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Onebeat
import ServiceLifecycle

// API: what a node shows over HTTP, and what can be done there. What may be asked, and by whom, stands in one table
// (`Route`). The store is the truth: pages and the API read it, and what is done there is done by `Acts`, as by the command.

/// Serves health, metrics, the JSON API and the dashboard.
public final class OnebeatWeb: Service {
    private let address: ListenAddress
    private let responder: RouterResponder<WebContext>
    private let connections: OpenConnections
    private let certificate: ServerCertificate?
    /// What is answered, for the test that the table is all of it.
    let endpoints: [String]
    private let logger: Logger
    private let onListening: @Sendable (ListenAddress) async -> Void

    /// - Parameters:
    ///   - node: the node of this process, when it has one; readiness hangs on its lease.
    ///   - metrics: what `/metrics` shows beside the process and the store.
    ///   - address: where to listen; port 0 is one that is free.
    ///   - hosts: names under which a proxy on this machine asks.
    ///   - certificate: what is shown over TLS; without one nothing is spoken over it.
    ///   - access: how it is known who asks. Where it is not, an address that others reach answers probes only.
    ///   - metricsJobs: names, and patterns, of the jobs that have figures of their own.
    ///   - schedules: compiled schedules; the node's own, so that none is compiled twice.
    ///   - keepsLocks: whether jobs that may not overlap hold a lock in Redis, for who asks why one waits.
    ///   - readings: what readers share, where somebody else reads it, too.
    ///   - examine: what the doctor says of this node; what can be said of any, without.
    ///   - limits: how much readers may hold on to.
    ///   - onListening: told the address once connections are taken, with the port that was found.
    package init(
        store: any Store, node: Node? = nil, metrics: PrometheusRegistry, address: ListenAddress = .standard,
        hosts: [String] = [], certificate: ServerCertificate? = nil, access: WebAccess = .standard,
        metricsJobs: [String] = [],
        schedules: ScheduleCache = ScheduleCache(), readings: SharedReadings? = nil,
        keepsLocks: Bool = false, examine: (@Sendable () async -> Examination)? = nil,
        time: any TimeSource = SystemTime(),
        limits: WebLimits = WebLimits(), logger: Logger,
        onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) {
        let health = Health(store: store, node: node, time: time)
        let readings = readings ?? SharedReadings(store, schedules: schedules, time: time)
        let page = MetricsPage(
            registry: metrics, store: store, readings: readings, node: node, jobs: metricsJobs)
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        if certificate != nil { router.addMiddleware { ComeOverTLS() } }
        router.addMiddleware {
            Safeguard(
                address: address, hosts: Set(hosts.map { $0.lowercased() }),
                isStrict: certificate?.files.isStrict ?? false)
            Readers()
            Problems()
            Changing(readings: readings)
            Gatekeeper(door: access.door(at: address, store), pace: Pace(limits, time: time))
        }
        health.addRoutes(to: router)
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: PrometheusRegistry.contentType],
                body: .init(byteBuffer: ByteBuffer(string: await page.text())))
        }
        let reading = ReadAPI(
            witness: StoreWitness(store, schedules: schedules, keepsLocks: keepsLocks), health: health,
            readings: readings)
        let api = router.group("api/v1").addMiddleware { Conditions(witness: reading.witness) }
        reading.addRoutes(to: api)
        AlertAPI(reading: reading).addRoutes(to: api)
        BackfillAPI(reading: reading).addRoutes(to: api)
        ActAPI(reading: reading).addRoutes(to: api)
        ConfigurationAPI(reading: reading).addRoutes(to: api)
        TimeAPI(reading: reading).addRoutes(to: api)
        AuditAPI(reading: reading, time: time).addRoutes(to: api)
        DoctorAPI(examine ?? { await .standard(store) }, time: time).addRoutes(to: api)
        let desk = PasswordDesk()
        AccessAPI(store: store, desk: desk).addRoutes(to: api)
        EventStream(store: store, time: time, limits: limits).addRoutes(to: api)
        Dashboard(store: store, schedules: schedules, readings: readings).addRoutes(to: router)
        ActPages(reading: reading).addRoutes(to: router)
        SignInPages(store: store, access: access, desk: desk).addRoutes(to: router)
        endpoints = router.routes.map(\.description)
        responder = router.buildResponder()
        self.address = address
        self.certificate = certificate
        connections = OpenConnections(limits)
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until a graceful shutdown.
    /// - Throws: ``ListenError`` when the address cannot be listened on.
    public func run() async throws {
        var quiet = logger
        // The server underneath tells of every start and stop of its own; ours are enough.
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: responder,
            server: HTTPServerBuilder { [connections, certificate] responder in
                let plain = HTTP1Channel(
                    responder: responder,
                    configuration: .init(additionalChannelHandlers: [RequestGate.installer(connections)]))
                return certificate.map { SecureChannel(base: plain, certificate: $0) } ?? plain
            },
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: "onebeat",
                // Closing takes a moment, and connections can come faster than that: then they wait outside.
                availableConnectionsDelegate: .maximum(connections.limits.connections + 16, logger: quiet)),
            onServerRunning: { channel in
                var found = self.address
                found.port = channel.localAddress?.port ?? found.port
                self.logger.info("listening", metadata: ["address": "\(found)"])
                await self.onListening(found)
            },
            logger: quiet)
        do {
            try await application.run()
        } catch let error as IOError {
            throw ListenError(address: address, code: error.errnoCode)
        }
    }
}

/// Lets whoever changes something see it in what they read next, here.
private struct Changing: RouterMiddleware {
    let readings: SharedReadings

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        let isQuestion = context.endpointPath.flatMap { Route.find(request.method, $0) }?.isQuestion ?? false
        if request.method != .get, request.method != .head, !isQuestion { await readings.forget() }
        return response
    }
}

/// An address that cannot be listened on.
public struct ListenError: Error, CustomStringConvertible {
    let address: ListenAddress
    let code: CInt

    /// Which address, why, and what would do.
    public var description: String {
        let advice =
            switch code {
            case EADDRINUSE: "another program listens there; stop it or give --listen another port"
            case EACCES: "this user may not; give --listen a port above 1023"
            case EADDRNOTAVAIL: "no network interface has this address; give --listen one that has, or 0.0.0.0"
            default: String(cString: strerror(code)).lowercased()
            }
        return "cannot listen on \(address): \(advice)"
    }
}
