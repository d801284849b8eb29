/// What somebody says of a run that is done elsewhere.
public struct JobSignal: Sendable, Equatable {
    /// What is said.
    public enum Word: String, Sendable, CaseIterable {
        /// It begins.
        case start
        /// It ended well.
        case success
        /// It ended badly.
        case fail
    }

    /// The job.
    public var job: String
    /// What is said.
    public var word: Word
    /// What tells the run from others: start and end of one run have the same. The same said twice is said once.
    public var id: String?
    /// Words on it, for people.
    public var message: String?
    /// What its process ended with.
    public var exitCode: Int?
    /// Who says so.
    public var actor: String

    /// A word on a run.
    public init(
        _ word: Word, of job: String, id: String? = nil, message: String? = nil, exitCode: Int? = nil, by actor: String
    ) {
        self.job = job
        self.word = word
        self.id = id
        self.message = message
        self.exitCode = exitCode
        self.actor = actor
    }
}

/// What a word on a run changes.
package struct Signalling: Sendable, Equatable {
    /// The run that it is about.
    package enum Target: Sendable, Equatable {
        /// A run that is known.
        case run(Run)
        /// One that is to be made.
        case fresh
    }

    package var target: Target
    /// Whether it is known already, so that nothing changes.
    package var isKnown = false
    /// Why it cannot be taken: its id is that of a run that ended otherwise, or long ago.
    package var conflict: String?
    /// Runs of which no word will come any more.
    package var abandoned: [Run] = []

    /// The rule. Start and end of one run find each other by their id; without, an end belongs to the newest run that began
    /// without. A run is given up when the next begins, and where it has an id when its grace is over.
    /// - Parameters:
    ///   - named: the run of the signal's id, if there is one.
    ///   - open: runs of the job that began and did not end, the oldest first.
    package static func decide(
        _ signal: JobSignal, named: Run?, open: [Run], grace: Duration, at now: Timestamp
    ) -> Signalling {
        var result = Signalling(target: .fresh)
        if let named {
            result.target = .run(named)
            result.isKnown = named.state.isTerminal || signal.word == .start
            result.conflict = conflict(of: signal, with: named, grace: grace, at: now)
        } else if signal.id == nil, signal.word != .start, let begun = open.last(where: { !$0.hasSignalID }) {
            result.target = .run(begun)
        }
        if result.isKnown { return result }
        result.abandoned = open.filter { run in
            if case .run(let own) = result.target, own.id == run.id { return false }
            if !run.hasSignalID { return signal.id == nil }
            return run.startedAt.map { $0 + grace < now } ?? false
        }
        return result
    }

    /// A word that comes a second time is said once; another word, or that of another day, must not be lost in silence.
    private static func conflict(
        of signal: JobSignal, with named: Run, grace: Duration, at now: Timestamp
    ) -> String? {
        guard named.state.isTerminal else { return nil }
        let isOld = named.finishedAt.map { $0 + grace < now } ?? false
        let isOther =
            switch signal.word {
            case .start: false
            case .success: named.state != .succeeded
            case .fail: named.state == .succeeded
            }
        guard isOld || isOther else { return nil }
        let end = named.finishedAt.map { " since \($0.words)" } ?? ""
        return "run \(named.id) of that id is \(named.state.rawValue)\(end); each run has an id of its own"
    }

    /// Says what becomes of these runs. A fresh one is in the store by then, and not begun.
    /// - Parameters:
    ///   - fence: for a run that begins.
    /// - Returns: the run, as it is then.
    package func write(
        _ signal: JobSignal, _ fresh: Run?, fence: Fence, into changes: inout Changes
    ) throws -> Run? {
        for run in abandoned {
            _ = try changes.settle(
                run, .lost, as: .end(.lost, nil), words: "no word of its end came", isGuarded: false)
        }
        var run: Run
        switch target {
        case .run(let known): run = known
        case .fresh:
            guard let fresh else { return nil }
            run = changes.start(fresh, by: Self.place(of: signal), fence: fence)
        }
        let words = signal.exitCode.map { "exit code \($0)" } ?? "reported as failed"
        let failure = Failure(signal.message ?? words, exitCode: signal.exitCode)
        switch signal.word {
        case .start: break
        case .success:
            run = try changes.settle(
                run, .succeeded, as: .end(.succeeded, nil), words: signal.message, isGuarded: false)
        case .fail: run = try changes.settle(run, .failed(failure), as: .end(.failed, nil), isGuarded: false)
        }
        changes.events.append(
            Event(
                "run.signalled", job: signal.job, run: run.id, actor: signal.actor,
                message: signal.word.rawValue + (signal.message.map { ": \($0)" } ?? "")))
        return run
    }

    /// Where such a run is: with whoever told of it. Runs that are open are found by it.
    package static func boot(of job: String) -> String { "signal/\(job)" }

    private static func place(of signal: JobSignal) -> NodeID {
        NodeID(name: signal.actor, boot: boot(of: signal.job))
    }

    /// What a run has for a request that was told of without an id.
    package static func freshRequest() -> String {
        Run.signalPrefix + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    /// What stands against an id, if anything does.
    package static func problem(_ id: String) -> String? {
        id.hasPrefix(Run.signalPrefix) ? "begins with \(Run.signalPrefix), as Onebeat's own do; choose another" : nil
    }
}

extension Run {
    static let signalPrefix = "signal-"

    var hasSignalID: Bool { !requestID.hasPrefix(Self.signalPrefix) }
}
