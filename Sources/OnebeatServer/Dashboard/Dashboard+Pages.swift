import Hummingbird
import Onebeat

extension Dashboard {
    func addFurtherRoutes(to router: Router<Context>) {
        router.get("events") { request, _ in
            try await events(QueryReader(request, known: QueryReader.eventParameters)).page.response()
        }
        router.get("nodes") { request, _ in
            _ = try QueryReader(request, known: [])
            return try await nodes().page.response()
        }
        router.get("graph") { request, _ in
            let query = try QueryReader(request, known: ["after", Zoom.parameter])
            var page = try await graph(after: query.text("after"))
            page.zoom = try Zoom(query)
            return page.page.response()
        }
        router.get("graph/:name") { request, context in
            let zoom = try Zoom(QueryReader(request, known: [Zoom.parameter]))
            var page = try await graph(of: context.jobName())
            page.zoom = zoom
            return page.page.response()
        }
        router.get("flows/:id") { request, context in
            let zoom = try Zoom(QueryReader(request, known: [Zoom.parameter]))
            var page = try await flow(context.runID())
            page.zoom = zoom
            return page.page.response()
        }
        router.get("calendar") { request, _ in
            _ = try QueryReader(request, known: [])
            return try await CalendarPage.read(store, readings).page.response()
        }
        router.get("lab") { request, _ in
            try await lab(QueryReader(request, known: LabPage.parameters)).page.response()
        }
        router.get("alerts") { request, context in
            let hand = Hand(request, context)
            let query = try QueryReader(request, known: ["did", "pattern"])
            return try await hand.answering(alerts(hand, query).page.response())
        }
        router.get("backfills") { request, context in
            let hand = Hand(request, context)
            let query = try QueryReader(request, known: BackfillsPage.Wish.parameters + ["did"])
            return try await hand.answering(backfills(hand, query, context.acts(store)).page.response())
        }
        router.get("language/:code") { request, context in
            let back = try QueryReader(request, known: ["back"]).text("back") ?? "/"
            return try LanguageChoice(context.parameters.require("code"), back: back).response
        }
    }

    // MARK: Events and nodes

    private func events(_ query: QueryReader) async throws -> EventsPage {
        let filter = try query.eventFilter()
        return try await EventsPage(now: store.now(), filter: filter, events: store.events(filter))
    }

    private func nodes() async throws -> NodesPage {
        var departures: [EventRecord] = []
        for kind in ["node.left", "node.dead"] {
            var filter = EventFilter(limit: 20)
            filter.kind = kind
            departures += try await store.events(filter)
        }
        return try await NodesPage(
            now: store.now(), nodes: store.nodes(limit: NodesPage.most),
            running: store.longestRunning(limit: HealthReader.mostOpen),
            unclaimed: store.unclaimed(for: .zero, limit: NodesPage.most),
            departures: departures.sorted { $0.number > $1.number }.map(\.event))
    }

    // MARK: Alerts

    private func alerts(_ hand: Hand, _ query: QueryReader) async throws -> AlertsPage {
        let now = try await store.now()
        let open = try await store.incidents(openOnly: true, limit: AlertsPage.mostOpen)
        let past = try await store.incidents(openOnly: false, limit: AlertsPage.mostOpen).filter {
            $0.closedAt != nil
        }.prefix(AlertsPage.mostPast)
        var named = JobFilter()
        named.containing = AlertReader.prefix
        return try await AlertsPage(
            now: now, hand: hand, deed: query.deed, open: open, past: Array(past),
            fate: MessageFate.of(open + past, in: store),
            silences: store.silencesNow(limit: AlertsPage.mostSilences),
            hasRules: store.jobs(named).contains(where: \.isAlert), pattern: query.text("pattern"))
    }

    private func backfills(_ hand: Hand, _ query: QueryReader, _ acts: Acts) async throws -> BackfillsPage {
        let wish = try BackfillsPage.Wish { query.text($0) }
        var page = BackfillsPage(
            now: try await store.now(), hand: hand, deed: query.deed,
            backfills: try await store.backfills(openOnly: false, limit: BackfillsPage.most), wish: wish)
        if let name = wish.job, wish.from != nil {
            guard let job = try await store.job(name) else {
                throw Problem(.notFound, "there is no job \"\(name)\"; /jobs lists them")
            }
            page.preview = try await acts.preview(
                wish.backfill(job, acts), of: job, most: Acts.mostCounted.page)
        }
        return page
    }

    // MARK: Flows

