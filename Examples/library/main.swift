import Logging
import Onebeat
import OnebeatSQLite
import ServiceLifecycle

let logger = Logger(label: "shop")
let scheduler = Scheduler(store: try SQLiteStore(path: "shop.db"), name: "shop-1", source: "shop", logger: logger)

try scheduler.register("invoices", .cron("0 3 * * *", timezone: "Europe/Berlin")) { run in
    await run.print("invoices due \(run.scheduledAt): receivers drop repeats by \(run.key)")
}

var patient = JobPolicies()
patient.retry = RetryPolicy(limit: 3, backoff: .seconds(2))
patient.timeout = .seconds(20)

try scheduler.register("sync_stock", .every(.seconds(5)), policies: patient) { run in
    // At its time-out the attempt is cancelled in Swift's own way: the sleep throws.
    try await Task.sleep(for: .milliseconds(200))
    await run.print("attempt \(run.attempt), fence \(run.fence)")
}

// One program at a time of all that share the store, before the node starts and beside it.
try await scheduler.withLock("migration", waiting: .seconds(60)) { lease in
    logger.notice("nobody else migrates", metadata: ["fence": "\(lease.fence)"])
}

let group = ServiceGroup(services: [scheduler], gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
try await group.run()
