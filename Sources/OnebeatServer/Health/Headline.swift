import Onebeat

/// The state of things in one sentence.
package struct Headline: Sendable, Equatable {
    /// How it sounds.
    package enum Tone: String, Sendable, Codable {
        /// Every enabled job that was due did lately what it is for.
        case good
        /// There is nothing that could be well.
        case calm
        /// Somebody should look.
        case bad
    }

    package var tone: Tone
    /// The sentence, for every language.
    let words: Sentence

    init(tone: Tone, sentence: Sentence) {
        self.tone = tone
        words = sentence
    }

    /// The sentence in English.
    package var sentence: String { words.html(in: .english).text }

    /// How long a hand-over may take, with a person who stops the beat.
    private static let longestHandover = Duration.seconds(300)

    /// The rule.
    /// - Parameter needsNodes: whether there are jobs that nodes have to run, as those of `once` need not.
    package static func decide(
        _ jobs: [JobHealth], nodes: [NodeRecord], needsNodes: Bool = true, standby: Standby? = nil, at now: Timestamp
    ) -> Headline {
        let living = nodes.filter { $0.standing(at: now) == "alive" }
        if needsNodes, let lack = lack(of: living) { return Headline(tone: .bad, sentence: lack) }
        if case .handingOver(let start)? = standby {
            // Whoever hands over lets the store go back where it fails; where it was killed, it cannot.
            return start < now - Self.longestHandover
                ? Headline(
                    tone: .bad,
                    sentence: "A take-over did not come to its end: what falls due waits until it is called again.")
                : Headline(
                    tone: .calm,
                    sentence: "The work is being handed over: what falls due waits until it is known who does it.")
        }
        let open = jobs.count(where: \.needsLook)
        if open > 0 {
            return Headline(tone: .bad, sentence: open == 1 ? "1 job needs a look." : "\(open) jobs need a look.")
        }
        switch standby {
        case .observing:
            return Headline(
                tone: .calm,
                sentence: "This store only observes: what falls due is written down, and nothing is started.")
        case .handingOver, .over, nil: break
        }
        if jobs.isEmpty { return Headline(tone: .calm, sentence: "No job is stored: there is nothing to run.") }
        let paused = jobs.count { $0.state == .paused }
        if paused == jobs.count {
            return Headline(
                tone: .calm, sentence: paused == 1 ? "The only job is paused." : "All \(paused) jobs are paused.")
        }
        let sentence: Sentence =
            switch paused {
            case 0: "All is well."
            case 1: "All is well. 1 job is paused."
            default: "All is well. \(paused) jobs are paused."
            }
        return Headline(tone: .good, sentence: sentence)
    }

    private static func lack(of living: [NodeRecord]) -> Sentence? {
        if living.isEmpty { return "No node is alive: nothing will run until one starts." }
        if !living.contains(where: { $0.roles.contains(.beat) }) {
            return "No living node plans: nothing falls due until one with the role beat starts."
        }
        if !living.contains(where: { $0.slots > 0 }) {
            return "No living node works: nothing runs until one with the role worker starts."
        }
        return nil
    }
}

extension [JobHealth] {
    /// Those that need a look, the worst first: by state, then by how often, then by name.
    package var worstFirst: [JobHealth] {
        let order = Dictionary(uniqueKeysWithValues: JobHealth.State.allCases.enumerated().map { ($1, $0) })
        return filter(\.needsLook).sorted { a, b in
            let (first, second) = (order[a.state] ?? 0, order[b.state] ?? 0)
            return first != second ? first < second : a.streak != b.streak ? a.streak > b.streak : a.job < b.job
        }
    }
}
