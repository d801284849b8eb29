import Foundation
import Onebeat
import OnebeatTesting

/// What a chaos run did and found, for people: a run whose nemesis did little proves little, and must say so.
struct ChaosReport {
    private let history: ChaosHistory
    private let violations: [Violation]
    private let injected: [Fault: Int]
    private let wrongClocks: Int
    private let refusals: [(words: String, count: Int)]

    /// Log lines that show that something was refused, read back or given up.
    private static let signs = [
        ("settlement refused as stale", "settlements refused"), ("refused as stale:", "other writes refused"),
        ("lease lost", "leases lost"), ("did not confirm a change", "unknown outcomes"),
    ]

    init(
        _ history: ChaosHistory, violations: [Violation], injected: [Fault: Int], wrongClocks: Int, logs box: Sandbox
    ) {
        self.history = history
        self.violations = violations
        self.injected = injected
        self.wrongClocks = wrongClocks
        let files = (try? FileManager.default.contentsOfDirectory(atPath: box.folder)) ?? []
        let logs = files.filter { $0.hasPrefix("process-") }.map { box.read($0) }
        refusals = Self.signs.map { sign in
            (sign.1, logs.reduce(0) { $0 + $1.components(separatedBy: sign.0).count - 1 })
        }
    }

    /// How the faults that part a node from a server were done.
    private static let partings =
        Network.obstacle.map { "by lines that fall silent, and not by the network: \($0)" }
        ?? "each node in a network namespace of its own; its packets to one server, those of the server, or both dropped"

    private var takeovers: Int { history.attempts.count { $0.wasTakenOver } }

    /// What the nemesis was to do and did not, or what nothing came of.
    var weaknesses: [String] {
        Fault.allCases.filter { injected[$0] == nil }.map { "no fault of kind \($0.rawValue)" }
            + (takeovers == 0 ? ["no run was taken over"] : [])
    }

    var text: String {
        let due = history.runs.reduce(0) { $0 + $1.count }
        let states = counts(history.runs.map { $0.state.rawValue })
        let outcomes = counts(history.attempts.map { $0.outcome ?? "open" })
        let faults = Fault.allCases.map { "\($0.rawValue) \(injected[$0] ?? 0)" }.joined(separator: ", ")
        let verdict =
            !violations.isEmpty
            ? "FAILED: \(violations.count) violations" : weaknesses.isEmpty ? "passed" : "WEAK: \(weaknesses)"
        let overlaps = history.lines.count { if case .overlap = $0.kind { true } else { false } }
        return """
            chaos: faults      \(faults)
            chaos: partings    \(Self.partings)
            chaos: clocks      lives of a node that is wrong by an hour, either way: \(wrongClocks)
            chaos: due         \(due) instants in \(history.runs.count) rows: \(states)
            chaos: attempts    \(history.attempts.count): \(outcomes)
            chaos: nodes       \(history.lives.count) lives, \(history.lives.count { $0.isBuried }) of them ended in words
            chaos: takeovers   \(takeovers); beside a node that was frozen with its guardian: \(overlaps)
            chaos: refused     \(refusals.map { "\($0.words) \($0.count)" }.joined(separator: ", "))
            chaos: lateness    whole run \(lateness(of: history.attempts)); before and after the faults \(calm)
            chaos: verdict     \(verdict)
            """
    }

    private var calm: String { lateness(of: history.attempts.filter { $0.startedAt > history.healedAt }) }

    /// Of first attempts, by the store's clock.
    private func lateness(of attempts: [ChaosAttempt]) -> String {
        let due = Dictionary(history.runs.map { ($0.id, $0.scheduledAt) }) { $1 }
        let all = attempts.filter { $0.number == 1 }.compactMap { attempt in
            due[attempt.run].map { attempt.startedAt.duration(since: $0).inSeconds * 1000 }
        }.sorted()
        guard let last = all.last else { return "unknown" }
        func at(_ share: Double) -> Int { Int(all[min(Int(Double(all.count) * share), all.count - 1)]) }
        return "p50 \(at(0.5)) ms, p99 \(at(0.99)) ms, max \(Int(last)) ms"
    }

    private func counts(_ words: [String]) -> String {
        Dictionary(words.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.value > $1.value }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
