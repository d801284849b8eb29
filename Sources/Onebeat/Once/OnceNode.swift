import Logging

/// How a call came out.
package enum OnceEnd: Sendable, Equatable {
    /// The work was done here, and the store knows.
    case ran(Outcome)
    /// The work was done here, and the store did not take the outcome: why.
    case unsettled(Outcome, String)
    /// Another call has the slot's run, or had it.
    case elsewhere(Run)
    /// The slot's run was decided on here and did not start; it says why.
    case refused(Run)
    /// The lease could no longer be trusted, and the work was stopped before its end.
    case lostLease
}

/// A node that lives for one run: it makes the slot's run where there is none, joins, claims it, has it done and
/// settled, and leaves. It neither plans nor serves anything else, so it needs no other node.
package struct OnceNode: Sendable {
    /// Whose the jobs are that calls define.
    package static let source = "once"
    /// How often a change by another call between a look and a move may send this one back to the look.
    private static let tries = 20
    /// Between two looks at a run that somebody else is deciding on.
    private static let pause = Duration.milliseconds(25)
    /// Between two looks at the lease of a machine that may have died.
    private static let watchingPause = Duration.milliseconds(250)
    /// Between two tries to settle.
    private static let settlingPause = Duration.milliseconds(250)
    /// How many rows of old history one call removes.
    private static let page = 1000

    private let store: any Store
    private let settings: NodeSettings
    private let heartbeat: HeartbeatLoop
    private let cancelling: CancelLoop
    private let keeper: LockKeeper?
    private let attempts: NodeAttempts
    private let parts: NodeParts
    private let logger: Logger
    private let chance = Chance.system

    /// - Parameters:
    ///   - name: this machine's name.
    ///   - lease: how long the work may go on without word from the store, and others wait for a machine that vanished.
    ///   - onRenewal: see ``Node``.
    package init(
        store: any Store, executor: any Executor, name: String, lease: Duration, keep: Duration,
        locks: (any Locks)?, lockPolicy: LockPolicy, processID: Int, time: any TimeSource = SystemTime(),
        logger: Logger, onRenewal: @escaping @Sendable (NodeID, Duration) -> Void
    ) {
        // Without a role: such a node comes and goes each minute, and leaves no trace but its run.
        let settings = NodeSettings(
            name: name, roles: [], slots: 1, leases: LeaseLengths(node: lease, margin: min(.seconds(3), lease / 3)),
            keep: keep, lockPolicy: lockPolicy)
        let parts = NodeParts(time: time)
        attempts = NodeAttempts(
            runner: AttemptRunner(executor: executor, time: time), outbox: parts.outbox,
            recorder: OutputRecorder(store: store, clock: parts.clock, bell: Bell()), membership: parts.membership,
            demand: parts.demand, logger: logger)
        heartbeat = HeartbeatLoop(
            store: store, membership: parts.membership, clock: parts.clock, lengths: settings.leases,
            node: NodeRecord(
                id: NodeID(name: name, boot: ""), roles: [], slots: 1, queues: [], version: settings.version,
                processID: processID),
            attempts: attempts, onRenewal: onRenewal, onJoin: [], metrics: LeaseMetrics(), logger: logger,
            makeBoot: chance.word)
        cancelling = CancelLoop(store: store, membership: parts.membership, attempts: attempts)
        keeper = locks.map { [chance] in
            parts.keeper(of: $0, store: store, settings: settings, chance: chance, logger: logger)
        }
        self.store = store
        self.settings = settings
        self.parts = parts
        self.logger = logger
    }

    /// What the calls of a name define.
    /// - Parameter length: of its slots.
    /// - Throws: ``DefinitionError``
    package static func definition(_ name: String, slot length: Duration) throws(DefinitionError) -> JobDefinition {
        var policies = JobPolicies()
        policies.deadline = length
        policies.delivery = .atMostOnce
        policies.queue = OnceQueue.name(name)
        guard policies.queue.utf8.count <= 100 else {
            throw DefinitionError(job: name, key: "name", problem: "has more than 95 characters; a shorter one will do")
        }
        let words = "`onebeat once` in the crontabs of its machines, in slots of \(length.text)"
        return try JobDefinition(
            name: name, schedule: .manual, work: .handler, policies: policies, description: words
        ).validated()
    }

    /// Sees to it that the work was started for the present slot, here or elsewhere.
    /// - Throws: ``StoreError`` when that could not be decided; nothing was started then.
    package func run(_ definition: JobDefinition) async throws -> OnceEnd {
        // Which slot it is follows from the time.
        try await FirstLook.agree(store, time: parts.clock.time)
        let (due, slot) = try await dueRun(of: definition)
        guard due.state == .scheduled else { return .elsewhere(due) }
        _ = try await heartbeat.turn(at: parts.clock.now())
        let loops: [(loop: any TurnTaking, bell: Bell)] =
            [(heartbeat, Bell()), (cancelling, parts.cancelling)] + (keeper.map { [($0, parts.locking)] } ?? [])
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for (loop, bell) in loops {
                group.addTask {
                    await LoopService(loop, wokenBy: bell, clock: parts.clock, logger: logger).run()
                }
            }
            defer { group.cancelAll() }
            let end = await Result { () async throws in try await take(due, of: definition, until: slot.end) }
            await leave()
            return try end.get()
        }
    }
}

