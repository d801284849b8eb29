import ArgumentParser
import Foundation
import Glibc
import Onebeat
import OnebeatCelery
import OnebeatServer
import Synchronization
import UnixSignals

struct TakeOver: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take the work over from a running beat, without a gap and without a double.",
        discussion: """
            For a store whose nodes observe. From a moment on what falls due waits; the beat is stopped meanwhile, by you \
            or by --stop; whatever it still sent is seen on the broker (MONITOR) and counts as done; the rest is run at \
            once, and from then on everything. Ctrl-C, or a session that ends, before the beat is stopped leaves all as it was; \
            so does it when nothing is heard of a beat that should have sent (exit 1). Watches on for a while, and exits with 1 \
            when a beat still sends.
            """)
    @Argument(help: "The configuration file.")
    var file: String?
    @Flag(help: "From `celery beat`, RedBeat or django-celery-beat, on the broker that the file names.")
    var celery = false
    @Option(help: "A shell line that stops the beat and returns when it has ended; otherwise you are asked to.")
    var stop: String?
    @Option(help: "For how long to watch afterwards whether a beat still sends.")
    var watch = "10s"
    @Flag(help: "Count messages that bear no beat's mark: older versions of Celery set none.")
    var unmarked = false
    @Flag(
        help: "No beat runs, or none of what falls due meanwhile is its work: go on though nothing is heard of one.")
    var noBeat = false
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    /// How long the beat is listened to before anything waits, so that it is known how its messages lie to our instants.
    private static let listening = Duration.seconds(2)
    /// In how long due instants begin to wait: longer than any claim that does not know of it yet.
    private static let notice = Duration.seconds(2)
    private static let pause = Duration.milliseconds(300)
    /// How far before the first message our instants are looked at, and how far ahead they are planned.
    private static let (back, ahead) = (Duration.seconds(120), Duration.seconds(15))

    func validate() throws {
        guard celery else { throw ValidationError("Name whom to take over from: --celery.") }
        if Duration(text: watch).map({ $0 >= .zero }) != true {
            throw ValidationError("--watch is \"\(watch)\"; write a length such as 10s.")
        }
    }

    func run() async throws {
        let (store, settings) = try await store.storeAndCelery(file)
        var interrupted: Timestamp?
        switch try await store.standby() {
        case .observing: break
        case .handingOver(let start): interrupted = start
        case .over(let moment):
            throw CommandFailure(
                "this store has run its jobs since \(moment.words.told); there is nothing to take over")
        case nil:
            throw CommandFailure(
                "this store does not observe; start its nodes with `onebeat up --observe` and compare first")
        }
        try await store.requireSender(at: try await store.now())
        let jobs = try await ObservedJobs(in: store, settings)
        // From here on nothing ends it but an end that is told to the store, if it can be told at all.
        let stopping = await Stopping(stop, isNeeded: stop != nil || !noBeat)
        if let interrupted { try await leave(interrupted, jobs) }
        let listener: BeatListener
        do {
            listener = try await BeatListener.open(settings, onlyMarked: !unmarked)
        } catch {
            throw CommandFailure("\(error)\nnothing was changed", .unavailable)
        }
        do {
            let start = try await store.now()
            let switching = Switching(
                store: store, settings: settings, jobs: jobs, listener: listener, start: start,
                ahead: try await listener.brokerTime().duration(since: start))
            try await takeOver(switching, stopping)
        } catch {
            await listener.close()
            throw error
        }
        await listener.close()
    }

    /// Lets the store observe again after a take-over that was killed. What the beat sent since then nobody heard, so that what
    /// waited counts as done by it, which it is unless it was stopped already; and then only a person knows.
    private func leave(_ start: Timestamp, _ jobs: ObservedJobs) async throws {
        var waited: [(job: String, count: Int)] = []
        for job in jobs.jobs {
            let runs = try await jobs.runs(of: job.name, from: start, to: try await jobs.store.now())
            let count = runs.count { $0.state == .scheduled }
            if count > 0 { waited.append((job.name, count)) }
        }
        try await jobs.store.change(standby: .goBack, by: Person.current)
        say("an earlier take-over let wait what was due from \(start.words.told) on, and did not come to its end")
        guard !waited.isEmpty else { return }
        say(
            "what waited is recorded as done by the beat: "
                + waited.map { "\($0.job) (\($0.count))" }.joined(separator: ", ")
                + "; if the beat was stopped by then, run it by hand: onebeat trigger JOB")
    }

    private func takeOver(_ switching: Switching, _ stopping: Stopping) async throws {
        var switching = switching
        let store = switching.store
        do {
            try await stopping.pause(Self.listening)
            try await switching.take(from: Self.back, ahead: Self.ahead)
            guard
                case .handingOver(let start) = try await store.change(
                    standby: .handOver(after: Self.notice), by: Person.current)
            else { throw CommandFailure("the store did not agree to hand over") }
            while try await store.now() < start { try await stopping.pause(Self.pause / 3) }
            try await switching.take(from: Self.back, ahead: Self.ahead)
            try await requireBeat(switching)
            say(
                "what is due from \(start.words) on waits; the beat still does its work, and what it sends is not sent again"
            )
            let stop = try await store.now()
            stopping.begin { say($0) }
            while stopping.end == nil {
                try await Task.sleep(for: Self.pause)
                try await switching.take(from: Self.back, ahead: Self.ahead)
            }
            if case .failed(let words)? = stopping.end { throw CommandFailure(words) }
            // All that the beat sent before it ended has been heard now.
            try await switching.take(from: Self.back, ahead: Self.ahead)
            try await requireBeat(switching, until: stop)
            try await store.change(standby: .end, by: Person.current)
        } catch {
            _ = try? await store.change(standby: .goBack, by: Person.current)
            say(
                "nothing was taken over: the store observes on, and the beat has to go on; if it is stopped, start it again"
            )
            throw error
        }
        say("taken over: everything that is due is run by this store's nodes from now on")
        let still = try await watchOn(switching.listener, stopping)
        try show(switching, still)
        if !still.isEmpty { throw CommandFailure.silent(.failed) }
    }

    /// A beat that is not heard may be at work on another broker or database: what it sends there would be sent once more.
    /// - Throws: ``CommandFailure`` where something was due until `end`, and nothing was heard.
    private func requireBeat(_ switching: Switching, until end: Timestamp? = nil) async throws {
        let heard = switching.heard
        if noBeat, stop == nil, heard > 0 {
            throw CommandFailure(
                "a beat runs: \(heard) message\(heard == 1 ? "" : "s") of it were heard; leave --no-beat out")
        }
        guard !noBeat, heard == 0 else { return }
        var until = try await switching.store.now()
        if let end { until = min(until, end) }
        guard let job = try await switching.jobs.overdueOfBeat(from: switching.start, to: until) else { return }
        throw CommandFailure(
            BeatListener.silence(on: switching.settings, isUnmarked: unmarked)
                + "; \(job) was due meanwhile. Where none runs, or it is not a beat's work, say --no-beat")
    }

    /// What a beat sends after it was said to have ended.
    private func watchOn(_ listener: BeatListener, _ stopping: Stopping) async throws -> [BeatMessage] {
        let end = ContinuousClock.now + (Duration(text: watch) ?? .seconds(10))
        var still: [BeatMessage] = []
        repeat {
            try await Task.sleep(for: Self.pause)
            do {
                try await listener.catchUp()
            } catch {
                say("whether a beat still sends cannot be seen any more: \(error)")
                return still
            }
            still += listener.take()
        } while ContinuousClock.now < end && !stopping.isInterrupted
        return still
    }

    // MARK: What is shown

    private struct Answer: Encodable {
        var takenOver: Bool
        var heard: Int
        var conceded: Int
        var unmatched: [String]
        var stillSent: [String]
    }

    private func show(_ switching: Switching, _ still: [BeatMessage]) throws {
        let settings = switching.settings
        let unmatched = switching.handover.unmatched.map { $0.shape.words(settings) }
        if format.json {
            return try Output.json(
                Answer(
                    takenOver: true, heard: switching.heard, conceded: switching.conceded,
                    unmatched: unmatched, stillSent: still.map { "\($0.shape.words(settings)), \($0.id)" }))
        }
        Output.line(
            "\(switching.heard) messages of the beat were heard;"
                + " \(switching.conceded) due runs that waited were its")
        for (words, same) in Dictionary(grouping: unmatched, by: { $0 }).sorted(by: { $0.key < $1.key }) {
            Output.line("no due instant of a job was near: \(words) (\(same.count) times)")
        }
        guard !still.isEmpty else { return }
        Output.line(Terminal.output.paint("a beat still sends; stop it now, its work is done twice:", .bad))
        for (words, same) in Dictionary(grouping: still.map { $0.shape.words(settings) }, by: { $0 }).sorted(by: {
            $0.key < $1.key
        }) {
            Output.line("  \(words) (\(same.count) times)")
        }
    }

    private func say(_ words: String) { Output.note("onebeat: \(words.told)") }

    // MARK: The switch

    /// What has been heard of the beat, and which runs were left to it.
    private struct Switching {
        let store: any Store
        let settings: CelerySettings
        let jobs: ObservedJobs
        let listener: BeatListener
        /// Since when it is listened to, by the store's clock.
        let start: Timestamp
        /// By how much the broker's clock is ahead of the store's.
        let ahead: Duration
        var handover = BeatHandover()
        var conceded = 0

        /// How many messages there were.
        var heard: Int { handover.counts.values.reduce(0, +) }

        /// Takes in what was sent until now, and ends the runs of which it was the work.
        mutating func take(from back: Duration, ahead planned: Duration) async throws {
            do {
                try await listener.catchUp()
            } catch {
                throw CommandFailure("\(error)", .unavailable)
            }
            handover.take(
                listener.take().map { message in
                    var message = message
                    message.sentAt = message.sentAt - self.ahead
                    return message
                })
            let shapes = handover.openShapes
            guard !shapes.isEmpty else { return }
            let now = try await store.now()
            var own: [TaskShape: [OwnInstant: Run]] = [:]
            for job in jobs.jobs {
                guard let shape = jobs.shapes[job.name], shapes.contains(shape) else { continue }
                for run in try await jobs.runs(of: job.name, from: now - back, to: now + planned) {
                    own[shape, default: [:]][OwnInstant(run.dueAt, job.name)] = run
                }
            }
            let done = handover.done(among: own).filter { $0.state == .scheduled }.map(\.id)
            guard !done.isEmpty else { return }
            conceded += try await store.concede(done, because: "the beat sent it")
        }
    }
}

