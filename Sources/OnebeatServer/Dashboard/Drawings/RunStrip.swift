import Onebeat

/// How the newest runs of a job ended, the newest at the right.
struct RunStrip {
    /// How many are shown.
    static let most = 30

    /// The newest first.
    var runs: [Run]
    /// Whether each leads to its run.
    var isLinked = false

    private static let height = 22
    /// Of each run; those that lead somewhere must be hit.
    private var width: Int { isLinked ? 10 : 5 }

    var html: HTML {
        let shown = Array(runs.prefix(Self.most).reversed())
        guard !shown.isEmpty else { return "" }
        let good = shown.count { $0.state == .succeeded }
        let label = say("\(good) of the last \(shown.count) runs succeeded")
        let all = shown.count * width
        let cells = shown.enumerated().map { place, run in cell(run, at: place * width) }
        return """
            <svg class="strip" viewBox="0 0 \(all) \(Self.height)" width="\(all)" height="\(Self.height)" \
            role="\(isLinked ? "group" : "img")" aria-label="\(label)">\(cells)</svg>
            """
    }

    private func cell(_ run: Run, at x: Int) -> HTML {
        let took: HTML? = run.length.map { ", \(Words.exact($0))" }
        let title = say("run \("\(run.id)"): \(run.state.said)")
        let bar: HTML = """
            <rect class="\(run.state.tone)" x="\(x)" y="1" width="\(width - (isLinked ? 2 : 1))" height="\(Self.height - 2)" rx="\(isLinked ? 2 : 1)">\
            <title>\(title)\(took)</title></rect>
            """
        return isLinked ? "<a href=\"\(Address.run(run.id))\" aria-label=\"\(title)\">\(bar)</a>" : bar
    }
}