// MARK: The slot's run

extension OnceNode {
    /// The run of the present slot, inserted by whichever call comes first.
    private func dueRun(of definition: JobDefinition) async throws(StoreError) -> (Run, Slot) {
        let now = try await store.now()
        let slot = Slot(at: now, length: definition.policies.deadline)
        // Due when it is called for: the slot began before that, and no call is late for it.
        let fire = PlannedFire(scheduledAt: slot.start, dueAt: now, deadlineAt: slot.end)
        for attempt in 1...Self.tries {
            do {
                let record = try await apply(definition, fire)
                if record.watermark < slot.start || attempt > 1 {
                    let plan = FirePlan(
                        version: record.versionID, from: record.watermark, through: max(record.watermark, slot.start),
                        nextAt: nil, fires: [fire])
                    _ = try await store.plan([plan], term: nil)
                }
                if let run = try await run(of: definition.name, at: slot.start) { return (run, slot) }
            } catch StoreError.unknownOutcome where attempt < Self.tries {
                // Both moves can be made again.
                continue
            }
        }
        throw .unavailable("others keep changing job \"\(definition.name)\"")
    }

    /// Stores the definition where it is not the one in force.
    private func apply(_ definition: JobDefinition, _ fire: PlannedFire) async throws(StoreError) -> JobRecord {
        if let record = try await store.job(definition.name), record.source == Self.source,
            record.definition == definition
        {
            return record
        }
        let changes = try await store.apply(
            ApplyRequest([definition], source: Self.source, by: settings.name), unless: { _, _ in false }
        ) { definition, record, _ in
            let watermark = record?.watermark ?? fire.scheduledAt - .microseconds(1)
            // What is planned for an instant to come and not named here would be withdrawn.
            let isPlanned = watermark >= fire.scheduledAt
            return FirePlan(
                version: JobVersion(
                    job: definition.name, generation: record?.generation ?? 1, version: (record?.version ?? 0) + 1),
                from: watermark, through: watermark, nextAt: nil, fires: isPlanned ? [fire] : [])
        }
        guard let record = changes.first?.record else { throw .unavailable("the definition was not stored") }
        return record
    }

    private func run(of job: String, at instant: Timestamp) async throws(StoreError) -> Run? {
        var filter = RunFilter()
        filter.job = job
        filter.from = instant
        filter.before = instant + .microseconds(1)
        // No more, or the store would go through the job's whole history for a second.
        filter.limit = 1
        return try await store.runs(filter).first
    }
}

// MARK: Claiming and working

extension OnceNode {
    /// Claims until it is decided whose `due` is. A run that someone triggered by hand is taken along, before it.
    private func take(_ due: Run, of definition: JobDefinition, until end: Timestamp) async throws -> OnceEnd {
        try await settleLost(of: definition.name, until: end)
        while true {
            guard let id = parts.membership.id else { return .lostLease }
            let result = try await claim(definition, as: id)
            if let claim = result.claims.first {
                let end = try await work(on: claim)
                if claim.run.id == due.id || end == .lostLease { return end }
            } else if let refused = result.refused.first(where: { $0.id == due.id }) {
                return .refused(refused)
            } else {
                guard let now = try await store.run(due.id) else { return .elsewhere(due) }
                guard now.state == .scheduled, parts.clock.now() <= end else { return .elsewhere(now) }
                // Another call decides on it just now, or it waits for one that was triggered by hand, or for the word
                // of whoever keeps the locks.
                try await parts.clock.time.sleep(until: parts.clock.time.uptime() + Self.pause)
            }
        }
    }

