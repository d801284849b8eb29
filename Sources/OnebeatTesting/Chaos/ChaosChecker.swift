import Onebeat

/// Says which invariants a chaos run's history breaks. It knows no more of Onebeat than the promise.
public struct ChaosChecker {
    /// How far the observer's clock may be from the store's, and two nodes from one another while the store's clock is off
    /// and each goes on by its uptime.
    static let clockError = Duration.milliseconds(50)
    /// How long a due run may wait to be started once all is well.
    static let patience = Duration.seconds(10)

    let history: ChaosHistory
    private let jobs: [String: ChaosJob]
    private let runs: [Int64: ChaosRun]
    private let attempts: [Int64: [ChaosAttempt]]
    private let byFence: [Int64: ChaosAttempt]
    private let byJob: [String: [ChaosAttempt]]
    private let lives: [String: ChaosLife]
    private let found = Found()

    private final class Found { var violations: [Violation] = [] }

    private init(_ history: ChaosHistory) {
        self.history = history
        jobs = Dictionary(history.jobs.map { ($0.name, $0) }) { $1 }
        runs = Dictionary(history.runs.map { ($0.id, $0) }) { $1 }
        attempts = Dictionary(grouping: history.attempts, by: \.run).mapValues { $0.sorted { $0.number < $1.number } }
        byFence = Dictionary(history.attempts.map { ($0.fence, $0) }) { $1 }
        byJob = Dictionary(grouping: history.attempts) { [runs] in runs[$0.run]?.job ?? "" }
        lives = Dictionary(history.lives.map { ($0.boot, $0) }) { $1 }
    }

    /// Everything that is wrong with a history; nothing, when the promise was kept.
    public static func violations(of history: ChaosHistory) -> [Violation] {
        let checker = ChaosChecker(history)
        checker.checkInstants()
        for run in history.runs { checker.check(run) }
        for job in history.jobs { checker.checkNeeds(of: job) }
        checker.checkAttempts()
        checker.checkLines()
        return checker.found.violations
    }

    private func require(
        _ holds: Bool, _ invariant: Invariant, at: Timestamp, _ words: @autoclosure () -> String
    ) {
        if !holds { found.violations.append(Violation(invariant: invariant, words: words(), at: at)) }
    }

    // MARK: Due instants

    /// The instants by the oracle against the rows: each one once, no more, no less.
    private func checkInstants() {
        let rows = Dictionary(grouping: history.runs, by: \.job)
        for job in history.jobs {
            let instants = DueOracle.instants(
                of: ScheduleDefinition(.every(.seconds(job.period))), after: job.createdAt, through: job.watermark)
            var open = Set(instants ?? [])
            for row in (rows[job.name] ?? []).sorted(by: { $0.scheduledAt < $1.scheduledAt }) {
                var covered = 0
                var instant = row.scheduledAt
                while instant <= (row.rangeEnd ?? row.scheduledAt) {
                    covered += 1
                    let wasOpen = open.remove(instant) != nil
                    let isDue = instant.microseconds % (job.period * 1_000_000) == 0 && instant > job.createdAt
                    require(isDue, .complete, at: instant, "\(row.key) has a row, but the job was not due then")
                    require(wasOpen || !isDue, .unique, at: instant, "\(job.name) has two rows for one instant")
                    instant += .seconds(job.period)
                }
                require(
                    covered == row.count, .complete, at: row.scheduledAt,
                    "\(row.key) stands for \(row.count) instants, but there were \(covered)")
            }
            if let lost = open.min() {
                require(false, .complete, at: lost, "\(job.name) was due \(open.count) times without a row")
            }
            let isPlanned = job.nextAt.map { $0 > history.readAt - Self.patience } ?? false
            require(
                isPlanned && job.watermark > history.readAt - Self.patience, .eventual, at: history.readAt,
                "\(job.name) is not scheduled any more: its watermark is \(job.watermark)")
            if let seen = history.seenWatermarks[job.name] {
                require(job.watermark >= seen, .watermark, at: seen, "\(job.name) went back to \(job.watermark)")
            }
        }
    }

    // MARK: Rows