/// The end of the beat: a shell line that ends it, or a person who says so. And whether somebody ends the take-over before: by
/// Ctrl-C, TERM, or a session that is gone.
private final class Stopping: Sendable {
    enum End: Sendable {
        case ended
        case failed(String)
    }

    private let line: String?
    /// Whether there is anything to be ended.
    private let isNeeded: Bool
    private let box = Mutex<End?>(nil)
    private let interrupted = Mutex(false)

    /// Returns when no signal can end this process any more before the store knows of it.
    init(_ line: String?, isNeeded: Bool) async {
        self.line = line
        self.isNeeded = isNeeded
        var before = sigaction()
        sigaction(SIGHUP, nil, &before)
        // Of nohup nobody wants to be told that the session is gone.
        let isToStay = unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == 1
        // A session without a terminal leaves a pipe that nobody reads. A handler and no SIG_IGN, which --stop would inherit.
        signal(SIGPIPE) { _ in }
        let signals = await UnixSignalsSequence(trapping: [.sigint, .sigterm] + (isToStay ? [] : [.sighup]))
        Task { [self] in
            for await _ in signals {
                interrupted.withLock { $0 = true }
                finish(.failed("interrupted"))
            }
        }
    }

    var end: End? { box.withLock { $0 } }

    var isInterrupted: Bool { interrupted.withLock { $0 } }

