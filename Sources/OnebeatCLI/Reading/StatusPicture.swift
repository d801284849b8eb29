import Onebeat
import OnebeatServer

/// How `status` and `top` show the state of things.
struct StatusPicture {
    let terminal: Terminal
    let clock: Clock

    /// The headline.
    func sentence(_ headline: String, _ tone: Headline.Tone) -> TerminalText {
        let colour: Colour =
            switch tone {
            case .good: .good
            case .calm: .warning
            case .bad: .bad
            }
        return terminal.paint("\(headline)", colour)
    }

    /// The jobs that need a look.
    func table(_ looks: some Sequence<JobHealth>) -> [TerminalText] {
        var table = TextTable("job", "health", "since", "", "run", "why", optional: [3, 4, 2])
        for health in looks {
            table.add(
                .init(health.job, .title), .init(health.state.rawValue, health.state.colour),
                .init(health.since.map(clock.text) ?? ""), .init(health.since.map(clock.relative) ?? "", .quiet),
                .init(health.run?.description ?? "", .quiet), .init(clock.told(health.why)))
        }
        return table.isEmpty ? [] : table.lines(for: terminal)
    }

    /// Runs that run, the longest first.
    func table(running: some Sequence<Run>) -> [TerminalText] {
        var table = TextTable("run", "job", "for", "on", rightAligned: [0])
        for run in running {
            table.add(
                .init("\(run.id)", .quiet), .init(run.job, .title),
                .init(run.startedAt.map { clock.now.duration(since: $0).brief } ?? ""), .init(run.node ?? "", .quiet))
        }
        return table.isEmpty ? [] : table.lines(for: terminal)
    }

    /// What there is to show.
    struct Seen {
        var standing: StandingResource
        var nodes: [NodeResource]
        /// The longest first.
        var running: [Run]

        /// Asks for it.
        static func now(by witness: any Witness) async throws -> Seen {
            var filter = RunFilter()
            filter.states = [.running]
            filter.limit = 1000
            return try await Seen(
                standing: witness.standing(limit: 1000), nodes: witness.nodes(),
                running: witness.runs(filter).sorted {
                    ($0.startedAt ?? $0.dueAt, $0.id) < ($1.startedAt ?? $1.dueAt, $1.id)
                })
        }
    }

    /// All of it in so many lines, and no more; what has no room is counted.
    func lines(of seen: Seen, height: Int) -> [TerminalText] {
        let standing = seen.standing
        let alive = seen.nodes.filter { $0.state == "alive" }
        let leader = alive.first(where: \.leader).map { ", \($0.name) leads" } ?? ""
        let slots = alive.reduce(0) { $0 + $1.slots }
        let states = JobHealth.State.allCases.compactMap { state in
            standing.jobs[state.rawValue].map { "\($0) \(state.rawValue)" }
        }
        var lines = [
            sentence(standing.headline, standing.tone),
            TerminalText(
                "\(clock.text(standing.now)): \(alive.count) \(alive.count == 1 ? "node" : "nodes")\(leader); \(seen.running.count) of \(slots) slots taken; jobs: "
                    + (states.isEmpty ? "none" : states.joined(separator: ", "))),
        ]
        if let width = terminal.width { lines[1] = TerminalText(lines[1].text.cut(to: width)) }
        var room = max(0, height - lines.count)
        func add(_ table: [TerminalText], most: Int) {
            guard !table.isEmpty, room >= 3 else { return }
            let count = min(table.count, most, room - 2)
            lines += [""] + table.prefix(count)
            room -= count + 1
            if table.count > count, room > 0 {
                lines.append("… and \(table.count - count) more")
                room -= 1
            }
        }
        let looks = table(standing.looks.map { JobHealth($0.health, of: $0.job) })
        let running = table(running: seen.running)
        // Half of the room is left for what runs, where there is anything.
        add(looks, most: running.isEmpty ? .max : max(3, room / 2))
        add(running, most: .max)
        return lines
    }
}
