import Onebeat
import OnebeatServer

/// How `status` and `top` show the state of things.
struct StatusPicture {
    let terminal: Terminal
    let clock: Clock

    /// The headline.
    func sentence(_ headline: Headline) -> TerminalText {
        let colour: Colour =
            switch headline.tone {
            case .good: .good
            case .calm: .warning
            case .bad: .bad
            }
        return terminal.paint("\(headline.sentence)", colour)
    }

    /// The jobs that need a look.
    func table(_ looks: some Sequence<JobHealth>) -> [TerminalText] {
        var table = TextTable("job", "health", "since", "", "run", "why", optional: [3, 4, 2])
        for health in looks {
            table.add(
                .init(health.job, .title), .init(health.state.rawValue, health.state.colour),
                .init(health.since.map(clock.text) ?? ""), .init(health.since.map(clock.relative) ?? "", .quiet),
                .init(health.run?.description ?? "", .quiet), .init(health.why))
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

    /// All of it in so many lines, and no more; what has no room is counted.
    func lines(of reading: HealthReader.Reading, height: Int) -> [TerminalText] {
        let alive = reading.nodes.filter { $0.standing(at: reading.now) == "alive" }
        let leader = alive.first(where: \.isLeader).map { ", \($0.id.name) leads" } ?? ""
        let slots = alive.reduce(0) { $0 + $1.slots }
        let counts = reading.lines.reduce(into: [:]) { $0[$1.health.state, default: 0] += 1 }
        let states = JobHealth.State.allCases.compactMap { state in counts[state].map { "\($0) \(state.rawValue)" } }
        var lines = [
            sentence(reading.headline),
            TerminalText(
                "\(clock.text(reading.now)): \(alive.count) \(alive.count == 1 ? "node" : "nodes")\(leader); \(reading.running.count) of \(slots) slots taken; jobs: "
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
        let looks = table(reading.lines.map(\.health).worstFirst)
        let running = table(running: reading.running)
        // Half of the room is left for what runs, where there is anything.
        add(looks, most: running.isEmpty ? .max : max(3, room / 2))
        add(running, most: .max)
        return lines
    }
}

extension HealthReader.Reading {
    /// Whether nobody has to come. What nobody chose is not well: no node, nothing to run. A pause was somebody's choice.
    var isWell: Bool { headline.tone == .good || (headline.tone == .calm && !lines.isEmpty) }
}
