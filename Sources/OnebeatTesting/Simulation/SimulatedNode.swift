import Logging
import Onebeat
import Synchronization

/// One life of a node: the loops that a real one runs, their turns taken on virtual time.
final class SimulatedNode: Sendable {
    private struct Turn {
        var token = 0
        var isTurning = false
        /// The pause after the next failed turn; while one lasts no bell is heard.
        var pause = LoopService.backoff.first
        var isBackingOff = false
    }

    private struct State {
        var isCrashed = false
        var frozenUntil = Duration.zero
        /// Until when the guardian lets the node's jobs live.
        var trustedUntil = Duration.zero
        var turns: [Turn] = []
    }

    let name: String
    private let time: VirtualTime
    private let dice: Dice
    private let leases = LeaseLengths()
    private let freezes: @Sendable () -> Double
    private let trace: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let parts: NodeParts
    /// The node's own wall clock.
    let clock: SteppedClock
    // The loops need the node's store, and that needs the node: they are made when it starts.
    private let loops = Mutex<[(loop: any TurnTaking, bell: Bell)]>([])
    private let attempts = Mutex<SimulatedAttempts?>(nil)

    init(
        _ shape: Scenario.NodeShape, time: VirtualTime, dice: Dice, freezes: @escaping @Sendable () -> Double,
        trace: @escaping @Sendable (String) -> Void
    ) {
        name = shape.name
        self.time = time
        self.dice = dice
        self.freezes = freezes
        self.trace = trace
        clock = SteppedClock(time, offset: shape.clockOffset)
        parts = NodeParts(time: clock)
    }

    var isLeader: Bool { !isCrashed && parts.membership.term != nil }

    var isCrashed: Bool { state.withLock { $0.isCrashed } }

    var hasReports: Bool { !parts.outbox.isEmpty }

    func start(
        store: any Store, redis: SimulatedRedis?, lockPolicy: LockPolicy, slots: Int,
        faults: @escaping @Sendable () -> StoreFaults, redisFaults: @escaping @Sendable () -> LineFaults,
        work: @escaping @Sendable () -> Duration, see: @escaping @Sendable (Observation) -> Void
    ) {
        let line = FaultyStore(
            store, dice: dice.split(), faults: faults,
            wait: { [self] length async throws(StoreError) in try await wait(length) },
            later: { [time] in time.after($0, $1) })
        let attempts = SimulatedAttempts(
            time: time, dice: dice.split(), outbox: parts.outbox, work: work, see: see,
            awake: { [self] in await untilAwake() },
            ended: { [self] in
                parts.worker.ring()
                heedBells()
            })
        let dice = dice.split()
        let chance = Chance(word: { dice.word() }, fraction: { dice.fraction() })
        let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        let settings = NodeSettings(name: name, slots: slots, leases: leases, lockPolicy: lockPolicy)
        let redisLine = FaultyLine(dice: self.dice.split(), faults: redisFaults) {
            [self] length async throws(StoreError) in try await wait(length)
        }
        let keeper = redis.map { redis in
            parts.keeper(
                of: FaultyLocks(redis.locks, over: redisLine), store: line, settings: settings, chance: chance,
                logger: logger)
        }
        let announcer = redis.map { redis in
            Announcer(FaultyDispatch(redis.dispatch, over: redisLine), clock: parts.clock, logger: logger)
        }
        let loops = parts.loops(
            store: line, attempts: attempts, settings: settings, schedules: ScheduleCache(), chance: chance,
            locks: keeper, announcer: announcer, logger: logger, onRenewal: { [self] in trust(until: $1) })
        self.attempts.withLock { $0 = attempts }
        self.loops.withLock { $0 = loops }
        state.withLock { $0.turns = loops.map { _ in Turn() } }
        for index in loops.indices { schedule(index, after: dice.length(upTo: .milliseconds(50))) }
    }

    /// The process is gone, and with it all it knew. Its guardian sees that at once and ends its jobs.
    func crash() {
        let rest = state.withLock { state in
            state.isCrashed = true
            return state.trustedUntil + leases.margin - .milliseconds(100) - time.elapsed
        }
        trace("\(name) crashed")
        // Loops and attempts know the node, so a life that is over has to let go of them.
        loops.withLock { $0 = [] }
        let attempts = attempts.withLock { attempts in
            defer { attempts = nil }
            return attempts
        }
        attempts?.crash()
        if rest > .zero { attempts?.kill(within: min(rest, .seconds(2))) }
    }

    /// The process is stopped for a while, but not its jobs and not its guardian.
    func freeze(for length: Duration) {
        state.withLock { $0.frozenUntil = max($0.frozenUntil, time.elapsed + length) }
        trace("\(name) frozen for \(length.text)")
    }

    func thaw() { state.withLock { $0.frozenUntil = .zero } }

    /// What a call costs: its length, and whatever happens to the node meanwhile.
    private func wait(_ length: Duration) async throws(StoreError) {
        if dice.says(freezes()) { freeze(for: dice.length(.seconds(4), .seconds(20))) }
        if length > .zero { await time.sleep(until: time.elapsed + length) }
        await untilAwake()
        if isCrashed { throw .unavailable("this node is gone") }
    }

    private func untilAwake() async {
        while let until = state.withLock({ state in
            !state.isCrashed && state.frozenUntil > time.elapsed ? state.frozenUntil : nil
        }) {
            // In short steps, since a node may be thawed early.
            await time.sleep(until: min(until, time.elapsed + .seconds(1)))
        }
    }

    private func trust(until instant: Duration) {
        state.withLock { $0.trustedUntil = max($0.trustedUntil, instant) }
        time.at(instant) { [self] in
            guard state.withLock({ $0.trustedUntil <= time.elapsed }) else { return }
            attempts.withLock { $0 }?.kill(within: leases.margin - .milliseconds(100))
        }
    }

    private func schedule(_ index: Int, after pause: Duration) {
        let token = state.withLock { state in
            state.turns[index].token += 1
            return state.turns[index].token
        }
        time.after(pause) { [self] in await turn(index, token) }
    }

    private func turn(_ index: Int, _ token: Int) async {
        await untilAwake()
        let isValid = state.withLock { state in
            guard !state.isCrashed, state.turns[index].token == token else { return false }
            state.turns[index].isTurning = true
            state.turns[index].isBackingOff = false
            return true
        }
        guard isValid else { return }
        let loop = loops.withLock { $0[index].loop }
        trace("\(name) \(loop.name)")
        let pause: Duration
        do {
            let next = try await loop.turn(at: parts.clock.now())
            state.withLock { $0.turns[index].pause = LoopService.backoff.first }
            pause =
                switch next {
                case .now: .zero
                case .after(let length): length
                case .at(let instant): instant.duration(since: parts.clock.now())
                }
        } catch {
            pause = state.withLock { state in
                defer { state.turns[index].pause = min(state.turns[index].pause * 2, LoopService.backoff.last) }
                state.turns[index].isBackingOff = true
                return state.turns[index].pause
            }
        }
        guard !isCrashed else { return }
        state.withLock { $0.turns[index].isTurning = false }
        schedule(index, after: max(pause, .zero) + dice.length(.milliseconds(1), .milliseconds(4)))
        heedBells()
    }

    /// Brings forward the turns of loops whose bells were rung.
    private func heedBells() {
        let loops = loops.withLock { $0 }
        for (index, entry) in loops.enumerated() {
            let isWaiting = state.withLock { !$0.turns[index].isTurning && !$0.turns[index].isBackingOff }
            if isWaiting, entry.bell.takeRing() { schedule(index, after: dice.length(upTo: .milliseconds(2))) }
        }
    }
}