    private func check(_ run: ChaosRun) {
        let tried = attempts[run.id] ?? []
        require(
            tried.map(\.number) == Array(1..<(tried.count + 1)) && tried.count == run.attempt, .fences,
            at: run.scheduledAt, "\(run.key) says \(run.attempt) attempts, and has \(tried.map(\.number))")
        require(
            zip(tried, tried.dropFirst()).allSatisfy { $0.fence < $1.fence } && (tried.last?.fence ?? 0) == run.fence,
            .fences, at: run.scheduledAt, "\(run.key) has fence \(run.fence), its attempts \(tried.map(\.fence))")
        for (attempt, next) in zip(tried, tried.dropFirst()) {
            require(
                attempt.finishedAt.map { $0 <= next.startedAt + Self.clockError } ?? false, .oneHolder,
                at: next.startedAt,
                "\(run.key) was claimed while attempt \(attempt.number) held it")
            require(
                ["failed", "timed_out", "lost", "interrupted", "not_started"].contains(attempt.outcome), .oneOutcome,
                at: next.startedAt, "\(run.key) was tried again after \(attempt.outcome ?? "no end")")
        }
        if let first = tried.first {
            require(
                first.startedAt >= run.scheduledAt, .notEarly, at: first.startedAt, "\(run.key) was claimed early")
        }
        checkEnd(of: run, last: tried.last)
        if let job = jobs[run.job], job.isAtMostOnce {
            let begun = tried.filter { $0.outcome != "not_started" }
            require(begun.count <= 1, .atMostOnce, at: run.scheduledAt, "\(run.key) had \(begun.count) attempts")
        }
    }

    private func checkEnd(of run: ChaosRun, last: ChaosAttempt?) {
        let lawful: Set<RunState> =
            switch last?.outcome {
            case nil: last == nil ? [.scheduled, .skipped, .missed, .cancelled] : [.running]
            case "succeeded": [.succeeded]
            case "failed": [.failed, .scheduled, .cancelled]
            case "cancelled": [.cancelled]
            case "lost": [.scheduled, .lost, .dead, .cancelled]
            case "interrupted": [.scheduled, .lost, .cancelled]
            case "not_started": [.scheduled, .cancelled]
            default: []
            }
        require(
            lawful.contains(run.state), .oneOutcome, at: run.scheduledAt,
            "\(run.key) is \(run.state.rawValue) after an attempt that ended as \(last?.outcome ?? "nothing")")
        if let seen = history.seenEnds[run.id] {
            require(
                seen == run.state, .oneOutcome, at: run.scheduledAt,
                "\(run.key) was \(seen.rawValue), and is \(run.state.rawValue)")
        }
        require(
            run.state != .dead || run.crashes >= Settlement.crashLimit, .bounded, at: run.scheduledAt,
            "\(run.key) is dead after \(run.crashes) crashes")
        require(
            run.state.isTerminal || run.dueAt > history.readAt - Self.patience
                || (last?.startedAt).map { $0 > history.readAt - Self.patience } ?? false,
            .eventual, at: run.dueAt, "\(run.key) is still \(run.state.rawValue)")
        guard run.state == .skipped, run.reason == .overlap, let job = jobs[run.job], job.skips,
            let at = run.finishedAt
        else { return }
        let others = byJob[run.job] ?? []
        require(
            others.contains { $0.startedAt <= at && $0.finishedAt ?? .distantFuture >= at }, .bounded, at: at,
            "\(run.key) was skipped though no other run was active")
    }

    /// A run that needs another job starts after a success of that, and is missed for it only where there was none.
    private func checkNeeds(of job: ChaosJob) {
        guard let (needed, within) = job.needs else { return }
        let successes = history.runs.filter { $0.job == needed && $0.state == .succeeded }
        for run in history.runs where run.job == job.name {
            let met = successes.filter { $0.scheduledAt >= run.scheduledAt - within }.compactMap(\.finishedAt).min()
            if let start = attempts[run.id]?.first?.startedAt {
                require(
                    met.map { $0 <= start + Self.clockError } ?? false, .needs, at: start,
                    "\(run.key) was claimed ahead of a success of \(needed)")
            }
            guard run.state == .missed, let end = run.finishedAt else { continue }
            switch run.reason {
            case .upstream:
                require(
                    met.map { $0 >= end - Self.clockError } ?? true, .needs, at: end,
                    "\(run.key) was missed for \(needed), which had succeeded")
            case .tooLate:
                require(
                    met.map { $0 <= end + Self.clockError } ?? false, .needs, at: end,
                    "\(run.key) was missed as too late, and waited for \(needed)")
            default: break
            }
        }
    }

