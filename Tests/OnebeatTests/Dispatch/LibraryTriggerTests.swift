import OnebeatTesting
import Testing

@testable import Onebeat

/// How workers learn of a run that the library added by hand.
@Suite(.timeLimit(.minutes(1)))
struct LibraryTriggerTests {
    /// A store that tells nodes of what is due, or one behind something that keeps it from that.
    private struct Telling: StoreWrapper, WakeSource {
        let base: any Store
        let reachesNodes: Bool

        var hintExecutor: any TaskExecutor { globalConcurrentExecutor }

        func hints(_ hint: @escaping @Sendable () -> Void) async {}
    }

    private let bench: LoopBench
    private let dispatch = MemoryDispatch()

    init() throws { bench = try LoopBench() }

    private func trigger(over store: any Store) async throws -> Run {
        try await bench.store.apply(
            [.example("a", .manual)], source: "test", isComplete: true, by: "test", schedules: ScheduleCache())
        let onebeat = Scheduler(store: store, settings: NodeSettings(name: "p"), source: "p", dispatch: dispatch)
        return try await onebeat.trigger("a", requestID: "r")
    }

    @Test func workersArePointedToItWhereTheStoreTellsNobody() async throws {
        let run = try await trigger(over: bench.store)
        #expect(dispatch.waiting == [run.key])
    }

    @Test func workersArePointedToItWhereTheStoresWordDoesNotReachThem() async throws {
        let run = try await trigger(over: Telling(base: bench.store, reachesNodes: false))
        #expect(dispatch.waiting == [run.key])
    }

    @Test func noPointerFollowsTheStoresOwnWord() async throws {
        _ = try await trigger(over: Telling(base: bench.store, reachesNodes: true))
        #expect(dispatch.waiting.isEmpty)
    }
}
