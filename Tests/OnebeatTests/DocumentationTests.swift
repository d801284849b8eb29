import Foundation
import Logging
import Onebeat
import OnebeatSQLite
import ServiceLifecycle
import Testing

/// What the documentation of the library shows is compiled here, line by line.
@Suite struct DocumentationTests {
    private static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .map { $0.hasPrefix("///") ? $0.dropFirst(3).trimmingCharacters(in: .whitespaces) : $0 }
            .filter { !$0.isEmpty }
    }

    @Test(arguments: ["Sources/Onebeat/Onebeat.docc/Onebeat.md", "Sources/Onebeat/Scheduler.swift"])
    func everyExampleIsCompiled(page: String) throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent(page), encoding: .utf8)
        let own = try String(contentsOfFile: #filePath, encoding: .utf8)
        let compiled = Set(Self.lines(own).map { $0.replacing("_ = ", with: "") })
        let blocks = text.components(separatedBy: "```swift\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
        #expect(!blocks.isEmpty)
        for line in blocks.flatMap(Self.lines) { #expect(compiled.contains(line), "\(line)") }
    }
}

private struct Price: Sendable {}
private let logger = Logger(label: "shop")
private func sendInvoices(idempotencyKey: String) async throws {}
private func sendReport(idempotencyKey: String) async throws {}
private func fetchPrices() async throws -> [Price] { [] }
private func save(_ prices: [Price], fence: Fence) async throws {}

private func pageOfTheModule() async throws {
    let scheduler = Scheduler(store: try SQLiteStore(path: "shop.db"), name: "shop-1", source: "shop")

    try scheduler.register("invoices", .cron("0 3 * * *", timezone: "Europe/Berlin")) { run in
        try await sendInvoices(idempotencyKey: run.key)
    }

    try await ServiceGroup(services: [scheduler], logger: logger).run()

    try await scheduler.withLock("prices", waiting: .seconds(10)) { lease in
        let prices = try await fetchPrices()
        try lease.check()
        try await save(prices, fence: lease.fence)
    }
}

private struct Extract: Codable {
    var files: [String]
}
private func load(_ file: String) async throws -> Int { file.count }

private func flows(_ scheduler: Scheduler) throws {
    try scheduler.register("extract", .every(.seconds(3600))) { run in
        try await run.handOn(Extract(files: ["a.csv", "b.csv"]))
    }
    try scheduler.register("load", .after("extract"), each: Each(in: "extract", at: ["files"])) { run in
        if let file = try run.element(as: String.self) { try await run.handOn(try await load(file)) }
    }
    try scheduler.register("report", .after("load"), needs: ["newsletter": .sameDay]) { run in
        let rows: [Int] = try run.input(from: "load") ?? []
        await run.print("\(rows.reduce(0, +)) rows")
    }
}

private func programs(store: any Store) {
    let scheduler = Scheduler(store: store, name: "shop-1", source: "shop", revision: 1_284, isComplete: true)
    _ = scheduler
}

private func pageOfTheClass() async throws {
    let scheduler = Scheduler(store: try SQLiteStore(path: "jobs.db"), name: "web-1", source: "web")
    try scheduler.register("report", .cron("0 3 * * *", timezone: "Europe/Berlin")) { run in
        try await sendReport(idempotencyKey: run.key)
    }
    try await ServiceGroup(services: [scheduler], logger: logger).run()

    try await scheduler.withLock("prices") { lease in
        let prices = try await fetchPrices()
        try await save(prices, fence: lease.fence)  // … WHERE fence < :fence
    }
}
