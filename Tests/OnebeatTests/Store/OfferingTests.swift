import Logging
import OnebeatSQLite
import OnebeatTesting
import Testing

@testable import Onebeat

/// What a program brings when it starts, and what people get to know of it.
@Suite(.timeLimit(.minutes(1)))
struct OfferingTests {
    private let store: any Store
    private let log = RecordedLog()
    private let a = JobDefinition.example("a", .manual)
    private let b = JobDefinition.example("b", .manual)

    init() throws { store = try SQLiteStore.inMemory(time: ManualTime()) }

    @discardableResult
    private func offer(
        _ definitions: JobDefinition..., source: String = "shop", isComplete: Bool = false
    ) async throws -> [JobChange]? {
        let request = ApplyRequest(
            definitions, source: source, by: "node", revision: try SourceRevision(of: definitions),
            isComplete: isComplete)
        return try await store.offer(
            request, schedules: ScheduleCache(), logger: Logger(label: "test") { [log] _ in log.handler })
    }

    private func names() async throws -> [String] { try await store.jobs().map(\.name) }

    @Test func twoProgramsKeepTheirJobsWhateverTheyAreCalled() async throws {
        try await offer(a)
        try await offer(b)
        #expect(try await names() == ["a", "b"])
        #expect(
            log.lines.count == 1 && log.lines[0].contains("jobs go on") && log.lines[0].contains("jobs=a"),
            "\(log.lines)")
    }

    @Test func removalIsAskedForAndSaidAloud() async throws {
        try await offer(a, b)
        try await offer(a, isComplete: true)
        #expect(try await names() == ["a"])
        #expect(
            log.lines.count == 1 && log.lines[0].contains("jobs removed") && log.lines[0].contains("jobs=b"),
            "\(log.lines)")
    }

    @Test(arguments: [false, true])
    func anOldNodeThatStartsLaterWorksWithWhatIsStoredAndSaysSo(isComplete: Bool) async throws {
        let changed = JobDefinition.example("a", .every(.seconds(5)))
        try await offer(a, isComplete: isComplete)
        try await offer(changed, b, isComplete: isComplete)
        #expect(try await offer(a, isComplete: isComplete) == nil)
        #expect(try await store.jobs().map(\.definition) == [changed, b])
        #expect(log.lines.last?.contains("older definitions") == true, "\(log.lines)")
        let events = try await store.events(job: nil, limit: 1)
        #expect(events.map(\.kind) == ["source.outdated"])
        #expect(events.map(\.actor) == ["node"])
    }

    @Test func anOldNodeThatBringsBackARemovedJobIsRefused() async throws {
        try await offer(a, b, isComplete: true)
        try await offer(a, isComplete: true)
        #expect(try await offer(a, b, isComplete: true) == nil)
        #expect(try await names() == ["a"])
    }

    @Test(arguments: ["", String(repeating: "x", count: 301), "a\u{0}b", "a\nb"])
    func aSourceHasAName(_ source: String) async throws {
        await #expect(throws: StoreError.self) { try await offer(a, source: source) }
        #expect(try await names() == [])
    }

    @Test func aNameThatIsDefinedTwiceIsRefused() async throws {
        await #expect(throws: StoreError.self) { try await offer(a, a) }
        #expect(try await names() == [])
    }
}