    /// - Throws: ``CommandFailure`` as soon as it is interrupted.
    func pause(_ length: Duration) async throws {
        let end = ContinuousClock.now + length
        repeat {
            if isInterrupted { throw CommandFailure("interrupted") }
            try await Task.sleep(for: min(length, .milliseconds(100)))
        } while ContinuousClock.now < end
        if isInterrupted { throw CommandFailure("interrupted") }
    }

    /// On threads of their own, which may wait for as long as they like.
    func begin(_ say: @escaping @Sendable (String) -> Void) {
        if !isNeeded {
            finish(.ended)
        } else if let line {
            say("stopping the beat: \(line)")
            Thread { [self] in finish(Self.run(line)) }.start()
        } else {
            say("stop the beat now, and press Enter when it has ended")
            Thread { [self] in
                let isTold = readLine() != nil
                finish(
                    isTold
                        ? .ended
                        : .failed("nobody is here to say that the beat has ended; --stop LINE stops it"))
            }.start()
        }
    }

    private func finish(_ end: End) { box.withLock { $0 = $0 ?? end } }

    private static func run(_ line: String) -> End {
        // Its words are for people, and go where ours do.
        guard let pipe = popen("exec </dev/null >&2\n\(line)\n", "w") else {
            return .failed("--stop could not be run: \(String(cString: strerror(errno)))")
        }
        let status = pclose(pipe)
        if status == 0 { return .ended }
        let code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        return .failed("--stop ended with \(code); the beat may still be at work")
    }
}
