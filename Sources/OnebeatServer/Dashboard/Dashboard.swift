import Hummingbird
import Onebeat

/// Reads from the store what each page needs, in bounded questions, and answers with the page.
struct Dashboard: Sendable {
    typealias Context = WebContext

    /// How many lines a list on the overview has at most.
    static let mostLines = 12
    /// How much output a page shows at most, beside one piece.
    static let mostOutput = 512 * 1024

    let store: any Store
    let schedules: ScheduleCache
    let readings: SharedReadings

    func addRoutes(to router: Router<Context>) {
        router.get("/") { _, _ in try await overview().page.response() }
        router.get("jobs") { request, context in
            let hand = Hand(request, context)
            let query = try QueryReader(request, known: JobsPage.parameters)
            return try await hand.answering(jobs(hand, query).page.response())
        }
        router.get("jobs/:name") { request, context in
            let hand = Hand(request, context)
            let query = try QueryReader(request, known: ["did"])
            return try await hand.answering(job(context.jobName(), hand, query).page.response())
        }
        router.get("runs") { request, _ in
            try await runs(QueryReader(request, known: QueryReader.runParameters + ["newer"])).page.response()
        }
        router.get("runs/:id") { request, context in
            let hand = Hand(request, context)
            let query = try QueryReader(request, known: ["attempt", "did"])
            return try await hand.answering(run(context.runID(), hand, query).page.response())
        }
        addFurtherRoutes(to: router)
        Assets.addRoutes(to: router)
    }

    var health: HealthReader { HealthReader(store, schedules: schedules) }

    private func overview() async throws -> OverviewPage {
        let snapshot = try await readings.snapshot()
        let (reading, looks) = (snapshot.reading, snapshot.looks)
        // The newest serve for what has just ended as well as for the past hour: no page walks further back.
        let newest = try await store.runs(RunFilter(limit: HourLine.mostRuns))
        let ended = newest.filter(\.state.isTerminal)
        let successes = looks.prefix(OverviewPage.mostLooks).compactMap { look in
            reading.line(of: look.job)?.status?.lastSuccessAt.map { (look.job, $0) }
        }
        return try await OverviewPage(
            now: reading.now, headline: snapshot.headline, looks: looks,
            successes: Dictionary(successes) { first, _ in first },
            recoveries: recoveries(since: reading.now - .seconds(86_400), but: Set(looks.map(\.job))),
            running: Array(reading.running.suffix(Self.mostLines).reversed()), upcoming: upcoming(),
            ended: Array(ended.prefix(8)), nodes: Array(reading.nodes.prefix(Self.mostLines)),
            hours: HourLine(now: reading.now, runs: newest, coming: readings.hour(of: snapshot).counts),
            load: Load(
                nodes: reading.nodes, running: reading.running, newest: Array(ended.prefix(200)), at: reading.now))
    }

    /// The newest bad end of each job that is well again. What needs a look is not found here but by the jobs' health, so
    /// nothing that matters is lost where many of these fall upon one another.
    private func recoveries(since start: Timestamp, but open: Set<String>) async throws -> [OverviewPage.Recovery] {
        let newest = try await store.runs(RunFilter(states: RunState.troubles, limit: 200))
        var seen = open
        var found: [OverviewPage.Recovery] = []
        for run in newest where run.scheduledAt >= start && seen.insert(run.job).inserted {
            found.append(.init(run: run))
            if found.count == Self.mostLines { break }
        }
        return found
    }

    /// The soonest start of each job that is not paused: runs that are planned, and after them what is not planned yet.
    private func upcoming() async throws -> [OverviewPage.Upcoming] {
        let planned = try await store.runs(.init(states: [.scheduled], limit: 100))
        let jobs = try await store.plannable(through: .distantFuture, limit: 100)
        let paused = Set(jobs.filter(\.isPaused).map(\.name))
        let all =
            planned.map { OverviewPage.Upcoming(job: $0.job, at: $0.dueAt) }
            + jobs.compactMap { job in job.nextAt.map { OverviewPage.Upcoming(job: job.name, at: $0) } }
        var seen: Set<String> = paused
        let soonest = all.sorted { $0.at < $1.at }.filter { seen.insert($0.job).inserted }
        return Array(soonest.prefix(Self.mostLines))
    }

