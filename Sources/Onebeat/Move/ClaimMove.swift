/// One claim: what becomes of the due runs that a store has found and locked, page by page.
package struct ClaimMove {
    /// The most runs one claim decides on, so that a pile of runs to skip does not hold the store for long.
    package static let bound = 1000

    package let request: ClaimRequest
    private let decide: (Run, JobPolicies, JobState, Timestamp) -> Admission
    /// What is decided and not yet written.
    package var changes = Changes(at: .distantPast)
    package private(set) var claims: [Claim] = []
    /// Runs that ended without a start.
    package private(set) var refused: [Run] = []
    /// Runs that stay due and are not decided on: their locks were not asked for, or they must be alone.
    package private(set) var passedOver: Set<RunID> = []
    /// Whether some of those must be alone.
    package private(set) var hasWaiting = false
    /// Whether the one run that was decided on must be alone.
    package private(set) var isAlone = false
    /// Runs that were left since another move has their job.
    package private(set) var left = 0
    /// How many runs were decided on.
    package private(set) var decided = 0
    /// Whether nothing stood in the way of any run.
    package private(set) var wasClear = true
    /// Whether the page let runs go that waited: they are worth another look.
    package private(set) var hasReleased = false

    package init(
        _ request: ClaimRequest, deciding decide: @escaping (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) {
        self.request = request
        self.decide = decide
    }

    /// What a store has found: due runs in the order of the claim, and what they are decided by.
    package struct Page {
        package var runs: [Run]
        package var jobs: [String: ClaimedJob]
        /// As many as may be started, in the order in which they are given out.
        package var fences: ArraySlice<Int64>
        package var definitions: [JobVersion: JobDefinition]
        package var now: Timestamp
        /// What runs wait for beside their turn, in words; of those whose jobs need others.
        package var unmetNeeds: [RunID: [String]] = [:]
        /// Earlier flows that are open; of runs whose jobs look at their whole flows.
        package var openFlows: [RunID: RunID] = [:]
        /// What the store does with what is due.
        package var standby: Standby?

        package init(
            runs: [Run], jobs: [String: ClaimedJob], fences: ArraySlice<Int64>,
            definitions: [JobVersion: JobDefinition], now: Timestamp
        ) {
            self.runs = runs
            self.jobs = jobs
            self.fences = fences
            self.definitions = definitions
            self.now = now
        }
    }

    /// Whether there is room for more.
    package var hasRoom: Bool { claims.count < request.slots && decided < Self.bound && !isAlone }

    /// How many runs the next page may have. What is passed over stays due and is found by every further look, so that
    /// looks get longer.
    package var pageLimit: Int {
        min(max(request.slots - claims.count, passedOver.count), Self.bound - decided) + passedOver.count
    }

    /// Decides on a page; what was passed over before is passed over again.
    package mutating func consider(_ found: Page) throws {
        var page = found
        page.runs.removeAll { passedOver.contains($0.id) }
        changes.now = page.now
        hasReleased = false
        let chosen = Solitude.choose(among: page.runs, isIdle: request.isIdle && claims.isEmpty, at: page.now)
        for run in chosen.runs where claims.count < request.slots {
            try consider(run, &page)
            decided += 1
        }
        isAlone = chosen.isAlone
        let waiting = Set(page.runs.map(\.id)).subtracting(chosen.runs.map(\.id))
        wasClear = wasClear && !isAlone && waiting.isEmpty
        if isAlone { return }
        passedOver.formUnion(waiting)
        hasWaiting = hasWaiting || !waiting.isEmpty
    }

    private mutating func consider(_ run: Run, _ page: inout Page) throws {
        guard let definition = page.definitions[run.version] else {
            throw StoreGap.definition(run.version)
        }
        let course = page.standby?.course(ofRunDueAt: run.dueAt) ?? .usual
        if course == .waits {
            passedOver.insert(run.id)
            (hasWaiting, wasClear) = (true, false)
            return
        }
        if course != .observed, let locks = request.locks, run.kind != .backfill,
            !locks.covers(run.job, definition.policies)
        {
            passedOver.insert(run.id)
            wasClear = false
            return
        }
        if definition.isGuarded, page.jobs[run.job]?.isLocked == false {
            left += 1
            wasClear = false
            return
        }
        if course == .observed {
            wasClear = false
            return try refuse(run, as: .skipped, .observed, definition.observedWords, definition, true, &page)
        }
        var state = page.jobs[run.job]?.state(for: run) ?? JobState(isRemoved: true)
        state.lockHolder = request.locks?.heldElsewhere[run.job]
        state.isUnreadable = definition.trouble != nil
        state.unmetNeeds = page.unmetNeeds[run.id] ?? []
        state.openFlow = page.openFlows[run.id]
        wasClear = wasClear && Admission.isClear(run, for: state, at: page.now)
        let hasRoom = state.activeRuns < definition.policies.effectiveLimit
        let needs = state.unmetNeeds.isEmpty ? nil : "waits for \(state.unmetNeeds.joined(separator: ", "))"
        let flow = state.openFlow.map { "its flow of run \($0) is still open" }
        let message =
            definition.trouble ?? needs ?? flow ?? (hasRoom ? state.lockHolder.map(LockName(job: run.job).words) : nil)
        switch decide(run, definition.policies, state, page.now) {
        case .start: try start(run, definition, &page)
        case .hold(let waivesDeadline): hold(run, waivingDeadline: waivesDeadline, message, &page)
        case .replace: try replace(run, definition, message, &page)
        case .skip(let reason): try refuse(run, as: .skipped, reason, message, definition, hasRoom, &page)
        case .miss(let reason): try refuse(run, as: .missed, reason, message, definition, hasRoom, &page)
        case .cancel(let reason): try refuse(run, as: .cancelled, reason, nil, definition, hasRoom, &page)
        }
    }

    private mutating func start(_ run: Run, _ definition: JobDefinition, _ page: inout Page) throws {
        guard let fence = page.fences.popFirst() else { throw StoreGap.fences }
        let run = changes.start(run, by: request.node, fence: Fence(fence))
        claims.append(Claim(run: run, definition: definition))
        if run.kind == .backfill { return }
        page.jobs[run.job]?.active += 1
        if run.kind == .manual { page.jobs[run.job]?.activeManual += 1 }
    }

    private mutating func hold(_ run: Run, waivingDeadline: Bool, _ message: String?, _ page: inout Page) {
        changes.hold(run, waivingDeadline: waivingDeadline, message)
        page.jobs[run.job]?.heldCount += 1
        page.jobs[run.job]?.held.append(run)
    }

    private mutating func replace(
        _ run: Run, _ definition: JobDefinition, _ message: String?, _ page: inout Page
    ) throws {
        changes.replaceRunning(of: run.job)
        for older in page.jobs[run.job]?.held ?? [] {
            try refuse(older, as: .cancelled, .replaced, nil, definition, false, &page)
        }
        page.jobs[run.job]?.held = []
        page.jobs[run.job]?.heldCount = 0
        // Itself last, so that the end of an older one does not let it go while the active run goes on.
        hold(run, waivingDeadline: false, message, &page)
    }

    private mutating func refuse(
        _ run: Run, as state: RunState, _ reason: Reason, _ message: String?, _ definition: JobDefinition,
        _ leavesRoom: Bool, _ page: inout Page
    ) throws {
        refused.append(try changes.end(run, as: state, reason, message: message, isGuarded: definition.isGuarded))
        // It may have been the one that the end of another had let go; then the next one takes its place.
        guard definition.isGuarded, leavesRoom else { return }
        changes.release(heldOf: run.job)
        hasReleased = true
        if let job = page.jobs[run.job], job.heldCount > 0 {
            page.jobs[run.job]?.heldCount -= 1
            if !job.held.isEmpty { page.jobs[run.job]?.held.removeFirst() }
        }
    }
}

/// A job as a claim finds it, and as the claim's own decisions change it. Runs of all its versions share its limit.
package struct ClaimedJob: Sendable {
    package var generation: Int
    package var isRemoved: Bool
    package var isPaused: Bool
    package var active: Int
    package var activeManual: Int
    package var heldCount: Int
    /// The waiting runs, the longest due first; read only for a job whose overlap policy replaces them.
    package var held: [Run] = []
    /// Whether no other move has the job.
    package var isLocked = true

    package init(
        generation: Int, isRemoved: Bool, isPaused: Bool, active: Int, activeManual: Int, heldCount: Int
    ) {
        self.generation = generation
        self.isRemoved = isRemoved
        self.isPaused = isPaused
        self.active = active
        self.activeManual = activeManual
        self.heldCount = heldCount
    }

    fileprivate func state(for run: Run) -> JobState {
        JobState(
            isRemoved: isRemoved || generation != run.version.generation, isPaused: isPaused, activeRuns: active,
            activeManualRuns: activeManual, heldRuns: heldCount)
    }
}

/// What a store ought to have read for a move, and did not.
package enum StoreGap: Error, Equatable, CustomStringConvertible {
    case definition(JobVersion)
    case fences

    package var description: String {
        switch self {
        case .definition(let version): "job \"\(version.job)\" has no version \(version.version)"
        case .fences: "too few fences were drawn"
        }
    }
}
