import Onebeat

/// Runs, newest first.
struct RunTable {
    var runs: [Run]
    var words: Words
    var showsJob = true

    var html: HTML {
        var columns: [HTML.Column] = ["Run", "State", "Due", .wide("Late"), .wide("Took"), .why("Why")]
        if showsJob { columns.insert("Job", at: 1) }
        let rows = runs.map { run in
            let late: HTML? = run.lateness.flatMap { $0 > .seconds(1) ? "\(Words.exact($0))" : nil }
            let count: HTML? = run.count > 1 ? " <span class=\"faint\">× \(run.count)</span>" : nil
            var cells: [HTML] = [
                Address.link(run: run.id), "\(run.state.badge)\(count)", words.both(run.scheduledAt),
                late ?? "<span class=\"faint\">–</span>", words.duration(of: run),
                "<span class=\"why\">\(run.why)</span>",
            ]
            if showsJob { cells.insert("\(Address.link(job: run.job))\(run.element.map { "[\($0)]" })", at: 1) }
            return cells
        }
        return HTML.table(columns, rows, otherwise: say("No runs."))
    }
}
