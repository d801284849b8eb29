import Logging
import OnebeatSQLite
import OnebeatTesting
import Testing

@testable import Onebeat

/// Programs that are up before their database.
@Suite(.timeLimit(.minutes(1)))
struct StoreWaitingTests {
    /// A store that cannot be reached at first.
    private final class Late: StoreWrapper {
        let base: any Store
        let calls = Counter()
        let reached = Bell()
        private let absent: Int
        private let error: StoreError

        init(_ base: any Store, absent: Int, _ error: StoreError = .unavailable("nobody listens")) {
            self.base = base
            self.absent = absent
            self.error = error
        }

        func apply(
            _ request: ApplyRequest, unless isOverdue: @escaping @Sendable (JobRecord, Timestamp) -> Bool,
            deciding: @escaping @Sendable (JobDefinition, JobRecord?, Timestamp) -> FirePlan
        ) async throws(StoreError) -> [JobChange] {
            if calls.increment() <= absent { throw error }
            defer { reached.ring() }
            return try await base.apply(request, unless: isOverdue, deciding: deciding)
        }
    }

    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func onebeat(_ store: any Store) throws -> Scheduler {
        let onebeat = Scheduler(store: store, name: "shop-1", source: "shop", logger: quiet)
        try onebeat.register("invoices", .manual) { _ in }
        return onebeat
    }

    @Test func theServiceWaitsForItsStore() async throws {
        let store = Late(try SQLiteStore.inMemory(), absent: 2)
        let onebeat = try onebeat(store)
        let service = Task { try await onebeat.run() }
        await store.reached.wait()
        #expect(try await store.jobs().map(\.name) == ["invoices"])
        service.cancel()
        try await service.value
    }

    @Test func aServiceThatIsStoppedWhileItWaitsEndsWell() async throws {
        let store = Late(try SQLiteStore.inMemory(), absent: .max)
        let onebeat = try onebeat(store)
        let service = Task { try await onebeat.run() }
        service.cancel()
        try await service.value
    }

    @Test func aStoreThatRefusesEndsTheService() async throws {
        let store = Late(try SQLiteStore.inMemory(), absent: .max, .refused("not for you"))
        let onebeat = try onebeat(store)
        await #expect(throws: StoreError.refused("not for you")) { try await onebeat.run() }
    }

    @Test func eachPauseIsLongerThanTheOneBefore() async throws {
        let time = ManualTime()
        let calls = Counter()
        let waiting = Task { [quiet] in
            try await StoreError.waitingForStore(quiet, on: time) {
                if calls.increment() < 4 { throw StoreError.unavailable("nobody listens") }
            }
        }
        for pause in [100, 200, 400] {
            await time.sleepers(1)
            time.advance(by: .milliseconds(pause))
        }
        try await waiting.value
        #expect(calls.count == 4)
    }
}