    private func jobs(_ hand: Hand, _ query: QueryReader) async throws -> JobsPage {
        let wanted = try JobSelection(query)
        let snapshot = try await readings.snapshot()
        let reading = snapshot.reading
        let page = reading.page(after: query.text("after"), before: query.text("before"), limit: JobsPage.most) {
            wanted.fits($0.job, $0.health)
        }
        // What needs a look is not looked for on later pages.
        let isStart = wanted == JobSelection() && query.text("after") == nil && query.text("before") == nil
        let looks = isStart ? snapshot.looks : []
        let leading = looks.prefix(JobsPage.mostLooks).compactMap { reading.line(of: $0.job) }
        let worst = Set(leading.map(\.job.name))
        let others = page.lines.filter { !worst.contains($0.job.name) }
        // Whatever they do now: which of them are past is seen here, so that no job's history is walked for those.
        let newest = try await store.newestRuns(
            of: (leading + others).map(\.job.name), states: [], each: RunStrip.most + 2)
        let recent = Dictionary(grouping: newest.filter { RunState.pastStates.contains($0.state) }, by: \.job)
        func shown(_ line: HealthReader.Line) -> JobsPage.Line {
            let schedule = compiled(line.job)
            let words =
                switch schedule {
                case .success(let schedule): line.job.definition.words(schedule)
                case .failure: line.job.definition.trouble ?? "cannot be read on this node"
                }
            return JobsPage.Line(
                job: line.job, schedule: words,
                next: line.expectedAt ?? line.job.nextDue(by: try? schedule.get(), after: reading.now),
                status: line.status, health: line.health,
                recent: Array((recent[line.job.name] ?? []).prefix(RunStrip.most)))
        }
        return JobsPage(
            now: reading.now, hand: hand, looks: leading.map(shown), allLooks: looks.count, lines: others.map(shown),
            selection: wanted,
            previous: page.isFirst ? nil : page.lines.first?.job.name,
            next: page.isLast ? nil : page.lines.last?.job.name)
    }

    private func job(_ name: String, _ hand: Hand, _ query: QueryReader) async throws -> JobPage {
        guard let job = try await store.job(name) else {
            throw Problem(.notFound, "there is no job \"\(name)\"; it may have been removed, and its runs are kept")
        }
        var filter = RunFilter(limit: 100)
        filter.job = name
        let reading = try await health.of([job])
        return try await JobPage(
            now: reading.now, job: job, hand: hand, deed: query.deed, schedule: compiled(job),
            status: reading.lines.first?.status, health: reading.lines.first?.health,
            expectedAt: reading.lines.first?.expectedAt, runs: store.runs(filter),
            events: store.events(job: name, limit: 10),
            versions: VersionHistory(
                store.versions(of: name, before: nil, limit: JobPage.mostVersions + 1), limit: JobPage.mostVersions),
            explanation: explanation(of: job, now: reading.now),
            isInFlow: isInFlow(job))
    }

    private func runs(_ query: QueryReader) async throws -> RunsPage {
        var filter = try query.runFilter()
        filter.newer = try query.number("newer", in: 1...Int.max).map { RunID(Int64($0)) }
        return try await RunsPage(
            now: store.now(), filter: filter, states: query.text("state") ?? "", runs: store.runs(filter))
    }

    private func run(_ id: RunID, _ hand: Hand, _ query: QueryReader) async throws -> RunPage {
        guard let run = try await store.run(id) else {
            throw Problem(.notFound, "there is no run \(id); it never was, or its time in the history is over")
        }
        let attempt = try query.number("attempt", in: 1...max(run.attempt, 1)) ?? max(run.attempt, 1)
        var page = try await RunPage(
            now: store.now(), run: run, hand: hand, deed: query.deed, attempts: store.attempts(of: id),
            shownAttempt: attempt)
        page.value = try await store.shownValue(of: run)
        page.mark = try await store.mark(of: id)
        try await addElements(to: &page)
        page.story = try await story(of: run, at: page.now)
        if page.elements == nil { try await addOutput(to: &page) }
        return page
    }

    /// Of which list it is an element, or for all of whose elements it stands.
    private func addElements(to page: inout RunPage) async throws {
        let run = page.run
        guard let flow = run.flow, let each = try await store.definition(run.version)?.each else { return }
        page.list = each.words
        // One that was asked for by itself does the work itself, and says why it cannot.
        guard run.element == nil, run.attempt == 0 else { return }
        var filter = RunFilter(limit: Each.mostElements)
        filter.job = run.job
        filter.flow = flow
        let waits = try await store.waits(in: flow, limit: FlowPage.mostWaits)
        let progress = FlowProgress(flow, runs: try await store.runs(filter) + [run], waits: waits)
        page.elements = RunElements(
            list: each.words, whole: run, runs: progress.elements(of: run).filter { $0.element != nil })
    }

    private func addOutput(to page: inout RunPage) async throws {
        let (run, attempt) = (page.run, page.shownAttempt)
        var bytes = 0
        // Before the first piece: what is after it is all.
        var position = LogPosition(attempt: attempt, sequence: -1)
        reading: while true {
            let pieces = try await store.logs(of: run.id, after: position, limit: 100)
            for piece in pieces {
                guard piece.id.position.attempt == attempt else { break reading }
                bytes += piece.bytes.count
                page.isCut = bytes > Self.mostOutput && !page.output.isEmpty
                if page.isCut { break reading }
                page.output.append(piece)
                position = piece.id.position
            }
            if pieces.count < 100 { break }
        }
        if !run.state.isTerminal { page.next = "\(position.attempt).\(position.sequence)" }
    }

    func compiled(_ job: JobRecord) -> Result<Schedule, ScheduleError> {
        do {
            return .success(try schedules.schedule(for: job))
        } catch {
            return .failure(error)
        }
    }
}

extension RunState {
    /// Those of runs that have begun, or never will.
    static let pastStates = Set(allCases).subtracting([.scheduled, .waiting])
}

extension RunFilter {
    init(states: Set<RunState> = [], limit: Int) {
        self.init()
        self.states = states
        self.limit = limit
    }
}
