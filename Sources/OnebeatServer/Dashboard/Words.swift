import Foundation
import Onebeat

/// Moments, lengths of time and states as pages say them.
struct Words: Sendable {
    /// When the page is made, by the store's clock.
    let now: Timestamp

    /// `in 4 min`, `3 h ago`, with the moment itself for whoever points at it.
    func relative(_ moment: Timestamp?) -> HTML {
        guard let moment else { return "<span class=\"faint\">–</span>" }
        let distance = moment.duration(since: now)
        let words =
            if abs(distance.inSeconds) < 1 {
                say("now")
            } else if distance > .zero {
                say("in \(Self.rough(distance))")
            } else {
                say("\(Self.rough(.zero - distance)) ago")
            }
        return "<time datetime=\"\("\(moment)")\" title=\"\("\(moment)")\">\(words)</time>"
    }

    /// The time of day, with the date where it is not today's, and its zone: UTC, which the reader's browser makes its own.
    func clock(_ moment: Timestamp?) -> HTML {
        guard let moment else { return "<span class=\"faint\">–</span>" }
        let text = "\(moment)"
        let date = text.prefix(10)
        let clock = text.dropFirst(11).prefix(8)
        let words = date == "\(now)".prefix(10) ? "\(clock) UTC" : "\(date) \(clock) UTC"
        return "<time datetime=\"\("\(moment)")\" title=\"\("\(moment)")\" data-clock>\(words)</time>"
    }

    /// The moment with its date, in a sentence.
    static func whole(_ moment: Timestamp) -> HTML {
        "<time datetime=\"\("\(moment)")\" title=\"\("\(moment)")\" data-clock>\(moment.words)</time>"
    }

    /// Both: `03:00:00 · 4 min ago`.
    func both(_ moment: Timestamp?) -> HTML {
        moment == nil ? clock(nil) : "\(clock(moment)) <span class=\"faint\">\(relative(moment))</span>"
    }

    /// A length of time in its largest unit: `12 s`, `4 min`, `3 h`, `2 days`.
    static func rough(_ length: Duration) -> String {
        let seconds = length.inSeconds
        let words: HTML =
            switch seconds {
            case ..<90: say("\(Int(saturating: max(seconds, 0).rounded())) s")
            case ..<(90 * 60): say("\(Int(saturating: (seconds / 60).rounded())) min")
            case ..<(36 * 3600): say("\(Int(saturating: (seconds / 3600).rounded())) h")
            default: say("\(Int(saturating: (seconds / 86_400).rounded())) days")
            }
        // Numbers and words of ours: nothing of it was escaped.
        return words.text
    }

    /// A length of time with what matters of it: `12 ms`, `3.2 s`, `4 min 12 s`, `2 h 5 min`.
    static func exact(_ length: Duration) -> String {
        let seconds = length.inSeconds
        if seconds < 0.9995 { return say("\(Int(saturating: (max(seconds, 0) * 1000).rounded())) ms").text }
        if seconds < 9.95 { return say("\("\((seconds * 10).rounded() / 10)") s").text }
        let whole = Int(saturating: seconds.rounded())
        let words: HTML =
            switch whole {
            case ..<60: say("\(whole) s")
            case ..<3600 where whole % 60 == 0: say("\(whole / 60) min")
            case ..<3600: say("\(whole / 60) min \(whole % 60) s")
            case ..<86_400 where whole % 3600 / 60 == 0: say("\(whole / 3600) h")
            case ..<86_400: say("\(whole / 3600) h \(whole % 3600 / 60) min")
            case _ where whole % 86_400 / 3600 == 0: say("\(whole / 86_400) d")
            default: say("\(whole / 86_400) d \(whole % 86_400 / 3600) h")
            }
        return words.text
    }

    /// How long a run took, or has been running.
    func duration(of run: Run) -> HTML {
        guard let start = run.startedAt else { return "<span class=\"faint\">–</span>" }
        return "\(Self.exact((run.finishedAt ?? now).duration(since: start)))"
    }

    static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }
}

extension RunState {
    /// Those that somebody should look at.
    package static let troubles: Set<RunState> = [.failed, .timedOut, .lost, .dead, .missed]

    /// The state as pages say it.
    package var words: String { rawValue.replacing("_", with: " ") }

    /// The state in the reader's language.
    var said: HTML { say(Sentence(word: words)) }

    /// How it is coloured.
    var tone: String {
        switch self {
        case .succeeded: "good"
        case .failed, .timedOut, .lost, .dead: "bad"
        case .missed, .unknown: "warn"
        case .running: "busy"
        case .waiting, .scheduled, .cancelled, .skipped: "calm"
        }
    }

    var badge: HTML { "<span class=\"badge \(tone)\">\(said)</span>" }
}

extension JobHealth.State {
    /// How it is coloured.
    var tone: String {
        switch self {
        case .failing, .missing, .late, .stuck, .skipping, .unserved, .overdue, .invalid: "bad"
        case .waiting: "warn"
        case .running: "busy"
        case .well: "good"
        case .new, .paused: "calm"
        }
    }

    /// The state in the reader's language.
    var said: HTML { say(Sentence(word: rawValue)) }

    var badge: HTML { "<span class=\"badge \(tone)\">\(said)</span>" }
}

extension Reason {
    /// The reason in the reader's language.
    var said: HTML { say(Sentence(word: sentence)) }
}

extension Run {
    /// Why the run is as it is: its message, which is not ours, or its reason.
    var why: HTML { message.map(english) ?? reason?.said ?? "" }
}

/// Addresses of pages.
enum Address {
    static func job(_ name: String) -> String { "/jobs/\(encoded(name))" }
    static func run(_ id: RunID) -> String { "/runs/\(id)" }
    static func runs(job: String) -> String { "/runs?job=\(encoded(job))" }
    static func flow(_ id: RunID) -> String { "/flows/\(id)" }
    static func graph(_ job: String) -> String { "/graph/\(encoded(job))" }
    static func events(job: String) -> String { "/events?job=\(encoded(job))" }

    static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    /// Made once: a page of jobs has some hundred addresses.
    private static let unreserved = CharacterSet(
        charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")

    /// A name that is longer than any that a person gives is shown in part, and whole to whoever points at it.
    static func link(job name: String) -> HTML {
        let long: HTML? = name.utf8.count > 48 ? " class=\"long\" title=\"\(name)\"" : nil
        return "<a href=\"\(job(name))\"\(long)>\(name)</a>"
    }

    static func link(run id: RunID) -> HTML { "<a href=\"\(run(id))\">\("\(id)")</a>" }

    /// A path with those of the parameters that have a value.
    static func query(_ path: String, _ parameters: [(String, String?)]) -> String {
        let parts = parameters.compactMap { name, value in
            value.flatMap { $0.isEmpty ? nil : "\(name)=\(encoded($0))" }
        }
        return parts.isEmpty ? path : "\(path)?\(parts.joined(separator: "&"))"
    }
}
