import Onebeat
import Synchronization

/// What became of one simulation.
public struct SimulationReport: Sendable {
    /// What was simulated.
    public let scenario: Scenario
    /// The invariant that broke, if one did.
    public let violation: Violation?
    /// How often what happened: claims, takeovers, stale reports, …
    public let counts: [String: Int]
    /// A fingerprint of everything that happened and when: equal for equal seeds.
    public let hash: UInt64
    /// Everything that happened, line by line.
    public let trace: [String]
}

/// A whole cluster on virtual time: nodes built from the loops that real ones run, over one store behind bad lines,
/// with crashes, freezes, outages and edits; then a quiet time in which all must come right. A seed decides everything.
public final class Simulation: Sendable {
    private struct Watch {
        var checker = Checker()
        var violation: Violation?
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var trace: [String] = []

        mutating func note(_ words: String) {
            // FNV-1a (Fowler, Noll and Vo): short, and equal on every machine.
            for byte in words.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            trace.append(words)
        }
    }

    private let scenario: Scenario
    private let time = VirtualTime()
    private let storeClock: SteppedClock
    private let dice: Dice
    private let watch = Mutex(Watch())
    private let nodes = Mutex<[SimulatedNode]>([])
    private let outageUntil = Mutex(Duration.zero)
    private let isQuiet = Mutex(false)
    private let redis: SimulatedRedis?

    private init(_ scenario: Scenario, hasRedis: Bool) {
        self.scenario = scenario
        storeClock = SteppedClock(time)
        redis = hasRedis ? SimulatedRedis(time: time) : nil
        dice = Dice(seed: scenario.seed ^ 0x0bea_70be_a70b_ea7f)
    }

    /// Runs a seed.
    /// - Parameters:
    ///   - makeStore: an empty store on the clock it is handed.
    ///   - hasRedis: whether the nodes have locks and dispatch, which fail, forget and hang all along. No other program
    ///     holds a lock, so that whatever they do, no run may be skipped, doubled or forgotten for it.
    ///   - mutant: breaks the store on purpose, for a test that the checker notices.
    public static func run(
        seed: UInt64, over makeStore: (any TimeSource) async throws -> any Store, hasRedis: Bool = false,
        mutant: (any Store, Dice) -> any Store = { store, _ in store }
    ) async throws -> SimulationReport {
        let simulation = Simulation(Scenario(seed: seed), hasRedis: hasRedis)
        let store = mutant(try await makeStore(simulation.storeClock), simulation.dice.split())
        return try await simulation.run(over: store)
    }

    private func run(over base: any Store) async throws -> SimulationReport {
        let store = ObservedStore(base: base) { [self] in see($0) }
        let person = SimulatedOperator(
            store: FaultyStore(store, dice: dice.split(), faults: { [self] in peoplesFaults() }) {
                [self] length async throws(StoreError) in await time.sleep(until: time.elapsed + length)
            }, time: time, dice: dice.split(), jobs: scenario.jobs)
        time.at(.zero) { await person.apply() }
        for index in scenario.nodes.indices {
            time.at(dice.length(upTo: .seconds(2))) { [self] in boot(index, store) }
        }
        for fault in scenario.faults { time.at(fault.at) { [self] in await happen(fault.what, person, store) } }

        await time.run(until: Scenario.trouble, unless: isBroken)
        heal(store, person)
        await time.run(until: Scenario.trouble + Scenario.quiet, unless: isBroken)
        if !isBroken() { try await judge(base) }
        nodes.withLock { $0 }.forEach { $0.crash() }
        await time.drain()
        return watch.withLock { watch in
            SimulationReport(
                scenario: scenario, violation: watch.violation, counts: watch.checker.counts, hash: watch.hash,
                trace: watch.trace)
        }
    }

    private func isBroken() -> Bool { watch.withLock { $0.violation != nil } }

    private func faults() -> StoreFaults {
        if isQuiet.withLock({ $0 }) { return StoreFaults() }
        var faults = scenario.line
        if outageUntil.withLock({ $0 }) > time.elapsed { faults.unavailable = 1 }
        return faults
    }

    private func peoplesFaults() -> StoreFaults {
        var faults = faults()
        if !isQuiet.withLock({ $0 }) { faults.delay = max(faults.delay, scenario.slowness) }
        return faults
    }

