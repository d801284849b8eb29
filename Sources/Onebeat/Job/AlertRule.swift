/// What an alert tells of, and how: the work of a job that tells people. A run of it is one message.
public struct AlertRule: Sendable, Hashable {
    /// What it tells of: words of ``AlertKind``. A word that a newer version knows is left alone.
    public var on: [String]
    /// Names, and patterns with `*`, of the jobs it tells of; all when these and `tags` are empty.
    public var jobs: [String]
    /// Tags of the jobs it tells of.
    public var tags: [String]
    /// How many failures or skips in a row there must be.
    public var after: Int
    /// How long it waits for more to tell in the same message.
    public var group: Duration
    /// How long until it is told again, for as long as it lasts and nobody has acknowledged it; never when `nil`.
    public var repeats: Duration?
    /// When nothing is told.
    public var quiet: QuietHours?
    /// How many of the last lines of a run's output stand in the message.
    public var output: Int
    /// The way the message goes: `webhook`, `slack`, `run`, …
    public var channel: String
    /// What that way needs. Values may be secrets; `${NAME}` in them is expanded on the node that sends.
    public var settings: [String: String]

    /// Makes a rule.
    public init(
        on: [String] = AlertKind.usual.map(\.rawValue), jobs: [String] = [], tags: [String] = [], after: Int = 1,
        group: Duration = .seconds(10), output: Int = 0, channel: String, settings: [String: String] = [:]
    ) {
        self.on = on
        self.jobs = jobs
        self.tags = tags
        self.after = after
        self.group = group
        self.output = output
        self.channel = channel
        self.settings = settings
    }
}

/// What can be told of a job.
public enum AlertKind: String, Sendable, Hashable, CaseIterable {
    /// A run failed or was stopped at its time-out.
    case failed
    /// A run's worker vanished, and it must not be started again.
    case lost
    /// A run's workers vanished too often.
    case dead
    /// What was due was not started in time.
    case missed
    /// A run has been due for a minute, or nobody planned it, and it has not started.
    case late
    /// A run takes three times as long as usual.
    case stuck
    /// What falls due is skipped again and again.
    case skipping
    /// No living node serves its queue, or can do its work.
    case queueUnserved = "queue_unserved"
    /// Its definition cannot be read.
    case invalid
    /// A run that has ended took three times as long as 19 of 20 that ended well.
    case slow
    /// Nobody leads: nothing new falls due.
    case leaderless
    /// A node's clock is too far from the store's.
    case skew
    /// The store could not be reached for a while.
    case store
    /// It is well again after something that was told.
    case recovered

    /// What is told unless a rule says otherwise.
    public static let usual: [AlertKind] = allCases.filter { $0 != .slow }

    /// What is told of no job but of the whole.
    package static let ofTheWhole: Set<AlertKind> = [.leaderless, .skew, .store]
}

/// Names that may hold `*` for any number of characters.
package enum NamePattern {
    /// Whether the whole name fits. The time it takes grows with the product of their lengths, and no more.
    package static func fits(_ name: String, _ pattern: String) -> Bool {
        let (name, pattern) = (Array(name.utf8), Array(pattern.utf8))
        let star = UInt8(ascii: "*")
        var (place, next) = (0, 0)
        var resume: (pattern: Int, name: Int)?
        while place < name.count {
            if next < pattern.count, pattern[next] == star {
                resume = (next + 1, place)
                next += 1
            } else if next < pattern.count, pattern[next] == name[place] {
                place += 1
                next += 1
            } else if let last = resume {
                // The star before takes one character more.
                resume = (last.pattern, last.name + 1)
                (next, place) = (last.pattern, last.name + 1)
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == star }
    }
}