    /// What a machine that died was running is settled first, or it would count as active. Where the clock says that the lease
    /// of one is over, whether it lives is known when it renews it, at a third of it, or did not for all of it.
    private func settleLost(of job: String, until end: Timestamp) async throws {
        var filter = RunFilter()
        filter.job = job
        filter.states = [.running]
        var first: [String: Int64] = [:]
        while true {
            _ = try await store.reap(limit: Self.page, deciding: settle)
            let boots = Set(try await store.runs(filter).compactMap(\.boot))
            guard !boots.isEmpty else { return }
            let nodes = try await store.nodes(limit: NeighbourLoop.most).filter {
                boots.contains($0.id.boot) && !$0.isAlive(at: parts.clock.now())
            }
            for node in nodes where first[node.id.boot] == nil { first[node.id.boot] = node.renewals }
            let areAllAlive = nodes.allSatisfy { first[$0.id.boot] != $0.renewals }
            guard !areAllAlive, parts.membership.id != nil, parts.clock.now() <= end else { return }
            try await parts.clock.time.sleep(until: parts.clock.time.uptime() + Self.watchingPause)
        }
    }

    private func claim(_ definition: JobDefinition, as id: NodeID) async throws -> ClaimResult {
        let view = await keeper?.ask(for: [definition], as: id)
        let request = ClaimRequest(
            node: id, queues: [definition.policies.queue], abilities: .only([definition.need]), slots: 1,
            nonce: parts.openClaim.begin(by: id), locks: view ?? nil)
        do {
            let result = try await store.claim(request, deciding: Admission.decide)
            keeper?.keep(result.claims)
            return result
        } catch StoreError.unknownOutcome {
            let claims = try await readBack(request)
            keeper?.keep(claims)
            return ClaimResult(claims: claims, refused: [], hasMore: false)
        } catch {
            keeper?.keep([])
            throw error
        }
    }

    /// What became of a claim whose answer did not come. Giving up would leave a run that nobody works on, so the store is asked
    /// for as long as the lease lasts.
    private func readBack(_ request: ClaimRequest) async throws -> [Claim] {
        while true {
            do {
                return try await store.readBack(request.nonce, of: request.node)
            } catch {
                guard parts.membership.id != nil else { throw error }
                try await parts.clock.time.sleep(until: parts.clock.time.uptime() + Self.settlingPause)
            }
        }
    }

    private func work(on claim: Claim) async throws -> OnceEnd {
        await attempts.start([claim])
        parts.cancelling.ring()
        await attempts.drained()
        // Nothing is reported of an attempt that is nobody's any more, and an interrupted one was ended at the deadline.
        guard let report = parts.outbox.first(1).first, report.outcome != .interrupted else { return .lostLease }
        parts.outbox.drop(1)
        keeper?.settled(claim)
        let end = await settle(report)
        return report.outcome == .notStarted ? .lostLease : end
    }

    /// Tries for as long as the lease would last; after that another node says what became of the run.
    private func settle(_ report: AttemptReport) async -> OnceEnd {
        let end = parts.clock.time.uptime() + settings.leases.node
        while true {
            do {
                switch try await store.settle([report], deciding: settle).first {
                case .settled: return .ran(report.outcome)
                case .fenced, nil: return .unsettled(report.outcome, "the run was given up as lost before")
                case .later: throw StoreError.unavailable("another program has the run's row, or its job's")
                }
            } catch {
                guard parts.clock.time.uptime() < end else { return .unsettled(report.outcome, "\(error)") }
                try? await parts.clock.time.sleep(until: parts.clock.time.uptime() + Self.settlingPause)
            }
        }
    }

    @Sendable private func settle(
        _ run: Run, _ outcome: Outcome, _ policies: JobPolicies, _ now: Timestamp
    ) -> Settlement {
        Settlement.decide(run, outcome, of: policies, at: now, chance: chance.fraction())
    }

    private func leave() async {
        await keeper?.leave()
        await prune()
        if let id = parts.membership.claimedID { try? await store.leave(id) }
    }

    /// Where calls have the store for themselves nobody else removes what is old; where they share it, its nodes do,
    /// and know how long to keep it.
    private func prune() async {
        guard let jobs = try? await store.jobs(), jobs.allSatisfy({ $0.source == Self.source }) else { return }
        _ = try? await store.prune(before: parts.clock.now() - settings.keep, limit: Self.page)
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
