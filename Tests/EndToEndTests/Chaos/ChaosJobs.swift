/// The jobs of a chaos run: each way to overlap, to be tried again and to be lost, every 1 to 5 seconds.
struct ChaosJobs {
    private struct Kind {
        var name: String
        var isAlone = true
        var skips = true
        var isAtMostOnce = false
        /// How long its work takes, in milliseconds.
        var length: Int
        /// `fail` where most first attempts fail, `stubborn` where all ignore TERM.
        var manner: String?
        var policies = ""
        /// A job that must have succeeded, and how many seconds before it that may have been due.
        var needs: (job: String, within: Int)?
    }

    struct Entry {
        var name: String
        var period: Int
        var isAlone: Bool
        var skips: Bool
        var isAtMostOnce: Bool
        var needs: (job: String, within: Int)?
        var line: String
    }

    let entries: [Entry]

    /// A flow beside them, which the audit judges: a diamond of which a half is tried again, and a job that never starts.
    static let flow = [
        "flow: {every: 2s, missed: all, exec: [/bin/true]}",
        "flow_left: {after: flow, exec: [/bin/sleep, \"0.2\"], overlap: queue_all}",
        "flow_right: {after: flow, run: \"test $ONEBEAT_ATTEMPT -gt 1\", retry: {limit: 9, backoff: 1s}, overlap: queue_all}",
        "flow_join: {after: [flow_left, flow_right], trigger_rule: all_done, exec: [/bin/true], overlap: queue_all}",
        "flow_alarm: {after: flow_join, trigger_rule: one_failed, exec: [/bin/true], overlap: queue_all}",
    ]

    private static let kinds = [
        Kind(name: "skip", length: 30),
        Kind(name: "every", length: 60, policies: "missed: all, catch_up: 1000"),
        Kind(name: "long", length: 2500),
        Kind(name: "turns", skips: false, length: 200, policies: "overlap: queue_all, missed: all, catch_up: 1000"),
        Kind(name: "queue", skips: false, length: 700, policies: "overlap: queue"),
        Kind(name: "beside", isAlone: false, skips: false, length: 100, policies: "overlap: allow, missed: all"),
        Kind(name: "once", isAtMostOnce: true, length: 100, policies: "delivery: at_most_once"),
        Kind(
            name: "oncebeside", isAlone: false, skips: false, isAtMostOnce: true, length: 400,
            policies: "delivery: at_most_once, overlap: allow"),
        Kind(name: "again", length: 40, manner: "fail", policies: "retry: {limit: 3, backoff: 1s}, missed: all"),
        Kind(
            name: "stubborn", isAlone: false, skips: false, length: 6000, manner: "stubborn",
            policies: "overlap: allow, missed: all"),
        Kind(name: "replace", skips: false, length: 1300, policies: "overlap: cancel"),
        // When all is well its need is met within a second; when not, it is missed for it.
        Kind(name: "fed", skips: false, length: 30, policies: "overlap: queue_all, deadline: 8s", needs: ("every1", 2)),
    ]

    private static let crowd = Kind(
        name: "crowd", isAlone: false, skips: false, length: 7000, manner: "stubborn",
        policies: "overlap: allow, missed: all")

    /// - Parameters:
    ///   - crowd: how many ignore TERM beside those, and begin all at once.
    ///   - sink: the file that all of them append to.
    ///   - locks: the folder of the locks that tell when two of a job are alive.
    init(_ count: Int, stubborn crowd: Int, sink: String, locks: String) {
        entries = (0..<count + crowd).map { number in
            let isOfCrowd = number >= count
            let kind = isOfCrowd ? Self.crowd : Self.kinds[number % Self.kinds.count]
            let period = isOfCrowd ? 90 : 1 + number / Self.kinds.count % 5
            let name = "\(kind.name)\(number)"
            let words = [
                Sandbox.built("ChaosSink"), sink, locks, kind.isAlone ? "alone" : "shared", "\(kind.length)",
            ]
            let command = (words + (kind.manner.map { [$0] } ?? [])).map { "\"\($0)\"" }.joined(separator: ", ")
            let needs = kind.needs.map { "needs: {\($0.job): {within: \($0.within)s}}" }
            let policies = ([kind.policies, needs ?? ""]).filter { !$0.isEmpty }.map { "\($0), " }.joined()
            return Entry(
                name: name, period: period, isAlone: kind.isAlone, skips: kind.skips, isAtMostOnce: kind.isAtMostOnce,
                needs: kind.needs, line: "\(name): {every: \(period)s, \(policies)exec: [\(command)]}")
        }
    }
}