    private func redisFaults() -> LineFaults {
        var faults = LineFaults()
        if isQuiet.withLock({ $0 }) { return faults }
        faults.lostRequest = 0.1
        faults.lostReply = 0.1
        faults.flush = 0.02
        faults.delay = .milliseconds(100)
        return faults
    }

    /// Starts a node, or the next life of one.
    private func boot(_ index: Int, _ store: any Store) {
        let shape = scenario.nodes[index]
        guard !nodes.withLock({ $0.contains { $0.name == shape.name && !$0.isCrashed } }) else { return }
        let node = SimulatedNode(
            shape, time: time, dice: dice.split(),
            freezes: { [self] in isQuiet.withLock { $0 } ? 0 : scenario.freezes },
            trace: { [self] in trace($0) })
        nodes.withLock { nodes in
            nodes.removeAll { $0.name == shape.name }
            nodes.append(node)
        }
        node.start(
            store: store, redis: redis, lockPolicy: scenario.seed.isMultiple(of: 2) ? .lenient : .strict,
            slots: shape.slots, faults: { [self] in faults() }, redisFaults: { [self] in redisFaults() },
            work: { [self] in isQuiet.withLock { $0 } ? .milliseconds(100) : scenario.work }, see: { [self] in see($0) }
        )
    }

    private func node(_ index: Int) -> SimulatedNode? {
        nodes.withLock { $0.first { $0.name == scenario.nodes[index].name } }
    }

    private func crash(_ index: Int, for length: Duration, _ store: any Store) async {
        node(index)?.crash()
        await time.sleep(until: time.elapsed + length)
        boot(index, store)
    }

    private func happen(_ fault: Scenario.Fault, _ person: SimulatedOperator, _ store: any Store) async {
        trace("fault \(fault)")
        switch fault {
        case .crash(let index, let length): await crash(index, for: length, store)
        case .crashLeader(let length):
            guard let leader = scenario.nodes.indices.first(where: { node($0)?.isLeader ?? false }) else { return }
            await crash(leader, for: length, store)
        case .blackout(let length):
            for index in scenario.nodes.indices { node(index)?.crash() }
            await time.sleep(until: time.elapsed + length)
            for index in scenario.nodes.indices { boot(index, store) }
        case .freeze(let index, let length): node(index)?.freeze(for: length)
        case .outage(let length): outageUntil.withLock { $0 = max($0, time.elapsed + length) }
        case .edit(let job, let definition): await person.want(scenario.jobs[job].name, definition)
        case .pause(let job, let length):
            await person.setPaused(true, scenario.jobs[job].name)
            await time.sleep(until: time.elapsed + length)
            await person.setPaused(false, scenario.jobs[job].name)
        case .remove(let job, let length):
            let name = scenario.jobs[job].name
            let definition = person.definition(name)
            await person.want(name, nil)
            await time.sleep(until: time.elapsed + length)
            await person.want(name, definition ?? scenario.jobs[job])
        case .quarrel(let job, let definition):
            let name = scenario.jobs[job].name
            let old = person.definition(name) ?? scenario.jobs[job]
            time.after(dice.length(upTo: .seconds(10))) { await person.want(name, definition) }
            await person.want(name, nil)
            await person.want(name, old)
        case .trigger(let job): await person.trigger(scenario.jobs[job].name)
        case .cancel: await person.cancelSomething()
        case .mark: await person.markSomething()
        case .backfill(let backfill): await person.add(backfill)
        case .pauseBackfill(let length):
            guard let backfill = await person.changeBackfill(to: .paused) else { return }
            await time.sleep(until: time.elapsed + length)
            await person.change(backfill, to: .active)
        case .cancelBackfill: _ = await person.changeBackfill(to: .cancelled)
        case .storeClock(let step, let length):
            storeClock.step(by: step)
            await time.sleep(until: time.elapsed + length)
            storeClock.step(by: .zero - step)
        case .nodeClock(let index, let step): node(index)?.clock.step(by: step)
        }
    }

    /// The line is good, every node is there, and the work is light, so that what piled up is done in the quiet time.
    private func heal(_ store: any Store, _ person: SimulatedOperator) {
        trace("heal")
        isQuiet.withLock { $0 = true }
        for node in nodes.withLock({ $0 }) { node.thaw() }
        for index in scenario.nodes.indices { time.after(.milliseconds(100)) { [self] in boot(index, store) } }
    }

