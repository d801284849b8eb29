import Onebeat

/// What fires when, over a stretch of time cut into equal parts. Its work is bounded however many jobs there are and however
/// often they fire: of each the first fires are counted, and from there on its pace.
struct FireForecast: Sendable {
    /// Many jobs that start within one minute.
    struct PileUp: Equatable, Sendable {
        /// The minute, for the first time.
        var at: Timestamp
        /// How many jobs.
        var count: Int
        /// On how many days of the stretch.
        var days: Int
        /// Some of the jobs.
        var jobs: [String]
        /// The `spread` that would leave a few starts a minute.
        var spread: Duration
    }

    struct Member: Sendable {
        var name: String
        var schedule: Schedule
    }

    /// How many fires are looked at in all.
    static let budget = 100_000
    /// How many jobs in one minute are a pile-up.
    static let pile = 3
    static let mostPiles = 5
    /// Jobs that fire more often than that are always there.
    static let rare = Duration.seconds(600)

    /// How many starts each part has, of all jobs or of those that ``FireForecast/rare`` leaves.
    private(set) var counts: [Int]
    /// How many jobs were left out, and how many starts they have in a part.
    private(set) var frequent: (jobs: Int, pace: Int) = (0, 0)
    /// Whether some of the counts are paces.
    private(set) var isEstimated = false
    private(set) var pileUps: [PileUp] = []

    init(
        _ members: [Member], from start: Timestamp, part: Duration, parts: Int, budget: Int = Self.budget,
        leavingOutFrequent: Bool = false
    ) {
        let end = start + part * parts
        let each = min(max(budget / max(members.count, 1), 8), 400)
        var sums = Array(repeating: 0.0, count: parts)
        var pace = 0.0
        var minutes: [Timestamp: [String]] = [:]
        let length = max(part.wholeMicroseconds, 1)
        func index(_ moment: Timestamp) -> Int {
            Int(min(max(moment.duration(since: start).wholeMicroseconds / length, 0), Int64(parts - 1)))
        }
        for member in members where !member.schedule.isDelay {
            let fires = member.schedule.occurrences(
                after: start - .microseconds(1), through: end - .microseconds(1), limit: each)
            let gaps = zip(fires, fires.dropFirst()).map { $1.duration(since: $0) }
            let isRare = gaps.allSatisfy { $0 >= Self.rare }
            if leavingOutFrequent, !isRare, let middle = gaps.sorted().dropFirst(gaps.count / 2).first,
                middle < Self.rare
            {
                frequent.jobs += 1
                pace += part / middle
                continue
            }
            for fire in fires { sums[index(fire)] += 1 }
            if fires.count == each, let last = fires.last, last > start {
                isEstimated = true
                let from = last.duration(since: start) / part
                let rate = Double(each - 1) / from
                for index in index(last)..<parts {
                    sums[index] += rate * (Double(index + 1) - max(from, Double(index)))
                }
            }
            guard isRare else { continue }
            for fire in fires {
                let due = member.schedule.definition.spread == .zero ? fire : member.schedule.dueAt(for: fire)
                minutes[Timestamp(seconds: Int64(due.seconds / 60 * 60)), default: []].append(member.name)
            }
        }
        counts = sums.map { Int(saturating: $0.rounded()) }
        frequent.pace = Int(saturating: pace.rounded())
        pileUps = Self.pileUps(minutes)
    }

    private static func pileUps(_ minutes: [Timestamp: [String]]) -> [PileUp] {
        let piles = minutes.filter { $0.value.count >= pile }
        // The same minute of each day is one pile-up, and told once.
        let days = Dictionary(grouping: piles.keys) { $0.seconds % 86_400 }
        let worst = days.values.compactMap { moments -> PileUp? in
            guard let count = moments.compactMap({ piles[$0]?.count }).max(),
                let first = moments.filter({ piles[$0]?.count == count }).min(), let jobs = piles[first]
            else { return nil }
            return PileUp(
                at: first, count: count, days: moments.count, jobs: Array(jobs.sorted().prefix(3)),
                spread: spread(for: count))
        }
        return Array(worst.sorted { ($0.count, $1.at) > ($1.count, $0.at) }.prefix(mostPiles))
    }

    /// The shortest usual length that leaves two starts a minute; no more than jobs of a pile-up have between fires.
    static func spread(for count: Int) -> Duration {
        let minutes = [2, 5, 10].first { count <= 2 * $0 } ?? 10
        return .seconds(minutes * 60)
    }
}
