import Onebeat
import OnebeatServer

/// What a person who starts a node wants to know first: where to look, and what runs next.
struct Banner {
    private let surroundings: Surroundings
    private let settings: NodeSettings
    private let address: ListenAddress?
    private let changes: [JobChange]?
    private let store: any Store

    /// How many coming fires are shown.
    private static let most = 5
    /// How many jobs they are chosen from: those that are planned first are not exactly those that are due first.
    private static let candidates = 100

    init(
        _ surroundings: Surroundings, _ settings: NodeSettings, address: ListenAddress?, changes: [JobChange]?,
        store: any Store
    ) {
        self.surroundings = surroundings
        self.settings = settings
        self.address = address
        self.changes = changes
        self.store = store
    }

    /// Has it printed, as the log is: nothing waits for a reader. Programs that read logs as JSON are spared.
    func show(on output: LogLines) async {
        guard surroundings.settings.logFormat.value == .text else { return }
        let jobs = (try? await store.plannable(through: .distantFuture, limit: Self.candidates)) ?? []
        let now = (try? await store.now()) ?? .now
        var any = JobFilter()
        any.limit = 1
        let hasJobs = (try? await store.jobs(any))?.isEmpty == false
        let next = hasJobs ? next(jobs, now: now) : ["no jobs are stored; `onebeat apply FILE` stores those of a file"]
        let standby = try? await store.standby()
        let only = (standby?.isOver ?? true) ? nil : "nothing is started, what falls due is only written down"
        for line in lines(next, only: only, for: .output) { output.write("\(line.text)\n") }
    }

    private func lines(_ next: [String], only: String?, for terminal: Terminal) -> [TerminalText] {
        var table = TextTable("", "")
        func add(_ title: String, _ text: String) { table.add(.init(title, .quiet), .init(text)) }
        if let file = surroundings.file {
            add("file", "\(file.path): \(changes?.summary ?? "older than what is in force, which goes on")")
        }
        add("store", surroundings.storeName)
        if let redis = surroundings.settings.redis.value {
            add("redis", "\(redis), locks \(surroundings.settings.locks.value.rawValue)")
        }
        if let only { add("observes", only) }
        let scheme = surroundings.settings.certificate.value == nil ? "http" : "https"
        if let address { add("look at", "\(scheme)://\(address)/") }
        for (index, line) in next.enumerated() { add(index == 0 ? "next" : "", line) }
        if settings.roles != Set(NodeRole.allCases) {
            add("roles", NodeRole.sorted(settings.roles).map(\.rawValue).joined(separator: ", "))
        }
        let slots = settings.roles.contains(.worker) ? ", \(settings.slots) slots" : ""
        let title: TerminalText = "onebeat \(OnebeatVersion.current), node \(settings.name)\(slots)"
        return [terminal.paint(title, .title)] + table.lines(for: terminal).map { "  \($0)" }
            + ["", "Stop with Ctrl-C: running jobs get \(settings.drain.text) to end."]
    }

    private func next(_ jobs: [JobRecord], now: Timestamp) -> [String] {
        let due = jobs.filter { !$0.isPaused }.compactMap { job -> (at: Timestamp, job: String, text: String)? in
            let schedule = try? Schedule(of: job.definition)
            guard let schedule, let next = job.nextDue(by: schedule, after: now) else { return nil }
            return (next, job.name, schedule.readable(next))
        }
        let first = due.sorted { ($0.at, $0.job) < ($1.at, $1.job) }.prefix(Self.most)
        let width = first.map(\.job.count).max() ?? 0
        let lines = first.map { fire in
            let name = fire.job + String(repeating: " ", count: width - fire.job.count)
            return "\(name)  \(fire.text)  \(fire.at.relative(to: now))"
        }
        return lines.isEmpty ? ["nothing is due"] : lines
    }
}
