import CoreMetrics
import Testing

@testable import OnebeatServer

@Suite struct PrometheusRegistryTests {
    let registry = PrometheusRegistry()

    @Test func aCounterIsWrittenWithItsTypeAndLabelsInOrder() {
        let counter = Counter(label: "jobs_total", dimensions: [("b", "2"), ("a", "1")], factory: registry)
        counter.increment(by: 2)
        counter.increment()
        #expect(lines(of: "jobs_total") == ["# TYPE jobs_total counter", "jobs_total{a=\"1\",b=\"2\"} 3"])
    }

    @Test func theSameNameAndLabelsAreTheSameSeriesInWhateverOrder() {
        Counter(label: "n", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "n", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(lines(of: "n") == ["# TYPE n counter", "n{a=\"1\",b=\"2\"} 2"])
    }

    @Test func labelValuesAreEscaped() {
        Counter(label: "n", dimensions: [("reason", "a\"b\\c\nd")], factory: registry).increment()
        #expect(lines(of: "n").last == #"n{reason="a\"b\\c\nd"} 1"#)
    }

    @Test func namesThatPrometheusRefusesAreMadePlain() {
        Counter(label: "2 odd-näme", dimensions: [("1st label", "x")], factory: registry).increment()
        #expect(registry.text().contains("_2_odd_n_me{_1st_label=\"x\"} 1\n"))
    }

    @Test func aLabelNamedTwiceIsWrittenOnce() {
        Counter(label: "n", dimensions: [("a-b", "1"), ("a.b", "2")], factory: registry).increment()
        #expect(lines(of: "n").last == "n{a_b=\"1\"} 1")
    }

    @Test func aGaugeShowsItsLastValue() {
        let gauge = Gauge(label: "level", factory: registry)
        gauge.record(7)
        gauge.record(2.5)
        #expect(lines(of: "level") == ["# TYPE level gauge", "level 2.5"])
    }

    @Test func aMeterGoesUpAndDown() {
        let meter = Meter(label: "level", factory: registry)
        meter.set(10)
        meter.decrement(by: 3)
        #expect(lines(of: "level").last == "level 7")
    }

    @Test func aTimerIsAHistogramOfSecondsWhoseBucketsAddUp() {
        let timer = CoreMetrics.Timer(label: "wait_seconds", factory: registry)
        timer.recordMilliseconds(1)
        timer.recordMilliseconds(30)
        timer.recordSeconds(7200)
        let lines = lines(of: "wait_seconds")
        #expect(lines.first == "# TYPE wait_seconds histogram")
        #expect(lines.contains("wait_seconds_bucket{le=\"0.001\"} 1"))
        #expect(lines.contains("wait_seconds_bucket{le=\"0.025\"} 1"))
        #expect(lines.contains("wait_seconds_bucket{le=\"0.05\"} 2"))
        #expect(lines.contains("wait_seconds_bucket{le=\"3600\"} 2"))
        #expect(lines.contains("wait_seconds_bucket{le=\"+Inf\"} 3"))
        #expect(lines.contains("wait_seconds_sum 7200.031"))
        #expect(lines.last == "wait_seconds_count 3")
    }

    @Test func aNameHasBoundedSeriesAndTheRestIsCounted() {
        for number in 0..<(PrometheusRegistry.mostSeries + 5) {
            Counter(label: "n", dimensions: [("id", "\(number)")], factory: registry).increment()
        }
        #expect(lines(of: "n").count == PrometheusRegistry.mostSeries + 1)
        #expect(registry.text().contains("\nonebeat_metrics_refused_total 5\n"))
    }

    @Test func aNameKeepsItsFirstKind() {
        Counter(label: "n", factory: registry).increment()
        Gauge(label: "n", factory: registry).record(9)
        #expect(lines(of: "n") == ["# TYPE n counter", "n 1"])
    }

    @Test func countingFromManyThreadsLosesNothing() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 { Counter(label: "n", factory: registry).increment() }
                }
            }
        }
        #expect(lines(of: "n").last == "n 8000")
    }

    @Test func everyFigureOfOursHasHelpBeforeItsType() {
        Gauge(label: "onebeat_slots", factory: registry).record(1)
        #expect(lines(of: "onebeat_slots").first?.hasPrefix("# HELP onebeat_slots How many runs") == true)
    }

    private func lines(of name: String) -> [String] {
        registry.text().split(separator: "\n").map(String.init).filter { line in
            line.hasPrefix("# HELP \(name) ") || line.hasPrefix("# TYPE \(name) ") || line.hasPrefix("\(name) ")
                || line.hasPrefix("\(name){") || line.hasPrefix("\(name)_")
        }
    }
}
