import Onebeat

/// Who follows whom, of definitions alone: all flows, or one.
struct GraphPage {
    /// How many flows one page draws.
    static let most = 10

    /// A flow that is drawn.
    struct Flow {
        var root: String
        /// The root, then each job after all that it follows.
        var jobs: [JobRecord]
        var schedule: String
        var healths: [String: JobHealth.State] = [:]
    }

    var now: Timestamp
    var flows: [Flow]
    /// Where the next page starts.
    var next: String?
    /// The job whose flow is shown, where it is one.
    var job: String?
    /// How large the drawings are.
    var zoom = Zoom.full
    /// After which flow the page starts.
    var after: String?
    /// Why there is no picture.
    var trouble: String?

    var page: Page {
        let title: HTML = job.map { say("The flow of \($0)") } ?? say("Flows")
        let content: HTML = """
            <div class="title"><h1>\(title)</h1>\(flows.isEmpty ? nil : bar)</div>
            \(trouble.map { "<p class=\"notice bad\">\(english($0))</p>" as HTML })
            \(flows.map(section))
            \(flows.isEmpty && trouble == nil ? "<p class=\"empty\">\(nothing)</p>" : nil)
            \(next.map { "<p><a href=\"\(more(after: $0))\">\(say("more flows"))</a></p>" as HTML })
            """
        return Page(title: title, place: .graph, refresh: 30, now: now, content: content)
    }

    private var bar: HTML { zoom.bar(job.map(Address.graph) ?? "/graph", [("after", after)]) }

    private var nothing: HTML {
        job == nil
            ? say("No job follows another. <code>after: [extract]</code> makes one follow.")
            : say("It follows no job, and none follows it.")
    }

    private func more(after name: String) -> String {
        Address.query("/graph", [("after", name), (Zoom.parameter, zoom == .fit ? zoom.rawValue : nil)])
    }

    private func section(_ flow: Flow) -> HTML {
        let places = Dictionary(flow.jobs.enumerated().map { ($1.name, $0) }) { first, _ in first }
        let nodes = flow.jobs.map { job in
            LayeredDrawing.Node(
                title: job.name, detail: detail(of: job, in: flow), address: Address.job(job.name),
                tone: flow.healths[job.name]?.tone ?? "calm", isCritical: job.name == self.job,
                isMany: job.definition.each != nil)
        }
        let edges = flow.jobs.enumerated().flatMap { index, job -> [LayeredDrawing.Edge] in
            guard case .after(let parents) = job.definition.schedule.rhythm else { return [] }
            return parents.compactMap { places[$0] }.map { LayeredDrawing.Edge(from: $0, to: index) }
        }
        let picture =
            LayeredDrawing(nodes, edges)?.html(label: say("The flow of \(flow.root)"), zoom: zoom)
            ?? "<p class=\"empty\">\(tooLarge(flow))</p>"
        return """
            <section><h2><a href="\(Address.graph(flow.root))">\(flow.root)</a> \
            <span class="faint">\(english(flow.schedule))</span></h2>\(picture)</section>

            """
    }

    private func tooLarge(_ flow: Flow) -> HTML {
        let command: HTML = "<code>onebeat graph \(flow.root)</code>"
        return say("\(flow.jobs.count) jobs are too many for a picture; \(command) lists them.")
    }

    private func detail(of job: JobRecord, in flow: Flow) -> HTML {
        if job.isPaused { return say("paused") }
        let health = flow.healths[job.name]?.said
        if let each = job.definition.each { return say("each of \(LayeredDrawing.short(each.words, to: 20))") }
        let rule = job.definition.policies.triggerRule
        guard rule != JobPolicies().triggerRule, job.name != flow.root else { return health ?? "" }
        return "\(rule.rawValue.replacing("_", with: " "))"
    }
}
