import Onebeat

/// The runs of a list's elements, on the page of the run that stands for all of them.
struct RunElements {
    /// Where the list comes from.
    var list: String
    /// The run that stands for them.
    var whole: Run
    /// Those that are known, in the order of the list.
    var runs: [Run]

    /// How many are listed; the others are counted.
    static let mostListed = 50

    func html(_ words: Words) -> HTML {
        guard !runs.isEmpty else {
            let none = whole.state.isTerminal ? say("It has none.") : say("How many there are is not known yet.")
            return "<p class=\"empty\">\(source) \(none)</p>"
        }
        let counts = RunState.allCases.compactMap { state in
            let count = runs.count { $0.state == state }
            return count == 0 ? nil : " <span class=\"nowrap\">\(state.badge) × \(count)</span>" as HTML
        }
        return "<p>\(source)\(counts)</p>\(table(words))\(rest)"
    }

    private var source: HTML { say("One run for each of \("<code>\(list)</code>" as HTML).") }

    /// What needs a look first, then what is at work, then the others, each in the order of the list.
    private var sorted: [Run] {
        func rank(_ run: Run) -> Int {
            RunState.troubles.contains(run.state) ? 0 : run.state == .running ? 1 : run.state.isTerminal ? 3 : 2
        }
        return runs.sorted { (rank($0), $0.element ?? 0, $0.id) < (rank($1), $1.element ?? 0, $1.id) }
    }

    private var rest: HTML? {
        guard runs.count > Self.mostListed else { return nil }
        return "<p class=\"empty\">\(say("\(runs.count - Self.mostListed) more are not listed."))</p>"
    }

    private func table(_ words: Words) -> HTML {
        HTML.table(
            ["Element", "State", .wide("Started"), "Took", .wide("Node"), "Run", .why("Why")],
            sorted.prefix(Self.mostListed).map { run in
                [
                    "\(run.element ?? 0)", run.state.badge, words.both(run.startedAt), words.duration(of: run),
                    "\(run.node ?? "")", Address.link(run: run.id), "<span class=\"why\">\(run.why)</span>",
                ]
            }, otherwise: "")
    }
}
