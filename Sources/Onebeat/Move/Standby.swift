/// What a store does with all that falls due while another scheduler still does the work: it writes down what it would
/// have started, and starts nothing. A store without one runs its jobs.
///
/// The way is begin → hand over → end. Back from handing over to observing is possible until its end; from the end on
/// nothing leads back, so that a node which is started with `--observe` by mistake stops nobody's jobs.
public enum Standby: Sendable, Equatable {
    /// Whatever falls due is only written down.
    case observing
    /// What is due before this moment is only written down; what is due from it on waits until it is known who does it.
    case handingOver(from: Timestamp)
    /// The store has run its jobs since then.
    case over(since: Timestamp)

    /// What somebody asks for.
    public enum Wish: Sendable, Equatable {
        /// That nothing is started. Only a store that never started anything agrees.
        case begin
        /// That what is due after so long waits.
        case handOver(after: Duration)
        /// That nothing is handed over after all.
        case goBack
        /// That jobs run from now on, those that wait first.
        case end
    }

    /// What becomes of a run that is due.
    package enum Course: Sendable, Equatable {
        /// It is decided on as ever.
        case usual
        /// It is written down and not started.
        case observed
        /// It stays due.
        case waits
    }

    /// What becomes of a due run.
    /// - Parameter dueAt: when it may start.
    package func course(ofRunDueAt dueAt: Timestamp) -> Course {
        switch self {
        case .observing: .observed
        case .handingOver(let start): dueAt < start ? .observed : .waits
        case .over: .usual
        }
    }

    /// Whether runs are started as ever.
    public var isOver: Bool { if case .over = self { true } else { false } }

    /// The next state.
    /// - Parameters:
    ///   - standby: the state so far; `nil` for a store that never observed.
    ///   - hasAttempts: whether the store ever started anything.
    /// - Throws: ``StandbyRefusal``
    package static func decide(
        _ wish: Wish, from standby: Standby?, hasAttempts: Bool, at now: Timestamp
    ) throws(StandbyRefusal) -> Standby {
        switch (wish, standby) {
        case (.begin, nil):
            if hasAttempts {
                throw StandbyRefusal(
                    "this store's jobs are being run, and observing would stop them; observe over a store of its own")
            }
            return .observing
        case (.begin, let standby?): return standby
        case (_, nil), (_, .over):
            throw StandbyRefusal("this store does not observe; start its nodes with `onebeat up --observe`")
        case (.handOver(let length), .observing), (.handOver(let length), .handingOver):
            return .handingOver(from: now + length)
        case (.goBack, .observing), (.goBack, .handingOver): return .observing
        case (.end, .handingOver): return .over(since: now)
        case (.end, .observing): throw StandbyRefusal("nothing is being handed over; `onebeat take-over` does it")
        }
    }

    /// As stores keep it.
    package var text: String {
        switch self {
        case .observing: "observing"
        case .handingOver(let start): "handing over \(start.microseconds)"
        case .over(let moment): "over \(moment.microseconds)"
        }
    }

    /// What a store kept. Of what a newer version wrote only that it is none of these is known: nothing is started then.
    package init(stored text: String) {
        func moment(after word: String) -> Timestamp? {
            text.hasPrefix(word)
                ? Int64(text.dropFirst(word.count)).map { Timestamp(microseconds: $0) } : nil
        }
        if let moment = moment(after: "over ") {
            self = .over(since: moment)
        } else if let moment = moment(after: "handing over ") {
            self = .handingOver(from: moment)
        } else {
            self = .observing
        }
    }

    /// What is written into the log of events when it changes.
    package func event(by actor: String) -> Event {
        switch self {
        case .observing:
            Event("store.observing", actor: actor, message: "what falls due is written down, and not started")
        case .handingOver(let start):
            Event("store.handing_over", actor: actor, message: "what is due from \(start.words) on waits")
        case .over: Event("store.taken_over", actor: actor, message: "what falls due is run from now on")
        }
    }
}

/// Why a store does not do what is asked for.
package struct StandbyRefusal: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

extension JobDefinition {
    /// What a run would have done, for a store that only writes it down.
    package var observedWords: String {
        switch work {
        case .celery(let call): "would have sent \(call.task) to \(call.queue.map { "the queue \($0)" } ?? "its queue")"
        case .shell, .command, .http, .handler, .alert, .signal, .unknown: "would have started"
        }
    }
}
