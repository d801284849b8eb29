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
                "now"
            } else if distance > .zero {
                "in \(Self.rough(distance))"
            } else {
                "\(Self.rough(.zero - distance)) ago"
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

    /// Both: `03:00:00 · 4 min ago`.
    func both(_ moment: Timestamp?) -> HTML {
        moment == nil ? clock(nil) : "\(clock(moment)) <span class=\"faint\">\(relative(moment))</span>"
    }

    /// A length of time in its largest unit: `12 s`, `4 min`, `3 h`, `2 days`.
    static func rough(_ length: Duration) -> String {
        let seconds = length.inSeconds
        return switch seconds {
        case ..<90: "\(Int(saturating: max(seconds, 0).rounded())) s"
        case ..<(90 * 60): "\(Int(saturating: (seconds / 60).rounded())) min"
        case ..<(36 * 3600): "\(Int(saturating: (seconds / 3600).rounded())) h"
        default: "\(Int(saturating: (seconds / 86_400).rounded())) days"
        }
    }

    /// A length of time with what matters of it: `12 ms`, `3.2 s`, `4 min 12 s`, `2 h 5 min`.
    static func exact(_ length: Duration) -> String {
        let seconds = length.inSeconds
        if seconds < 0.9995 { return "\(Int(saturating: (max(seconds, 0) * 1000).rounded())) ms" }
        if seconds < 9.95 { return "\((seconds * 10).rounded() / 10) s" }
        let whole = Int(saturating: seconds.rounded())
        func pair(_ size: Int, _ name: String, _ smaller: Int, _ smallerName: String) -> String {
            let rest = whole % size / smaller
            return rest == 0 ? "\(whole / size) \(name)" : "\(whole / size) \(name) \(rest) \(smallerName)"
        }
        return switch whole {
        case ..<60: "\(whole) s"
        case ..<3600: pair(60, "min", 1, "s")
        case ..<86_400: pair(3600, "h", 60, "min")
        default: pair(86_400, "d", 3600, "h")
        }
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

    /// How it is coloured.
    private var tone: String {
        switch self {
        case .succeeded: "good"
        case .failed, .timedOut, .lost, .dead: "bad"
        case .missed, .unknown: "warn"
        case .running: "busy"
        case .waiting, .scheduled, .cancelled, .skipped: "calm"
        }
    }

    var badge: HTML { "<span class=\"badge \(tone)\">\(words)</span>" }
}

extension JobHealth.State {
    /// How it is coloured.
    private var tone: String {
        switch self {
        case .failing, .missing, .stuck, .skipping, .unserved, .overdue, .invalid: "bad"
        case .waiting: "warn"
        case .running: "busy"
        case .well: "good"
        case .new, .paused: "calm"
        }
    }

    var badge: HTML { "<span class=\"badge \(tone)\">\(rawValue)</span>" }
}

/// Addresses of pages.
enum Address {
    static func job(_ name: String) -> String { "/jobs/\(encoded(name))" }
    static func run(_ id: RunID) -> String { "/runs/\(id)" }
    static func runs(job: String) -> String { "/runs?job=\(encoded(job))" }

    static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(
            withAllowedCharacters: CharacterSet(
                charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")) ?? ""
    }

    static func link(job name: String) -> HTML { "<a href=\"\(job(name))\">\(name)</a>" }
}
