import Onebeat

/// What a beat sent in a while, held against what Onebeat recorded that it would have sent in the same while.
package struct BeatComparison: Sendable, Equatable {
    /// How one message, or one due instant, lies to the other side.
    package enum Difference: Sendable, Equatable {
        /// Onebeat would have sent at `at`, and the beat sent so much later, or earlier where it is less than zero.
        case shifted(at: Timestamp, job: String, by: Duration)
        /// The beat sent it, and Onebeat would not have.
        case missing(at: Timestamp, id: String)
        /// Onebeat would have sent it, and the beat did not.
        case extra(at: Timestamp, job: String)
    }

    /// What became of one shape of work.
    package struct Line: Sendable, Equatable {
        package var shape: TaskShape
        /// The jobs that send it; none where only the beat knows it.
        package var jobs: [String]
        package var same = 0
        package var differences: [Difference] = []

        package var isSame: Bool { differences.isEmpty }

        package init(shape: TaskShape, jobs: [String]) {
            self.shape = shape
            self.jobs = jobs
        }
    }

    /// A job and what it would have sent.
    package struct Job: Sendable {
        package var name: String
        package var shape: TaskShape
        /// The due instants in the while that it recorded as observed, in their order.
        package var observed: [Timestamp]
        /// Those beside them: before and after the while, and what it did not record.
        package var others: [Timestamp]
        /// Whether its instants count from a moment of its own, so that a beat's may lie anywhere between them.
        package var isInterval: Bool

        package init(
            name: String, shape: TaskShape, observed: [Timestamp], others: [Timestamp] = [], isInterval: Bool = false
        ) {
            self.name = name
            self.shape = shape
            self.observed = observed
            self.others = others
            self.isInterval = isInterval
        }
    }

    package var lines: [Line]

    /// Whether there was something on both sides, and no difference.
    package var isSame: Bool { lines.allSatisfy(\.isSame) && lines.contains { $0.same > 0 } }

    /// - Parameters:
    ///   - messages: what the beat sent, by the store's clock, in order.
    ///   - tolerance: how far apart the two may be and still be the same.
    package init(
        of jobs: [Job], with messages: [BeatMessage], from start: Timestamp, to end: Timestamp, tolerance: Duration
    ) {
        let sent = Dictionary(grouping: messages, by: \.shape)
        let own = Dictionary(grouping: jobs, by: \.shape)
        lines = Set(sent.keys).union(own.keys).sorted().map { shape in
            Self.line(shape, own[shape] ?? [], sent[shape] ?? [], start, end, tolerance)
        }
    }

    private static func line(
        _ shape: TaskShape, _ jobs: [Job], _ messages: [BeatMessage], _ start: Timestamp, _ end: Timestamp,
        _ tolerance: Duration
    ) -> Line {
        var line = Line(shape: shape, jobs: jobs.map(\.name).sorted())
        let observed = Set(jobs.flatMap { job in job.observed.map { OwnInstant($0, job.name) } })
        let all = observed.union(jobs.flatMap { job in job.others.map { OwnInstant($0, job.name) } }).sorted()
        var open = observed
        var alignment = BeatAlignment()
        for message in messages {
            guard let instant = alignment.instant(of: message.sentAt, among: all) else {
                line.differences.append(.missing(at: message.sentAt, id: message.id))
                continue
            }
            let wasRecorded = open.remove(instant) != nil
            let isInside = instant.at > start && instant.at < end
            if !wasRecorded, isInside {
                line.differences.append(.missing(at: message.sentAt, id: message.id))
                continue
            }
            let difference = message.sentAt.duration(since: instant.at)
            if difference <= tolerance, .zero - difference <= tolerance {
                line.same += 1
            } else {
                line.differences.append(.shifted(at: instant.at, job: instant.job, by: difference))
            }
        }
        // The message of an instant of an interval may have been sent before the while, or after it.
        let intervals = Set(jobs.filter(\.isInterval).map(\.name))
        let byJob = Dictionary(grouping: all.filter { intervals.contains($0.job) }, by: \.job)
        for instant in open.sorted() {
            let spacing = byJob[instant.job].map { $0.spacing(at: $0.partition { $0 >= instant }) * 3 / 5 }
            let room = max(tolerance, spacing ?? .zero)
            guard instant.at - room >= start, instant.at + room <= end else { continue }
            line.differences.append(.extra(at: instant.at, job: instant.job))
        }
        line.differences.sort { $0.moment < $1.moment }
        return line
    }
}

extension BeatComparison.Difference {
    package var moment: Timestamp {
        switch self {
        case .shifted(let at, _, _), .missing(let at, _), .extra(let at, _): at
        }
    }
}
