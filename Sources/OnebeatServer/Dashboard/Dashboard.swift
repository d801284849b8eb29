import Hummingbird
import Onebeat

/// Reads from the store what each page needs, in bounded questions, and answers with the page.
struct Dashboard: Sendable {
    typealias Context = BasicRequestContext

    /// How many lines a list on the overview has at most.
    static let mostLines = 12
    /// How much output a page shows at most, beside one piece.
    static let mostOutput = 512 * 1024

    let store: any Store
    let schedules: ScheduleCache

    func addRoutes(to router: Router<Context>) {
        router.get("/") { _, _ in try await overview().page.response() }
        router.get("jobs") { request, _ in
            try await jobs(QueryReader(request, known: ["name", "after"])).page.response()
        }
        router.get("jobs/:name") { _, context in try await job(context.jobName()).page.response() }
        router.get("runs") { request, _ in
            try await runs(QueryReader(request, known: QueryReader.runParameters)).page.response()
        }
        router.get("runs/:id") { request, context in
            try await run(context.runID(), QueryReader(request, known: ["attempt"])).page.response()
        }
        router.get("assets/style.css") { _, _ in Self.asset(Stylesheet.text, "text/css; charset=utf-8") }
        router.get("assets/icon.svg") { _, _ in Self.asset(Stylesheet.icon, "image/svg+xml") }
    }

    private static func asset(_ text: String, _ type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "max-age=86400"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    private func overview() async throws -> OverviewPage {
        let now = try await store.now()
        return try await OverviewPage(
            now: now, troubles: troubles(since: now - .seconds(86_400)),
            running: store.runs(.init(states: [.running], limit: Self.mostLines)), upcoming: upcoming(),
            ended: store.runs(.init(states: Set(RunState.allCases.filter(\.isTerminal)), limit: 8)),
            nodes: store.nodes(limit: Self.mostLines))
    }

    /// The newest bad end of each job.
    private func troubles(since start: Timestamp) async throws -> [OverviewPage.Trouble] {
        var filter = RunFilter(states: RunState.troubles, limit: 50)
        filter.from = start
        var troubles: [OverviewPage.Trouble] = []
        for run in try await store.runs(filter) where !troubles.contains(where: { $0.run.job == run.job }) {
            let success = try await store.statuses(job: run.job).first?.lastSuccessAt
            let hasRecovered = (success ?? .distantPast) > (run.finishedAt ?? run.scheduledAt)
            troubles.append(.init(run: run, hasRecovered: hasRecovered))
            if troubles.count == Self.mostLines { break }
        }
        return troubles
    }

    /// The soonest start of each job: runs that are planned, and after them what is not planned yet.
    private func upcoming() async throws -> [OverviewPage.Upcoming] {
        let planned = try await store.runs(.init(states: [.scheduled], limit: 100))
        let jobs = try await store.plannable(through: .distantFuture, limit: Self.mostLines)
        let all =
            planned.map { OverviewPage.Upcoming(job: $0.job, at: $0.dueAt) }
            + jobs.compactMap { job in
                job.nextAt.map { OverviewPage.Upcoming(job: job.name, at: $0, isPaused: job.isPaused) }
            }
        var soonest: [OverviewPage.Upcoming] = []
        for next in all.sorted(by: { $0.at < $1.at }) where !soonest.contains(where: { $0.job == next.job }) {
            soonest.append(next)
            if soonest.count == Self.mostLines { break }
        }
        return soonest
    }

    private func jobs(_ query: QueryReader) async throws -> JobsPage {
        let search = query.text("name") ?? ""
        var filter = JobFilter()
        filter.after = query.text("after")
        filter.containing = search.isEmpty ? nil : search
        filter.limit = 51
        let found = try await store.jobs(filter)
        let page = found.prefix(50)
        var lines: [JobsPage.Line] = []
        for job in page {
            let words =
                switch compiled(job) {
                case .success(let schedule): schedule.words
                case .failure: job.definition.trouble ?? "cannot be read on this node"
                }
            lines.append(.init(job: job, schedule: words, status: try await store.statuses(job: job.name).first))
        }
        return try await JobsPage(
            now: store.now(), lines: lines, search: search, next: found.count > page.count ? page.last?.name : nil)
    }

    private func job(_ name: String) async throws -> JobPage {
        guard let job = try await store.job(name) else {
            throw Problem(.notFound, "there is no job \"\(name)\"; it may have been removed, and its runs are kept")
        }
        var filter = RunFilter(limit: 20)
        filter.job = name
        return try await JobPage(
            now: store.now(), job: job, schedule: compiled(job), status: store.statuses(job: name).first,
            runs: store.runs(filter), events: store.events(job: name, limit: 10))
    }

    private func runs(_ query: QueryReader) async throws -> RunsPage {
        let filter = try query.runFilter()
        return try await RunsPage(
            now: store.now(), filter: filter, states: query.text("state") ?? "", runs: store.runs(filter))
    }

    private func run(_ id: RunID, _ query: QueryReader) async throws -> RunPage {
        guard let run = try await store.run(id) else {
            throw Problem(.notFound, "there is no run \(id); it never was, or its time in the history is over")
        }
        let attempt = try query.number("attempt", in: 1...max(run.attempt, 1)) ?? max(run.attempt, 1)
        var page = try await RunPage(
            now: store.now(), run: run, attempts: store.attempts(of: id), shownAttempt: attempt)
        var bytes = 0
        var position = LogPosition(attempt: attempt, sequence: -1)
        reading: while true {
            let pieces = try await store.logs(of: id, after: position, limit: 100)
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
        return page
    }

    private func compiled(_ job: JobRecord) -> Result<Schedule, ScheduleError> {
        do {
            return .success(try schedules.schedule(for: job))
        } catch {
            return .failure(error)
        }
    }
}

extension RunFilter {
    fileprivate init(states: Set<RunState> = [], limit: Int) {
        self.init()
        self.states = states
        self.limit = limit
    }
}
