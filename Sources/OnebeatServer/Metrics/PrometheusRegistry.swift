import Metrics
import Onebeat
import Synchronization

// Metrics: what a node counts and measures, as Prometheus reads it. Code counts through swift-metrics and knows nothing
// of this folder; the registry keeps the figures in memory and writes them as text when someone asks. It never grows
// without bound, whatever labels it is given.

/// Keeps the program's figures and writes them in Prometheus' text format 0.0.4.
///
/// Counters become counters, gauges and meters gauges, timers and recorders histograms; a timer's unit is the second.
/// A name keeps the kind it was first used with, and at most ``mostSeries`` sets of labels; what goes beyond that is
/// taken, kept nowhere, and counted in `onebeat_metrics_refused_total`.
public final class PrometheusRegistry: MetricsFactory, Sendable {
    /// The value of the `Content-Type` header that goes with ``text()``.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    /// How many sets of labels one name may have.
    public static let mostSeries = 200
    /// How many names there may be.
    public static let mostNames = 500

    private struct State {
        var families: [String: MetricFamily] = [:]
        var refused = 0
    }

    private let state = Mutex(State())

    /// A registry without figures.
    public init() {}

    /// All figures, one family after the other by name.
    public func text() -> String {
        var text = PrometheusText()
        write(to: &text)
        return text.content
    }

    func write(to text: inout PrometheusText) {
        let (families, refused) = state.withLock { ($0.families, $0.refused) }
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text.family(name, family.kind)
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(name: name, labels: labels, to: &text)
            }
        }
        text.family("onebeat_metrics_refused_total", .counter)
        text.sample("onebeat_metrics_refused_total", value: Double(refused))
    }

    /// A counter; the same one each time for the same name and labels.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(CounterSeries(), .counter, label, dimensions)
    }

    /// A gauge, or a histogram when `aggregate` asks for a distribution.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? series(HistogramSeries(), .histogram, label, dimensions)
            : series(GaugeSeries(), .gauge, label, dimensions)
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(GaugeSeries(), .gauge, label, dimensions)
    }

    /// A histogram of seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(HistogramSeries(), .histogram, label, dimensions)
    }

    /// Does nothing: a figure that vanished between two scrapes would look like a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Does nothing; see ``destroyCounter(_:)``.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Does nothing; see ``destroyCounter(_:)``.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Does nothing; see ``destroyCounter(_:)``.
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// The series of that name and labels: the one that is kept already, `new` from now on, or `new` on its own where
    /// the bounds or another kind of the same name forbid to keep it.
    private func series<Series: MetricSeries>(
        _ new: Series, _ kind: MetricFamily.Kind, _ label: String, _ dimensions: [(String, String)]
    ) -> Series {
        let name = PrometheusText.name(label)
        let labels = PrometheusText.labels(dimensions)
        return state.withLock { state in
            var family = state.families[name] ?? MetricFamily(kind: kind)
            if let known = family.series[labels] as? Series { return known }
            guard family.kind == kind, family.series.count < Self.mostSeries,
                state.families[name] != nil || state.families.count < Self.mostNames
            else {
                state.refused += 1
                return new
            }
            family.series[labels] = new
            state.families[name] = family
            return new
        }
    }
}

/// All series of one name.
struct MetricFamily: Sendable {
    enum Kind: String {
        case counter, gauge, histogram
    }

    var kind: Kind
    var series: [String: any MetricSeries] = [:]
}
