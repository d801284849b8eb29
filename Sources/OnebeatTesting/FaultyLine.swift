import Onebeat

/// How often a line to something that forgets fails, each from 0 to 1, and how slow it is.
public struct LineFaults: Sendable, Equatable {
    /// Nothing happens, and the caller is told that something failed.
    public var lostRequest = 0.0
    /// It happens, and the caller is told that something failed.
    public var lostReply = 0.0
    /// Everything that was kept there is forgotten before it happens.
    public var flush = 0.0
    /// The longest a request or a reply is under way.
    public var delay = Duration.zero

    /// A line that never fails.
    public init() {}
}

/// A line as a node has one to Redis: it may lose what goes over it, and what it leads to may forget.
public struct FaultyLine: Sendable {
    private let faults: @Sendable () -> LineFaults
    private let dice: Dice
    private let wait: @Sendable (Duration) async throws(StoreError) -> Void

    /// - Parameters:
    ///   - faults: asked at each call, so that the line may get worse and better.
    ///   - dice: where chance comes from.
    ///   - wait: lets so much time pass; may throw for a caller that is gone by then.
    public init(
        dice: Dice, faults: @escaping @Sendable () -> LineFaults,
        wait: @escaping @Sendable (Duration) async throws(StoreError) -> Void
    ) {
        self.dice = dice
        self.faults = faults
        self.wait = wait
    }

    /// - Parameters:
    ///   - fail: makes an error of a sentence.
    ///   - flush: has everything forgotten.
    func call<Value, Failure: Error>(
        failing fail: (String) -> Failure, flush: () -> Void, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let faults = faults()
        try await pass(dice.length(upTo: faults.delay), failing: fail)
        if dice.says(faults.flush) { flush() }
        if dice.says(faults.lostRequest) { throw fail("the request was lost on purpose") }
        let value = try await body()
        try await pass(dice.length(upTo: faults.delay), failing: fail)
        if dice.says(faults.lostReply) { throw fail("the reply was lost on purpose") }
        return value
    }

    private func pass<Failure: Error>(
        _ length: Duration, failing fail: (String) -> Failure
    ) async throws(Failure) {
        do {
            try await wait(length)
        } catch {
            throw fail(error.description)
        }
    }
}
