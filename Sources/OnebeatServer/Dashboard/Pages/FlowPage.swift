import Onebeat

/// A flow under way or over: how each of its runs stands, what it waits for, and what made it take so long.
struct FlowPage {
    /// How many runs are read, and how many pairs of runs that wait.
    static let mostRuns = 1000
    static let mostWaits = 20_000

    var now: Timestamp
    var progress: FlowProgress
    var isCut = false
    /// How large the drawing is.
    var zoom = Zoom.full

    private var words: Words { Words(now: now) }
    private var isOver: Bool { progress.runs.allSatisfy(\.state.isTerminal) }

    var page: Page {
        let root = progress.runs.first
        let name: HTML = root.map { Address.link(job: $0.job) } ?? ""
        let content: HTML = """
            <div class="title"><h1>\(say("Flow \("\(progress.flow)")")) <span class="faint">\(name)</span></h1>\(state)</div>
            <p class="lead">\(summary)</p>
            <section>\(zoom.bar(Address.flow(progress.flow)))\(picture)</section>
            \(HTML.section("Runs", table))
            \(isCut ? "<p class=\"empty\">\(say("Only the newest \(Self.mostRuns) runs are shown."))</p>" : nil)
            """
        return Page(
            title: say("Flow \("\(progress.flow)")"), place: .graph, refresh: isOver ? nil : 5, now: now,
            content: content)
    }

    private var state: HTML {
        // What somebody said that it counts as is what it is for the flow.
        let isBad = progress.runs.contains { run in
            progress.marks[run.id].map { $0.state == .failed } ?? RunState.troubles.contains(run.state)
        }
        if isBad {
            return "<span class=\"badge bad\">\(say("not well"))</span>"
        }
        if !isOver { return "<span class=\"badge busy\">\(say("under way"))</span>" }
        return "<span class=\"badge good\">\(say("done"))</span>"
    }

    private var summary: HTML {
        let done = progress.runs.count(where: \.state.isTerminal)
        let count = say("\(done) of \(progress.runs.count) runs have ended.")
        guard let length = progress.length else { return count }
        let path = progress.criticalPath.map(\.label).joined(separator: " → ")
        return "\(count) \(say("It took \(Words.exact(length)), by way of \(path)."))"
    }

    private var picture: HTML {
        let (runs, parents) = progress.gathered
        let places = Dictionary(runs.enumerated().map { ($1.id, $0) }) { first, _ in first }
        let path = Set(progress.criticalPath.map(\.id))
        let nodes = runs.map { run in
            let took: HTML? = run.startedAt == nil ? nil : " · \(words.duration(of: run))"
            let elements = progress.elements(of: run)
            let ended: HTML? =
                elements.isEmpty ? nil : " · \(elements.count(where: \.state.isTerminal)) / \(elements.count)"
            let marked = progress.marks[run.id].map { " · \(say("counts as \($0.said)"))" as HTML }
            return LayeredDrawing.Node(
                title: run.job, detail: "\(run.state.said)\(took)\(ended)\(marked)", address: Address.run(run.id),
                tone: run.state.tone,
                isCritical: path.contains(run.id), isMany: !elements.isEmpty)
        }
        let edges = runs.enumerated().flatMap { index, run in
            parents(run).compactMap { places[$0.id] }.map { LayeredDrawing.Edge(from: $0, to: index) }
        }
        return LayeredDrawing(nodes, edges)?.html(label: say("Flow \("\(progress.flow)")"), zoom: zoom)
            ?? "<p class=\"empty\">\(say("\(runs.count) runs are too many for a picture; they are listed below."))</p>"
    }

    private var table: HTML {
        HTML.table(
            ["Run", "Job", "State", .wide("Started"), "Took", .wide("Node"), .why("Why")],
            progress.shown.map { run in
                [
                    Address.link(run: run.id), "\(Address.link(job: run.job))\(run.element.map { "[\($0)]" })",
                    "\(run.state.badge)\(progress.marks[run.id].map { " \($0.badge)" as HTML })",
                    words.both(run.startedAt), words.duration(of: run), "\(run.node ?? "")",
                    "<span class=\"why\">\(why(run))</span>",
                ]
            }, otherwise: say("No runs."))
    }

    private func why(_ run: Run) -> HTML {
        let mark = progress.marks[run.id].map { say("by the word of \($0.actor): \($0.reason)") }
        let own = waits(run) ?? run.why
        return mark.map { "\($0) \(own)" } ?? own
    }

    private func waits(_ run: Run) -> HTML? {
        let open = progress.parents(of: run).filter { !$0.state.isTerminal }
        guard run.state == .waiting, !open.isEmpty else { return nil }
        let elements = progress.elements(of: run).count
        return elements > 0
            ? say("waits for \(open.count) of \(elements) elements")
            : say("waits for \(open.map(\.job).joined(separator: ", "))")
    }
}

extension RunMark {
    /// What the run counts as, in the reader's language.
    var said: HTML { say(Sentence(word: state.rawValue)) }

    var badge: HTML {
        "<span class=\"badge \(state == .succeeded ? "good" : "bad")\">\(say("counts as \(said)"))</span>"
    }
}