    private func judge(_ store: any Store) async throws {
        var rows: [Run] = []
        var filter = RunFilter()
        filter.limit = 1000
        while true {
            let page = try await store.runs(filter)
            rows += page
            guard page.count == filter.limit else { break }
            filter.after = page.last?.id
        }
        var waits: [Wait] = []
        for flow in Set(rows.compactMap(\.flow)) { waits += try await store.waits(in: flow, limit: 1000) }
        var final = FinalRows(runs: rows.reversed(), jobs: try await store.jobs(), waits: waits)
        for run in rows where run.flow != nil && run.state.isTerminal {
            if let mark = try await store.mark(of: run.id) { final.marks[run.id] = mark }
        }
        final.backfills = try await store.backfills(openOnly: false, limit: 1000)
        // What operators prove it by has to say the same.
        var faults: [AuditFault] = []
        _ = try await Auditor(store).audit { faults.append($0) }
        let now = time.now()
        watch.withLock { watch in
            do throws(Violation) {
                try watch.checker.judge(final, at: now, quiet: .seconds(8))
                if let fault = faults.first {
                    throw Violation(invariant: .complete, words: "the audit: \(fault.words)", at: now)
                }
            } catch {
                watch.violation = error
            }
        }
    }

    private func see(_ observation: Observation) {
        let now = time.now()
        watch.withLock { watch in
            guard watch.violation == nil else { return }
            watch.note("\(time.elapsed.text) \(observation.words)")
            do throws(Violation) {
                try watch.checker.observe(observation, at: now)
            } catch {
                watch.violation = error
            }
        }
    }

    private func trace(_ words: String) { watch.withLock { $0.note("\(time.elapsed.text) \(words)") } }
}

extension Observation {
    /// In a few words, for traces.
    var words: String {
        switch self {
        case .applied(let changes): "applied " + changes.map { "\($0.kind) \($0.job)" }.joined(separator: ", ")
        case .paused(let job, let isPaused): isPaused ? "paused \(job)" : "resumed \(job)"
        case .planned(let plans, _):
            "planned "
                + plans.map { "\($0.version.job) through \($0.through) \($0.fires.count)" }.joined(separator: ", ")
        case .triggered(let run): "triggered \(run.key)"
        case .cancelled(let run): "cancelled \(run.key), now \(run.state)"
        case .marked(let run, let state): "marked \(run.key) as \(state)"
        case .backfillAdded(let backfill): "added \(backfill.words)"
        case .backfillChanged(let backfill): "\(backfill.words), now \(backfill.state)"
        case .backfilled(let step, let open):
            "\(step.backfill.words) made \(step.instants.count), passed \(step.passed), open \(open.count)"
        case .preferred(let claims, let due):
            "preferred \(claims.map(\.run.key).joined(separator: ", ")) to \(due.count) that are due"
        case .claimed(let result, let node):
            "\(node) claimed " + result.claims.map { "\($0.run.key) fence \($0.fence)" }.joined(separator: ", ")
                + result.refused.map { "; \($0.key) \($0.state) \($0.reason?.rawValue ?? "")" }.joined()
        case .settled(let report, .fenced): "\(report.claim.run.key) fence \(report.claim.fence) refused as stale"
        case .settled(let report, .later): "\(report.claim.run.key) fence \(report.claim.fence) is left for later"
        case .settled(let report, .settled(let run)):
            "\(run.key) fence \(report.claim.fence) \(report.outcome.word), now \(run.state)"
        case .reaped(let result):
            "reaped \(result.dead) " + result.runs.map { "\($0.key) now \($0.state)" }.joined(separator: ", ")
        case .leased(let node, let length): "\(node) has a lease for \(length.text)"
        case .started(let claim): "started \(claim.run.key) fence \(claim.fence)"
        case .ended(let claim, let outcome): "ended \(claim.run.key) fence \(claim.fence) \(outcome?.word ?? "unseen")"
        }
    }
}

extension Backfill {
    /// In a few words, for traces.
    fileprivate var words: String { "backfill \(id) of \(job), \(from) to \(to), at most \(limit)" }
}
