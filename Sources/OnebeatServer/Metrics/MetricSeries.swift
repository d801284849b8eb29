import Metrics
import Synchronization

/// The figures of one name under one set of labels.
protocol MetricSeries: AnyObject, Sendable {
    /// Writes the series' samples; `labels` is ready to stand between braces, or empty.
    func write(name: String, labels: String, to text: inout PrometheusText)
}

/// A figure that only grows.
final class CounterSeries: MetricSeries, CounterHandler {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) { value.add(max(amount, 0), ordering: .relaxed) }

    func reset() { value.store(0, ordering: .relaxed) }

    func write(name: String, labels: String, to text: inout PrometheusText) {
        text.sample(name, labels: labels, value: Double(value.load(ordering: .relaxed)))
    }
}

/// A figure that goes up and down.
final class GaugeSeries: MetricSeries, RecorderHandler, MeterHandler {
    private let value = Mutex(0.0)

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) { self.value.withLock { $0 = value } }

    func set(_ value: Int64) { record(Double(value)) }

    func set(_ value: Double) { record(value) }

    func increment(by amount: Double) { value.withLock { $0 += amount } }

    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    func write(name: String, labels: String, to text: inout PrometheusText) {
        text.sample(name, labels: labels, value: value.withLock { $0 })
    }
}

/// How often values fell under each of a fixed row of bounds.
final class HistogramSeries: MetricSeries, TimerHandler, RecorderHandler {
    /// Upper bounds in seconds, from a millisecond to an hour: lateness lives at the low end, durations at the high one.
    static let bounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600,
    ]

    private struct State {
        var counts = [Int](repeating: 0, count: HistogramSeries.bounds.count + 1)
        var sum = 0.0
    }

    private let state = Mutex(State())

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let slot = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.withLock {
            $0.counts[slot] += 1
            $0.sum += value
        }
    }

    func write(name: String, labels: String, to text: inout PrometheusText) {
        let state = state.withLock { $0 }
        let prefix = labels.isEmpty ? "" : labels + ","
        var total = 0
        for (bound, count) in zip(Self.bounds + [.infinity], state.counts) {
            total += count
            let label = "le=\"\(PrometheusText.number(bound))\""
            text.sample(name + "_bucket", labels: prefix + label, value: Double(total))
        }
        text.sample(name + "_sum", labels: labels, value: state.sum)
        text.sample(name + "_count", labels: labels, value: Double(total))
    }
}
