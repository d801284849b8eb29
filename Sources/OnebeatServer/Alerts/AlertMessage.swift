import Onebeat

/// What one message says: one sentence, and a line for each job.
package struct AlertMessage: Sendable, Equatable {
    /// How many jobs a message names; the rest is counted.
    static let mostLines = 20
    /// The longest line, but for when it was found.
    static let longestLine = 300
    /// What is sent within so long needs no word on when it was found.
    static let prompt = Duration.seconds(300)

    /// The number that the receiver can drop repeats by.
    package var number: Int64
    /// Whether all it tells is good news.
    package var isGood: Bool
    /// The sentence.
    package var title: String
    /// A line for each job, bounded.
    package var lines: [String]
    /// What it tells, bounded as the lines are.
    package var incidents: [Incident]
    /// How many there are.
    package var count: Int

    /// - Parameters:
    ///   - clock: on which the people it is for read moments; UTC where it is `nil`.
    ///   - now: when it is sent, where that is known.
    package init(_ incidents: [Incident], number: Int64, clock: Schedule? = nil, at now: Timestamp? = nil) {
        self.number = number
        count = incidents.count
        let bad = incidents.filter { $0.kind != AlertKind.recovered.rawValue }
        isGood = bad.isEmpty
        let told = bad + incidents.filter { $0.kind == AlertKind.recovered.rawValue }
        self.incidents = Array(told.prefix(Self.mostLines))
        lines = self.incidents.map { incident in
            let line = "\(incident.subject): \(incident.summary)".harmless
            let cut = line.units(most: Self.longestLine)
            let whole = cut + (incident.whenFound(at: now).map { " (\($0))" } ?? "")
            return clock.map { MomentText.text(whole, on: $0) } ?? whole
        }
        if told.count > Self.mostLines { lines.append("and \(told.count - Self.mostLines) more") }
        let jobs = Set((isGood ? incidents : bad).map(\.job))
        if jobs.count == 1, let first = told.first, WholeTrouble.isOne(first) {
            title = "Onebeat: \(first.titleOfTheWhole)".harmless
        } else if let only = jobs.first, jobs.count == 1 {
            let words = isGood ? "well again" : (bad.first?.kind ?? "").replacing("_", with: " ")
            title = "Onebeat: \(only) \(words)".harmless
        } else {
            title = isGood ? "Onebeat: \(jobs.count) jobs are well again" : "Onebeat: \(jobs.count) jobs need a look"
        }
    }

    /// All of it as plain text.
    package var text: String { "\(title)\n\(body)" }

    /// What stands below the sentence.
    package var body: String { (lines + output).joined(separator: "\n") }

    /// The ends of what its runs have written, where that was asked for.
    package var output: [String] = []

    /// One that shows what messages look like.
    package static func sample(rule: String, number: Int64, at now: Timestamp) -> AlertMessage {
        var incident = Incident(
            rule: rule, kind: .failed, job: "example", since: .distantPast, run: RunID(1),
            summary: "failed: exit code 1; last line: this is a test of the channel, nothing is wrong")
        (incident.id, incident.openedAt) = (number, now)
        return AlertMessage([incident], number: number)
    }
}

extension Incident {
    /// When it was found, where that was long before people are told.
    fileprivate func whenFound(at now: Timestamp?) -> String? {
        if let heldBy { return "found at \(openedAt.words), held back by \(heldBy)" }
        guard let now, now.duration(since: openedAt) > AlertMessage.prompt else { return nil }
        return "found at \(openedAt.words)"
    }

    /// The job, or what else it is of.
    fileprivate var subject: String { WholeTrouble.isOne(self) ? "the " + job.filter { !"()".contains($0) } : job }

    fileprivate var titleOfTheWhole: String {
        switch AlertKind(rawValue: kind) {
        case .leaderless: "no node leads"
        case .store: "the store was away"
        case .skew: "\(subject) is off"
        case .recovered: "\(subject) is well again"
        case .failed, .lost, .dead, .missed, .late, .stuck, .skipping, .queueUnserved, .invalid, .slow, nil:
            "\(subject) \(kind)"
        }
    }
}

extension String {
    /// Without characters that nobody sees, that turn the direction of text, or that mean something to a terminal or a mail
    /// server.
    var harmless: String {
        guard unicodeScalars.contains(where: { $0.isHarmful || $0.properties.generalCategory == .control }) else {
            return self
        }
        return String(
            UnicodeScalarView(
                unicodeScalars.map {
                    $0.properties.generalCategory == .control ? " " : $0.isHarmful ? "\u{fffd}" : $0
                }))
    }
}
