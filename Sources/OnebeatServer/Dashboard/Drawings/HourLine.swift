import Onebeat

/// The past hour and the next on one line, minute by minute: what ended how, what runs, and what will start.
struct HourLine {
    struct Minute: Equatable {
        var good = 0
        var bad = 0
        var calm = 0
        var busy = 0
        var coming = 0

        fileprivate var total: Int { good + bad + calm + busy + coming }
    }

    static let minutes = 60
    /// How many jobs the next hour is drawn of at most, and how many runs the past one.
    static let mostJobs = 500
    static let mostRuns = 1000
    private static let (step, height) = (8, 72)

    /// The past hour, then the next.
    private(set) var minutes = Array(repeating: Minute(), count: 2 * HourLine.minutes)

    /// - Parameters:
    ///   - runs: those of the past hour, in any order.
    ///   - coming: how many starts are to come in each minute of the next hour.
    init(now: Timestamp, runs: [Run], coming: [Int]) {
        for run in runs {
            let moment = run.startedAt ?? run.finishedAt ?? run.dueAt
            let age = now.duration(since: moment).inSeconds
            guard age >= 0, age < Double(Self.minutes * 60) else { continue }
            let place = Self.minutes - 1 - Int(saturating: (age / 60).rounded(.down))
            switch run.state {
            case .succeeded: minutes[place].good += run.count
            case .failed, .timedOut, .lost, .dead, .missed: minutes[place].bad += run.count
            case .running: minutes[place].busy += run.count
            case .skipped, .cancelled: minutes[place].calm += run.count
            case .waiting, .scheduled, .unknown: break
            }
        }
        for (place, count) in coming.prefix(Self.minutes).enumerated() { minutes[Self.minutes + place].coming = count }
    }

    var html: HTML {
        let highest = max(1, minutes.map(\.total).max() ?? 1)
        let bars = minutes.enumerated().map { place, minute in column(minute, at: place * Self.step, highest) }
        let width = minutes.count * Self.step
        let past = minutes.prefix(Self.minutes)
        let label = say(
            "In the past hour \(past.reduce(0) { $0 + $1.good }) runs succeeded and \(past.reduce(0) { $0 + $1.bad }) did not; in the next about \(minutes.suffix(Self.minutes).reduce(0) { $0 + $1.coming }) start"
        )
        return """
            <svg class="hours" viewBox="0 0 \(width) \(Self.height)" preserveAspectRatio="none" role="img" \
            aria-label="\(label)">\(bars)<line class="now" x1="\(width / 2)" x2="\(width / 2)" y1="0" y2="\(Self.height)"/></svg>
            <div class="axis"><span>\(say("1 h ago"))</span><span>\(say("now"))</span><span>\(say("in 1 h"))</span></div>
            <p class="faint">\(say("\(label)."))</p>
            """
    }

    private func column(_ minute: Minute, at x: Int, _ highest: Int) -> HTML {
        guard minute.total > 0 else { return "" }
        var bars: [HTML] = []
        var y = Double(Self.height)
        let parts = [
            ("bad", minute.bad), ("warn", minute.busy), ("good", minute.good), ("calm", minute.calm),
            ("coming", minute.coming),
        ]
        for (tone, count) in parts where count > 0 {
            let tall = max(3, Double(count) / Double(highest) * Double(Self.height - 14))
            y -= tall
            bars.append(
                """
                <rect class="\(tone)" x="\(x)" y="\(DurationChart.figure(y))" width="\(Self.step - 2)" \
                height="\(DurationChart.figure(tall))"/>
                """)
        }
        return "<g>\(bars)</g>"
    }
}
