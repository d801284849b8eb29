import Foundation
import OnebeatTesting
import Synchronization
import Testing

@testable import OnebeatPostgres

@Suite(.timeLimit(.minutes(1)))
struct ConnectionThreadTests {
    private actor Resident {
        let thread: ConnectionThread
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        init(_ thread: ConnectionThread) { self.thread = thread }

        func place() -> pthread_t { pthread_self() }

        func watch(_ socket: CInt, _ action: @escaping @Sendable () -> Void) {
            thread.watch(socket) { [weak self] in
                self?.assumeIsolated { $0.thread.watch(nil) }
                action()
            }
        }
    }

    private func place() async -> pthread_t { pthread_self() }

    @Test func aVisitorNeedNotChangeThreadsForTheConnection() async throws {
        let thread = try ConnectionThread()
        let resident = Resident(thread)
        let places = await withTaskExecutorPreference(ConnectionThread.Visitors(of: thread)) {
            [await place(), await resident.place(), await place(), await resident.place()]
        }
        #expect(places.allSatisfy { pthread_equal($0, places[0]) != 0 })
    }

    @Test func whatItWatchesIsSeenBetweenJobs() async throws {
        let resident = Resident(try ConnectionThread())
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { ends.forEach { close($0) } }
        let seen = Mutex(0)
        await resident.watch(ends[0]) { seen.withLock { $0 += 1 } }
        #expect(seen.withLock { $0 } == 0)
        #expect(write(ends[1], "x", 1) == 1)
        while seen.withLock({ $0 }) == 0 { _ = await resident.place() }
        // What is still there to read is no longer watched.
        for _ in 0..<100 { _ = await resident.place() }
        #expect(seen.withLock { $0 } == 1)
    }

    /// Each thread has two descriptors.
    @Test func itEndsWithItsLastOwner() async throws {
        func descriptors() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        let before = try descriptors()
        for _ in 0..<500 { _ = try await Resident(ConnectionThread()).place() }
        // The last ones may still be ending, and other tests open some.
        while try descriptors() > before + 500 { await Task.yield() }
    }
}
