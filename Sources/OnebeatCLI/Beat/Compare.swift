import ArgumentParser
import Foundation
import Onebeat
import OnebeatCelery
import OnebeatServer
import UnixSignals

struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hold what an observing store would have sent against what a running beat sends.",
        discussion: """
            Watches the broker with MONITOR, so that nothing is changed in the application; that slows the broker down for \
            as long as it goes on. Ends after --for, or with Ctrl-C, and says of each task what was the same, what only one \
            side sent, and what was sent at another moment. Exits with 0 only when all was the same, and with 1 when \
            anything differs or nothing was due.
            """)
    @Argument(help: "The configuration file.")
    var file: String?
    @Flag(help: "Against `celery beat`, RedBeat or django-celery-beat, on the broker that the file names.")
    var celery = false
    @Option(name: .customLong("for"), help: "How long to watch, such as 10m or 1d; otherwise until Ctrl-C.")
    var length: String?
    @Option(help: "How far apart the two may be and still be the same.")
    var tolerance = "1s"
    @Flag(
        help:
            "Count messages that bear no beat's mark: older versions of Celery set none. Those of others count too, then."
    )
    var unmarked = false
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    /// How often the broker's line is looked after.
    private static let care = Duration.seconds(5)
    /// How long nodes may take to write down what was due last.
    private static let settling = Duration.seconds(10)
    /// Differences of one task that are shown one by one; the rest is counted.
    private static let mostShown = 10
    /// How long a task and its arguments may be in the table.
    private static let mostWords = 60

    func validate() throws {
        guard celery else { throw ValidationError("Name what to compare with: --celery.") }
        if let length, Duration(text: length).map({ $0 > .zero }) != true {
            throw ValidationError("--for is \"\(length)\"; write a length such as 10m.")
        }
        if Duration(text: tolerance).map({ $0 >= .zero }) != true {
            throw ValidationError("--tolerance is \"\(tolerance)\"; write a length such as 1s.")
        }
    }

    func run() async throws {
        let (store, settings) = try await store.storeAndCelery(file)
        switch try await store.standby() {
        case .observing: break
        case .handingOver(let start):
            throw CommandFailure(
                "this store has handed the work over since \(start.words.told), and a take-over that does not come to its end is called"
                    + " again: onebeat take-over --celery")
        case .over, nil:
            throw CommandFailure(
                "this store does not observe, so that it has nothing that it would have sent; start its nodes over a store"
                    + " of their own with `onebeat up --observe`")
        }
        try await store.requireSender(at: try await store.now())
        let listener: BeatListener
        do {
            listener = try await BeatListener.open(settings, onlyMarked: !unmarked)
        } catch {
            throw CommandFailure("\(error)", .unavailable)
        }
        do {
            try await compare(store, settings, listener)
        } catch {
            await listener.close()
            throw error
        }
        await listener.close()
    }

    private func compare(_ store: any Store, _ settings: CelerySettings, _ listener: BeatListener) async throws {
        let start = try await store.now()
        let ahead = try await listener.brokerTime().duration(since: start)
        var messages = try await listen(listener, length.flatMap { Duration(text: $0) })
        let end = try await store.now()
        messages += listener.take()
        let sent = messages.map { message in
            var message = message
            message.sentAt = message.sentAt - ahead
            return message
        }.filter { $0.sentAt >= start && $0.sentAt < end }
        let jobs = try await ObservedJobs(in: store, settings)
        try await settle(store, end)
        let comparison = BeatComparison(
            of: try await jobs.recorded(from: start, to: end), with: sent, from: start, to: end,
            tolerance: Duration(text: tolerance) ?? .seconds(1))
        try show(comparison, heard: sent.count, settings, from: start, to: end)
        if !comparison.isSame { throw CommandFailure.silent(.failed) }
    }

    /// Until the time is over, or somebody ends it.
    private func listen(_ listener: BeatListener, _ length: Duration?) async throws -> [BeatMessage] {
        let end = length.map { ContinuousClock.now + $0 }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: [BeatMessage]?.self) { group in
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            group.addTask {
                var heard: [BeatMessage] = []
                while !Task.isCancelled {
                    let next = min(end ?? .now + Self.care, .now + Self.care)
                    do { try await Task.sleep(until: next, clock: .continuous) } catch { break }
                    do {
                        try await listener.catchUp()
                    } catch {
                        throw CommandFailure("\(error)", .unavailable)
                    }
                    heard += listener.take()
                    Output.passing("onebeat: \(heard.count) messages of a beat so far")
                    if let end, .now >= end { break }
                }
                return heard
            }
            var heard: [BeatMessage] = []
            while let result = try await group.next() {
                if let result { heard = result }
                group.cancelAll()
            }
            Output.endPassing()
            return heard
        }
    }

    /// What was due last is written down a moment later.
    private func settle(_ store: any Store, _ end: Timestamp) async throws {
        let patience = ContinuousClock.now + Self.settling
        var filter = RunFilter()
        (filter.states, filter.before, filter.limit) = ([.scheduled], end, 1)
        while ContinuousClock.now < patience, try await !store.runs(filter).isEmpty {
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    // MARK: What is shown

    private struct Answer: Encodable {
        struct Task: Encodable {
            var task: String
            var args: String
            var kwargs: String
            var list: String
            var jobs: [String]
            var same: Int
            var shifted: [Shift]
            var missing: [Moment]
            var extra: [Moment]
        }
        struct Shift: Encodable {
            var at: Timestamp
            var job: String
            var by: Double
        }
        struct Moment: Encodable {
            var at: Timestamp
            var job: String?
            var id: String?
        }
        var same: Bool
        var heard: Int
        var from: Timestamp
        var until: Timestamp
        var tasks: [Task]
    }

    private func show(
        _ comparison: BeatComparison, heard: Int, _ settings: CelerySettings, from start: Timestamp, to end: Timestamp
    ) throws {
        if format.json {
            return try Output.json(
                Answer(
                    same: comparison.isSame, heard: heard, from: start, until: end,
                    tasks: comparison.lines.map(answer)))
        }
        let clock = try reader.clock()
        let terminal = Terminal.output
        var table = TextTable("task", "jobs", "same", "shifted", "missing", "extra", rightAligned: [2, 3, 4, 5])
        for line in comparison.lines where line.same > 0 || !line.isSame {
            let counts = answer(line)
            table.add(
                .init(line.shape.words(settings, most: Self.mostWords)),
                .init(line.jobs.isEmpty ? "none" : line.jobs.joined(separator: ", ")),
                .init("\(line.same)"), .init("\(counts.shifted.count)", counts.shifted.isEmpty ? nil : .warning),
                .init("\(counts.missing.count)", counts.missing.isEmpty ? nil : .bad),
                .init("\(counts.extra.count)", counts.extra.isEmpty ? nil : .bad))
        }
        for line in table.lines(for: terminal) { Output.line(line) }
        // Where nothing at all is heard, one thing is wrong and not many.
        for line in comparison.lines where !line.isSame && heard > 0 {
            for difference in line.differences.prefix(Self.mostShown) {
                Output.line("  \(words(difference, line.shape.words(settings), clock))")
            }
            if line.differences.count > Self.mostShown {
                Output.line("  … and \(line.differences.count - Self.mostShown) more; --json has them all")
            }
        }
        if heard == 0, comparison.lines.contains(where: { !$0.isSame }) {
            Output.line(
                terminal.paint("\(BeatListener.silence(on: settings, isUnmarked: unmarked))", .bad))
        }
        let idle = comparison.lines.count { $0.same == 0 && $0.isSame }
        let period = "from \(clock.readable(start)) to \(clock.readable(end))"
        let differences = comparison.lines.reduce(0) { $0 + $1.differences.count }
        if comparison.isSame {
            let count = comparison.lines.reduce(0) { $0 + $1.same }
            Output.line(terminal.paint("all the same", .good) + ": \(count) sent on both sides, \(period)")
        } else if differences == 0 {
            Output.line(
                terminal.paint("nothing was due", .warning) + ", \(period); watch for longer, --for 1d say")
        } else {
            Output.line(
                terminal.paint("\(differences) difference\(differences == 1 ? "" : "s")", .bad) + ", \(period)")
        }
        if idle > 0, differences > 0 || comparison.isSame {
            Output.line("\(idle) task\(idle == 1 ? " was" : "s were") not due on either side.")
        }
    }

    private func answer(_ line: BeatComparison.Line) -> Answer.Task {
        var task = Answer.Task(
            task: line.shape.task, args: line.shape.arguments, kwargs: line.shape.keywords, list: line.shape.list,
            jobs: line.jobs, same: line.same, shifted: [], missing: [], extra: [])
        for difference in line.differences {
            switch difference {
            case .shifted(let at, let job, let length):
                task.shifted.append(.init(at: at, job: job, by: length.inSeconds))
            case .missing(let at, let id): task.missing.append(.init(at: at, job: nil, id: id))
            case .extra(let at, let job): task.extra.append(.init(at: at, job: job, id: nil))
            }
        }
        return task
    }

    private func words(
        _ difference: BeatComparison.Difference, _ shape: String, _ clock: Schedule
    ) -> TerminalText {
        switch difference {
        case .shifted(let at, let job, let length):
            let seconds = abs((length.inSeconds * 1000).rounded() / 1000)
            return
                "shifted  \(job), due at \(clock.readable(at)): the beat sent it \(seconds) s \(length < .zero ? "before" : "later")"
        case .missing(let at, let id):
            return
                "missing  \(shape), which the beat sent at \(clock.readable(at)) (\(id)), Onebeat would not have sent"
        case .extra(let at, let job):
            return "extra    \(job), due at \(clock.readable(at)), the beat did not send"
        }
    }
}
