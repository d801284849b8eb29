import Onebeat
import OnebeatTesting
import Synchronization
import Testing

@testable import OnebeatServer

/// What takes long is found for all who ask, and nobody waits for it but the first; what is found quickly is never old.
struct SharedAnswerTests {
    /// Something that counts how often it is looked for, and takes as long as it is told.
    private final class Source: Sendable {
        let time = ManualTime()
        let length: Mutex<Duration>
        let count = Mutex(0)
        /// Whether whoever looks is to wait until that is let go.
        let gate = Mutex<CheckedContinuation<Void, Never>?>(nil)
        let isHeld = Mutex(false)

        init(_ length: Duration) { self.length = Mutex(length) }

        func answer() -> SharedAnswer<Int> {
            SharedAnswer(time: time) { [self] in
                if isHeld.withLock({ $0 }) {
                    await withCheckedContinuation { continuation in gate.withLock { $0 = continuation } }
                }
                let value = count.withLock { count in
                    count += 1
                    return count
                }
                time.advance(by: length.withLock { $0 })
                return value
            }
        }

        func release() async {
            isHeld.withLock { $0 = false }
            while true {
                if let waiting = gate.withLock({ gate in
                    defer { gate = nil }
                    return gate
                }) {
                    return waiting.resume()
                }
                await Task.yield()
            }
        }
    }

    @Test(arguments: [
        (Duration.zero, Duration.milliseconds(20), Freshness.awaited),
        (.milliseconds(999), .milliseconds(100), .given), (.seconds(1), .milliseconds(100), .renewed),
        (.milliseconds(1900), .milliseconds(500), .given), (.seconds(2), .milliseconds(500), .renewed),
        (.milliseconds(14_999), .milliseconds(100), .renewed), (.seconds(15), .milliseconds(100), .awaited),
        (.seconds(39), .seconds(1), .renewed), (.seconds(40), .seconds(1), .awaited),
    ])
    func ageGoesByLength(_ age: Duration, _ length: Duration, _ freshness: Freshness) {
        #expect(Freshness.decide(age: age, length: length) == freshness)
    }

    /// What is renewed ahead is never so old that somebody waits.
    @Test(arguments: [21, 100, 250, 500, 1000, 5000])
    func whatIsRenewedAheadIsNotAwaited(_ milliseconds: Int) throws {
        let length = Duration.milliseconds(milliseconds)
        let period = try #require(Freshness.renewal(length: length))
        #expect(Freshness.decide(age: period + length, length: length) != .awaited)
        #expect(length <= period * 0.05)
    }

    @Test func whatIsFoundQuicklyIsFoundForEach() async throws {
        let source = Source(.milliseconds(5))
        let answer = source.answer()
        #expect(try await answer.value() == 1)
        #expect(try await answer.value() == 2)
        #expect(try await answer.renew() == nil)
    }

    @Test func whatTakesLongIsShared() async throws {
        let source = Source(.milliseconds(500))
        let answer = source.answer()
        #expect(try await answer.value() == 1)
        #expect(try await answer.value() == 1)
        source.time.advance(by: .seconds(2))
        // The reader is not kept waiting while it is found anew.
        source.isHeld.withLock { $0 = true }
        #expect(try await answer.value() == 1)
        #expect(try await answer.value() == 1)
        await source.release()
        while try await answer.value() == 1 { await Task.yield() }
        #expect(source.count.withLock { $0 } == 2)
        source.time.advance(by: .seconds(60))
        #expect(try await answer.value() == 3)
    }

    @Test func whoeverDecidesByItSaysHowOldItMayBe() async throws {
        let source = Source(.milliseconds(500))
        let answer = source.answer()
        #expect(try await answer.value() == 1)
        #expect(try await answer.value(within: .seconds(5)) == 1)
        source.time.advance(by: .milliseconds(4500))
        #expect(try await answer.value(within: .seconds(5)) == 1)
        source.time.advance(by: .milliseconds(1))
        #expect(try await answer.value(within: .seconds(5)) == 2)
        // Others are given what it found.
        #expect(try await answer.value() == 2)
        await answer.forget()
        #expect(try await answer.value(within: .seconds(5)) == 3)
        let quick = Source(.milliseconds(5))
        let other = quick.answer()
        #expect(try await other.value(within: .seconds(5)) == 1)
        #expect(try await other.value(within: .seconds(5)) == 2)
    }

    @Test func whoeverChangedSomethingSeesIt() async throws {
        let source = Source(.milliseconds(500))
        let answer = source.answer()
        #expect(try await answer.value() == 1)
        await answer.forget()
        #expect(try await answer.value() == 2)
        // Nor is what was begun before the change given to those who come after it.
        source.time.advance(by: .seconds(60))
        source.isHeld.withLock { $0 = true }
        async let before = answer.value()
        while source.gate.withLock({ $0 == nil }) { await Task.yield() }
        source.isHeld.withLock { $0 = false }
        await answer.forget()
        #expect(try await answer.value() == 3)
        await source.release()
        #expect(try await before == 4)
        #expect(try await answer.value() == 3)
    }

    @Test func itIsRenewedAheadByItsLength() async throws {
        let source = Source(.milliseconds(500))
        let answer = source.answer()
        #expect(try await answer.renew() == .milliseconds(9500))
        #expect(try await answer.renew() == .milliseconds(9500))
        source.time.advance(by: .milliseconds(9500))
        #expect(try await answer.renew() == .milliseconds(9500))
        #expect(source.count.withLock { $0 } == 2)
    }

    @Test func aFailureIsTheReadersAndIsNotKept() async throws {
        let source = Source(.milliseconds(500))
        let fails = Mutex(true)
        let answer = SharedAnswer(time: source.time) { () async throws -> Int in
            if fails.withLock({ $0 }) { throw StoreError.unavailable("away") }
            return 7
        }
        await #expect(throws: StoreError.self) { try await answer.value() }
        fails.withLock { $0 = false }
        #expect(try await answer.value() == 7)
    }
}
