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
            once, and from then on everything. Ctrl-C before the beat is stopped leaves all as it was. Watches on for a while, \
            and exits with 1 when a beat still sends.
            """)
    @Flag(help: "From `celery beat`, RedBeat or django-celery-beat, on the broker that the file names.")
    var celery = false
    @Option(help: "A shell line that stops the beat and returns when it has ended; otherwise you are asked to.")
    var stop: String?
    @Option(help: "For how long to watch afterwards whether a beat still sends.")
    var watch = "10s"
    @Flag(help: "Count messages that bear no beat's mark: older versions of Celery set none.")
    var unmarked = false
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
        let (store, settings) = try await store.storeAndCelery()
        switch try await store.standby() {
        case .observing: break
        case .handingOver:
            say("an earlier take-over did not come to its end; what waits since then is recorded as observed")
            try await store.change(standby: .goBack, by: Person.current)
        case .over(let moment):
            throw CommandFailure(
                "this store has run its jobs since \(moment.words.told); there is nothing to take over")
        case nil:
            throw CommandFailure(
                "this store does not observe; start its nodes with `onebeat up --observe` and compare first")
        }
        try await store.requireSender(at: try await store.now())
        let jobs = try await ObservedJobs(in: store, settings)
        let listener: BeatListener
        do {
            listener = try await BeatListener.open(settings, onlyMarked: !unmarked)
        } catch {
            throw CommandFailure("\(error)\nnothing was changed", .unavailable)
        }
        do {
            let switching = Switching(
                store: store, jobs: jobs, listener: listener,
                ahead: try await listener.brokerTime().duration(since: store.now()))
            try await takeOver(switching)
        } catch {
            await listener.close()
            throw error
        }
        await listener.close()
    }

    private func takeOver(_ switching: Switching) async throws {
        var switching = switching
        let store = switching.store
        try await Task.sleep(for: Self.listening)
        let stopping = Stopping(stop)
        do {
            try await switching.take(from: Self.back, ahead: Self.ahead)
            guard
                case .handingOver(let start) = try await store.change(
                    standby: .handOver(after: Self.notice), by: Person.current)
            else { throw CommandFailure("the store did not agree to hand over") }
            while try await store.now() < start { try await Task.sleep(for: Self.pause / 3) }
            say(
                "what is due from \(start.words) on waits; the beat still does its work, and what it sends is not sent again"
            )
            stopping.begin { say($0) }
            while stopping.end == nil {
                try await Task.sleep(for: Self.pause)
                try await switching.take(from: Self.back, ahead: Self.ahead)
            }
            if case .failed(let words)? = stopping.end { throw CommandFailure(words) }
            // All that the beat sent before it ended has been heard now.
            try await switching.take(from: Self.back, ahead: Self.ahead)
            try await store.change(standby: .end, by: Person.current)
        } catch {
            _ = try? await store.change(standby: .goBack, by: Person.current)
            say(
                "nothing was taken over: the store observes on, and the beat has to go on; if it is stopped, start it again"
            )
            throw error
        }
        say("taken over: everything that is due is run by this store's nodes from now on")
        let still = try await watchOn(switching.listener)
        try show(switching, still)
        if !still.isEmpty { throw CommandFailure.silent(.failed) }
    }

    /// What a beat sends after it was said to have ended.
    private func watchOn(_ listener: BeatListener) async throws -> [BeatMessage] {
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
        } while ContinuousClock.now < end
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
        let unmatched = switching.handover.unmatched.map { "\($0.shape)" }
        if format.json {
            return try Output.json(
                Answer(
                    takenOver: true, heard: switching.handover.counts.values.reduce(0, +), conceded: switching.conceded,
                    unmatched: unmatched, stillSent: still.map { "\($0.shape), \($0.id)" }))
        }
        Output.line(
            "\(switching.handover.counts.values.reduce(0, +)) messages of the beat were heard;"
                + " \(switching.conceded) due runs that waited were its")
        for (words, same) in Dictionary(grouping: unmatched, by: { $0 }).sorted(by: { $0.key < $1.key }) {
            Output.line("no due instant of a job was near: \(words) (\(same.count) times)")
        }
        guard !still.isEmpty else { return }
        Output.line(Terminal.output.paint("a beat still sends; stop it now, its work is done twice:", .bad))
        for (words, same) in Dictionary(grouping: still.map { "\($0.shape)" }, by: { $0 }).sorted(by: {
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
        let jobs: ObservedJobs
        let listener: BeatListener
        /// By how much the broker's clock is ahead of the store's.
        let ahead: Duration
        var handover = BeatHandover()
        var conceded = 0

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

/// The end of the beat: a shell line that ends it, or a person who says so.
private final class Stopping: Sendable {
    enum End: Sendable {
        case ended
        case failed(String)
    }

    private let line: String?
    private let box = Mutex<End?>(nil)

    init(_ line: String?) { self.line = line }

    var end: End? { box.withLock { $0 } }

    /// On threads of their own, which may wait for as long as they like.
    func begin(_ say: @escaping @Sendable (String) -> Void) {
        Task { [self] in
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                finish(.failed("interrupted"))
                break
            }
        }
        if let line {
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
