import Onebeat

/// How long the newest runs took, with what half of them and nineteen of twenty took at most.
struct DurationChart {
    /// Runs that ended after a start, the newest first.
    let runs: [Run]
    let lengths: [Duration]

    private static let (width, height) = (720, 120)
    /// Fewer tell nothing.
    private static let fewest = 2

    init(_ runs: [Run]) {
        self.runs = runs.filter { $0.length != nil }
        lengths = self.runs.compactMap(\.length).sorted()
    }

    /// What so many of a hundred took at most.
    func percentile(_ percent: Int) -> Duration? {
        lengths.isEmpty ? nil : lengths[max(0, (lengths.count * percent + 99) / 100 - 1)]
    }

    var html: HTML? {
        guard runs.count >= Self.fewest, let longest = lengths.last, longest > .zero, let half = percentile(50),
            let most = percentile(95)
        else { return nil }
        let step = Double(Self.width) / Double(runs.count)
        func height(_ length: Duration) -> Double { max(2, length / longest * Double(Self.height - 8)) }
        let bars = runs.reversed().enumerated().map { place, run in
            let length = run.length ?? .zero
            let tall = height(length)
            return """
                <a href="\(Address.run(run.id))" aria-label="\(say("run \("\(run.id)"): \(Words.exact(length))"))">\
                <rect class="\(run.state.tone)" x="\(Self.figure(Double(place) * step))" \
                y="\(Self.figure(Double(Self.height) - tall))" width="\(Self.figure(max(1, step - 1.5)))" \
                height="\(Self.figure(tall))"><title>\(say("run \("\(run.id)"): \(Words.exact(length))"))</title></rect></a>
                """ as HTML
        }
        func line(_ length: Duration, _ name: String) -> HTML {
            let y = Self.figure(Double(Self.height) - height(length))
            return "<line class=\"\(name)\" x1=\"0\" x2=\"\(Self.width)\" y1=\"\(y)\" y2=\"\(y)\"/>"
        }
        return """
            <svg class="chart" viewBox="0 0 \(Self.width) \(Self.height)" preserveAspectRatio="none" role="group" \
            aria-label="\(say("How long the last \(runs.count) runs took"))">\(bars)\(line(half, "half"))\(line(most, "most"))</svg>
            <p class="legend"><span class="half"></span>\(say("half took at most \(Words.exact(half))")) \
            <span class="most"></span>\(say("19 of 20 took at most \(Words.exact(most))"))</p>
            """
    }

    /// A number as SVG takes it.
    static func figure(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