    private func graph(after: String?) async throws -> GraphPage {
        let snapshot = try await readings.snapshot()
        var page = GraphPage(now: snapshot.now, flows: [], after: after)
        switch readings.graph(of: snapshot) {
        case .success(let graph):
            let roots = Set(graph.roots.values).sorted().filter { name in after.map { name > $0 } ?? true }
            let shown = Array(roots.prefix(GraphPage.most))
            page.flows = flows(of: shown, graph, snapshot.reading)
            page.next = roots.count > shown.count ? shown.last : nil
        case .failure(let error): page.trouble = "\(error)"
        }
        return page
    }

    private func graph(of name: String) async throws -> GraphPage {
        let snapshot = try await readings.snapshot()
        guard snapshot.reading.line(of: name) != nil else {
            throw Problem(.notFound, "there is no job \"\(name)\"; /graph shows the flows of those in force")
        }
        var page = GraphPage(now: snapshot.now, flows: [], job: name)
        switch readings.graph(of: snapshot) {
        case .success(let graph):
            let root = graph.roots[name] ?? name
            if !graph.children(of: root).isEmpty { page.flows = flows(of: [root], graph, snapshot.reading) }
        case .failure(let error): page.trouble = "\(error)"
        }
        return page
    }

    private func flows(
        of roots: [String], _ graph: FlowGraph, _ reading: HealthReader.Reading
    ) -> [GraphPage.Flow] {
        let members = roots.map { root in (root, [root] + graph.followers(of: root)) }
        let wanted = Set(members.flatMap(\.1))
        let named = Dictionary(
            uniqueKeysWithValues: wanted.compactMap { name in reading.line(of: name).map { (name, $0) } })
        return members.compactMap { root, names in
            guard let record = named[root]?.job else { return nil }
            let schedule = (try? compiled(record).get())?.words ?? ""
            var flow = GraphPage.Flow(root: root, jobs: names.compactMap { named[$0]?.job }, schedule: schedule)
            for name in names { flow.healths[name] = named[name]?.health.state }
            return flow
        }
    }

    private func flow(_ id: RunID) async throws -> FlowPage {
        guard let run = try await store.run(id) else {
            throw Problem(.notFound, "there is no run \(id); it never was, or its time in the history is over")
        }
        guard let flow = run.flow else {
            throw Problem(
                .notFound,
                "run \(id) of \(run.job) is part of no flow: nothing followed its job when it was planned; /runs/\(id)"
                    + " tells of the run itself")
        }
        var filter = RunFilter(limit: FlowPage.mostRuns)
        filter.flow = flow
        let runs = try await store.runs(filter)
        let waits = try await store.waits(in: flow, limit: FlowPage.mostWaits)
        let marks = try await store.marks(in: flow, limit: FlowPage.mostRuns)
        return FlowPage(
            now: try await store.now(), progress: FlowProgress(flow, runs: runs, waits: waits, marks: marks),
            isCut: runs.count == FlowPage.mostRuns)
    }

    /// Whether the job follows others, or others follow it.
    func isInFlow(_ job: JobRecord) async throws -> Bool {
        if job.definition.isFollower { return true }
        return try await !store.followers(of: job.name).isEmpty
    }

    // MARK: Time to come

    private func lab(_ query: QueryReader) async throws -> LabPage {
        let now = try await store.now()
        var page = LabPage(
            now: now, expression: query.text("expression") ?? "", timezone: query.text("timezone") ?? "",
            dialect: try query.dialect("dialect"), from: try query.moment("from"))
        guard !page.expression.isEmpty else { return page }
        do throws(ScheduleError) {
            let trial = try ScheduleTrial(
                page.expression, timezone: page.timezone.isEmpty ? "UTC" : page.timezone, dialect: page.dialect,
                from: page.from ?? now, count: LabPage.fires)
            page.answer = .success(trial)
        } catch {
            page.answer = .failure(error)
        }
        return page
    }

    // MARK: Why

    /// What `explain` says of the job's newest run and its next; nothing where its schedule cannot be read here.
    func explanation(of job: JobRecord, now: Timestamp) async throws -> [Telling] {
        guard case .success = compiled(job) else { return [] }
        return Explanation(try await store.evidence(on: job, at: nil, now: now)).told
    }

    /// What `explain` says of a run of a job in force.
    func story(of run: Run, at now: Timestamp) async throws -> [Telling] {
        guard let job = try await store.job(run.job), case .success = compiled(job) else { return [] }
        return Explanation(try await store.evidence(on: job, run: run, now: now)).told
    }
}
