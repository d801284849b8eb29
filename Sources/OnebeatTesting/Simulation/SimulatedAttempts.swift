import Onebeat
import Synchronization

/// Attempts that take virtual time and end by chance, as processes under a guardian do: they go on while their node is
/// frozen, and they are gone before its lease is over whatever happens to it.
final class SimulatedAttempts: AttemptRunning {
    private struct State {
        var work: [RunID: Claim] = [:]
        /// Attempts that have ended and are not reported yet.
        var ending: Set<Fence> = []
        var isCrashed = false
    }

    private let time: VirtualTime
    private let dice: Dice
    private let outbox: Outbox
    private let work: @Sendable () -> Duration
    private let see: @Sendable (Observation) -> Void
    /// Returns when the node's own process runs: at once, or after it was frozen.
    private let awake: @Sendable () async -> Void
    /// Called when an attempt has ended and its node knows.
    private let ended: @Sendable () async -> Void
    private let state = Mutex(State())

    init(
        time: VirtualTime, dice: Dice, outbox: Outbox, work: @escaping @Sendable () -> Duration,
        see: @escaping @Sendable (Observation) -> Void, awake: @escaping @Sendable () async -> Void,
        ended: @escaping @Sendable () async -> Void
    ) {
        self.time = time
        self.dice = dice
        self.outbox = outbox
        self.work = work
        self.see = see
        self.awake = awake
        self.ended = ended
    }

    var count: Int { state.withLock { $0.work.count } }

    func start(_ claims: [Claim]) async {
        for claim in claims where state.withLock({ $0.work[claim.run.id]?.fence != claim.fence }) {
            state.withLock { $0.work[claim.run.id] = claim }
            see(.started(claim))
            let outcome = drawOutcome()
            time.after(dice.length(.milliseconds(10), work())) { await self.end(claim, outcome) }
        }
    }

    func unknown(_ claims: [Claim]) async -> [Claim] {
        state.withLock { state in
            claims.filter { claim in
                state.work[claim.run.id]?.fence != claim.fence && !state.ending.contains(claim.fence)
            }
        }
    }

    func stop(_ runs: [RunID], because cause: StopCause) async {
        for run in runs.sorted() {
            guard let claim = state.withLock({ $0.work[run] }) else { continue }
            let outcome: Outcome? =
                switch cause {
                case .timeout: .timedOut
                case .cancelled: .cancelled
                case .shutdown: .interrupted
                case .leaseLost: nil
                }
            time.after(dice.length(upTo: .milliseconds(300))) { await self.end(claim, outcome) }
        }
    }

    func stopAll(because cause: StopCause) async {
        await stop(state.withLock { Array($0.work.keys) }, because: cause)
    }

    /// The guardian ends everything within `length`; nobody gets to know how.
    func kill(within length: Duration) {
        let claims = state.withLock { $0.work.values.sorted { $0.fence < $1.fence } }
        for claim in claims { time.after(dice.length(upTo: length)) { await self.end(claim, nil) } }
    }

    /// The node's process is gone: nothing is reported any more.
    func crash() { state.withLock { $0.isCrashed = true } }

    private func end(_ claim: Claim, _ outcome: Outcome?) async {
        let isOurs = state.withLock { state in
            guard state.work[claim.run.id]?.fence == claim.fence else { return false }
            state.work[claim.run.id] = nil
            state.ending.insert(claim.fence)
            return true
        }
        guard isOurs else { return }
        see(.ended(claim, outcome))
        await awake()
        if state.withLock({ $0.isCrashed }) { return }
        if let outcome { outbox.put(AttemptReport(claim, outcome, value: value(of: claim))) }
        state.withLock { _ = $0.ending.remove(claim.fence) }
        await ended()
    }

    /// What a root hands on: now and then no list, or an empty one.
    private func value(of claim: Claim) -> RunValue? {
        guard claim.run.job == "root" else { return nil }
        return RunValue(stored: ["[]", "[1]", "[1, 2]", "[1, 2, 3]", "7"][Int(claim.fence.value % 5)])
    }

    private func drawOutcome() -> Outcome {
        switch dice.number(1...20) {
        case 1...3: .failed(Failure("by chance", exitCode: 1))
        case 4: .timedOut
        default: .succeeded
        }
    }
}