    // MARK: Attempts

    private func checkAttempts() {
        require(
            byFence.count == history.attempts.count, .fences, at: history.readAt, "two attempts have the same fence")
        for (name, all) in byJob where jobs[name]?.isAlone ?? false {
            let ordered = all.sorted { $0.fence < $1.fence }
            for (one, next) in zip(ordered, ordered.dropFirst()) {
                require(
                    one.finishedAt.map { $0 <= next.startedAt + Self.clockError } ?? false, .oneHolder,
                    at: next.startedAt,
                    "\(name) was claimed under fence \(next.fence) while fence \(one.fence) held it")
            }
        }
        for attempt in history.attempts where attempt.wasTakenOver {
            let key = runs[attempt.run]?.key ?? "#\(attempt.run)"
            let life = lives[attempt.boot]
            let end = life?.goneAt ?? .distantFuture
            require(
                (attempt.finishedAt ?? .distantPast) >= end, .lawfulTakeover, at: attempt.finishedAt ?? end,
                "\(key) was taken from \(attempt.boot), which was alive")
            require(
                life.map { $0.isBuried || end >= $0.leaseUntil } ?? true, .lawfulTakeover, at: end,
                "\(key) was taken from \(attempt.boot) before its lease was over")
        }
    }

    // MARK: The jobs' own words

    private func checkLines() {
        var started: Set<Int64> = []
        var keys: [String: Int] = [:]
        var ended: [Int64: Int] = [:]
        for line in history.lines {
            let attempt = byFence[line.fence]
            let run = attempt.flatMap { runs[$0.run] }
            switch line.kind {
            case .start:
                require(
                    run?.key == line.key && attempt?.number == line.attempt, .noGhost, at: line.at,
                    "\(line.key) was started under fence \(line.fence), which no attempt of it has")
                require(
                    started.insert(line.fence).inserted, .noGhost, at: line.at,
                    "\(line.key) was started twice under fence \(line.fence)")
                keys[line.key, default: 0] += 1
                if let run {
                    require(
                        line.at >= run.scheduledAt - Self.clockError, .notEarly, at: line.at, "\(line.key) ran early")
                    require(
                        keys[line.key] == 1 || jobs[run.job]?.isAtMostOnce != true, .atMostOnce, at: line.at,
                        "\(line.key) was started again")
                }
            case .overlap(let fence):
                require(
                    wasFrozen(fence, at: line.at) || wasFrozen(line.fence, at: line.at), .noOverlap, at: line.at,
                    "\(line.key) ran under fence \(line.fence) while fence \(fence) was alive")
            case .end(let code): ended[line.fence] = code
            }
            if let end = attempt?.finishedAt {
                require(
                    line.at <= end + Self.clockError || wasFrozen(line.fence, at: line.at), .selfStop, at: line.at,
                    "\(line.key) was alive under fence \(line.fence) after its end (\(attempt?.outcome ?? ""))")
            }
        }
        for attempt in history.attempts {
            let wanted: Set<Int>
            switch attempt.outcome {
            case "succeeded": wanted = [0]
            case "failed": wanted = [1]
            case "not_started":
                require(
                    !started.contains(attempt.fence), .noGhost, at: attempt.startedAt,
                    "fence \(attempt.fence) is recorded as not started, but its process was")
                continue
            default: continue
            }
            require(
                started.contains(attempt.fence) && ended[attempt.fence].map(wanted.contains) ?? false, .noGhost,
                at: attempt.startedAt,
                "fence \(attempt.fence) of \(runs[attempt.run]?.key ?? "") is recorded as \(attempt.outcome ?? ""), but"
                    + " its process ended with \(ended[attempt.fence].map { "\($0)" } ?? "nothing")")
        }
    }

    private func wasFrozen(_ fence: Int64, at instant: Timestamp) -> Bool {
        guard let node = byFence[fence].flatMap({ lives[$0.boot]?.node }) else { return false }
        return history.freezes.contains { $0.node == node && $0.from <= instant && instant <= $0.until }
    }
}
