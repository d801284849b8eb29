import Onebeat

/// Whether a job takes longer than it did: half of its newest runs beside half of those before.
struct DurationTrend: Equatable {
    /// What half of the newest runs took at most.
    var usual: Duration
    /// How many times as long as before that is; `nil` where too few runs tell.
    var factor: Double?

    /// So many runs on either side tell something.
    static let fewest = 5
    /// A change by less than that is none, and so is one that nobody would notice.
    static let telling = (longer: 1.3, shorter: 0.7, least: Duration.milliseconds(100))

    /// - Parameter runs: the newest first. Only what ended well tells how long the work takes.
    init?(_ runs: [Run]) {
        let lengths = runs.filter { $0.state == .succeeded }.compactMap(\.length)
        guard !lengths.isEmpty else { return nil }
        let newest = lengths.prefix(max(lengths.count / 2, 1))
        usual = Self.middle(newest)
        let before = lengths.dropFirst(newest.count)
        guard newest.count >= Self.fewest, before.count >= Self.fewest else { return }
        let old = Self.middle(before)
        if old > .zero { factor = usual / old }
        if max(usual - old, old - usual) < Self.telling.least { factor = 1 }
    }

    private static func middle(_ lengths: some Sequence<Duration>) -> Duration {
        let sorted = lengths.sorted()
        return sorted[sorted.count / 2]
    }

    var html: HTML {
        let usual: HTML = "<span class=\"nowrap\">\(Words.exact(usual))</span>"
        guard let factor else { return usual }
        let percent = Int(saturating: (abs(factor - 1) * 100).rounded())
        if factor >= Self.telling.longer {
            return "\(usual) <span class=\"nowrap warned\" title=\"\(say("longer than before"))\">↗ \(percent) %</span>"
        }
        if factor <= Self.telling.shorter {
            return "\(usual) <span class=\"nowrap faint\" title=\"\(say("shorter than before"))\">↘ \(percent) %</span>"
        }
        return usual
    }
}
