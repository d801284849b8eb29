import Foundation
import Onebeat

// Acting: what people do to jobs and runs, said once for the command, the API and the pages. Whoever asks has found the
// job or the run and may act on it; here stand the rules of the deed, its order, and its words.

/// Does what somebody wants, in that person's name.
package struct Acts: Sendable {
    package let store: any Store
    /// As events name whoever acts.
    package let actor: String

    package init(_ store: any Store, by actor: String) {
        self.store = store
        self.actor = actor
    }

    /// Asks for a run now. The same job and request twice is one run.
    /// - Parameter sight: how the job must be still, here as in all that follows; however it is, without.
    /// - Throws: ``ActRefusal`` for a request that is no name, and for a job that runs for elements of a list.
    package func trigger(
        _ job: JobRecord, request: String?, alone: Bool = false, asSeen sight: JobSight? = nil
    ) async throws -> Triggered {
        if let request, let problem = RequestName.problem(request) {
            throw ActRefusal(.invalid, "the request id \(problem)")
        }
        if let each = job.definition.each { throw ActRefusal(.conflict, each.loneWords(for: job.name)) }
        if job.definition.signal != nil { throw ActRefusal(.conflict, job.definition.signalAdvice) }
        let name = request ?? RequestName.fresh()
        let run: Run
        do {
            run = try await store.trigger(job.name, requestID: name, alone: alone, asSeen: sight, by: actor)
        } catch {
            guard error == StoreError.wished(name, belowOf: job.name) else { throw error }
            throw ActRefusal(.conflict, error.description)
        }
        return Triggered(run: run, outlook: try await store.outlook(of: run))
    }

    /// Pauses or resumes a job.
    package func setPaused(
        _ isPaused: Bool, _ job: JobRecord, asSeen sight: JobSight? = nil
    ) async throws -> Pausing {
        let isChange = job.isPaused != isPaused
        if isChange || sight != nil {
            try await store.setPaused(isPaused, job: job.name, asSeen: sight, by: actor)
        }
        return Pausing(job: job.name, isPaused: isPaused, isChange: isChange)
    }

    /// Ends a run.
    /// - Throws: ``ActRefusal`` for one that has ended.
    package func cancel(_ run: Run, asSeen sight: RunSight? = nil) async throws -> Cancelled {
        if run.state.isTerminal {
            throw ActRefusal(.conflict, "run \(run.id) has ended already: it is \(run.state.rawValue)")
        }
        return Cancelled(runs: [try await store.cancel(run.id, asSeen: sight, by: actor)], flow: nil)
    }

    /// The runs of the flow that a run is part of and that have not ended, in the order in which they are to be cancelled.
    /// - Throws: ``ActRefusal`` where there is no flow, or nothing left of it.
    package func open(inFlowOf run: Run) async throws -> [Run] {
        guard let flow = run.flow else {
            throw ActRefusal(.conflict, "run \(run.id) of \(run.job) is part of no flow; cancel it alone")
        }
        // Those that wait first, the last of all first: so none starts, or is skipped, since another was cancelled.
        let open = try await store.all(of: flow).filter { !$0.state.isTerminal }.sorted { $0.id > $1.id }
        if open.isEmpty { throw ActRefusal(.conflict, "all runs of flow \(flow) have ended already") }
        return open
    }

    /// Ends these runs of a flow, one after the other.
    package func cancel(_ open: [Run], ofFlow flow: RunID?) async throws -> Cancelled {
        var cancelled = Cancelled(runs: [], flow: flow)
        for run in open { cancelled.runs.append(try await store.cancel(run.id, by: actor)) }
        return cancelled
    }

    /// Asks for a new run in place of one that has ended. Asking twice for the same run is asking once.
    /// - Throws: ``ActRefusal`` for one that has not ended.
    /// - Parameter downstream: whether all that hung on it in its flow goes with it.
    package func retry(
        _ old: Run, downstream: Bool = false, asSeen sight: RunSight? = nil
    ) async throws -> Retried {
        guard old.state.isTerminal else {
            throw ActRefusal(
                .conflict,
                "run \(old.id) has not ended: it is \(old.state.rawValue); cancel it first, or wait")
        }
        if old.isReported {
            throw ActRefusal(.conflict, "run \(old.id) of \(old.job) was done elsewhere and only told of; run it there")
        }
        if downstream, old.element != nil { throw ActRefusal(.conflict, StoreError.loneElementWords(old)) }
        let run = try await store.retry(old.id, downstream: downstream, asSeen: sight, by: actor)
        return Retried(run: run, old: old.id)
    }

    /// Emits an event; each job that starts on it has a run. The same name and id twice is one event.
    /// - Parameter data: JSON.
    /// - Throws: ``ActRefusal`` for what is no name, no id, or no value.
    package func emit(_ name: String, id: String?, data: String?) async throws -> [Run] {
        if let problem = EventName.problem(name) { throw ActRefusal(.invalid, problem) }
        if let id, let problem = RequestName.problem(id) { throw ActRefusal(.invalid, "the id \(problem)") }
        let value = try Self.value(ofEvent: data)
        return try await store.emit(Emission(name, id: id ?? RequestName.fresh(), data: value, by: actor))
    }

    /// What an event brings, from its JSON.
    package static func value(ofEvent data: String?) throws(ActRefusal) -> RunValue? {
        guard let data else { return nil }
        do {
            return try RunValue(json: Array(data.utf8))
        } catch {
            throw ActRefusal(.invalid, "what the event brings cannot be handed on: \(error)")
        }
    }

    /// Takes down what somebody says of a run that is done elsewhere.
    /// - Throws: ``ActRefusal`` for a job that nodes run, and for what is no id and no message.
    package func signal(
        _ word: JobSignal.Word, of job: JobRecord, id: String? = nil, message: String? = nil, exitCode: Int? = nil,
        asSeen sight: JobSight? = nil
    ) async throws -> Signalled {
        guard job.definition.signal != nil else {
            throw ActRefusal(
                .conflict,
                "job \(job.name) is run by nodes, and is not told of; `signal: {every: 1d, grace: 2h}` makes one that only"
                    + " reports")
        }
        if let id, let problem = RequestName.problem(id) ?? Signalling.problem(id) {
            throw ActRefusal(.invalid, "the id \(problem)")
        }
        let words = message.map(Self.fit)
        if let exitCode, !(0...255).contains(exitCode) {
            throw ActRefusal(.invalid, "the exit code is \(exitCode); 0 to 255 will do")
        }
        if word == .success, let exitCode, exitCode != 0 {
            throw ActRefusal(.conflict, "an exit code of \(exitCode) is no success; say fail, or leave it out")
        }
        let signal = JobSignal(
            word, of: job.name, id: id, message: words.flatMap { $0.isEmpty ? nil : $0 }, exitCode: exitCode, by: actor)
        let run: Run
        do {
            run = try await store.signal(signal, asSeen: sight)
        } catch {
            guard case .refused(let words) = error else { throw error }
            throw ActRefusal(.conflict, words)
        }
        return Signalled(run: run, word: word)
    }

    /// Words beside a signal, which must not be lost for them: what is long is cut, and what acts on terminals is replaced.
    private static func fit(_ message: String) -> String {
        let harmless = message.unicodeScalars.map { $0.isHarmful ? "\u{FFFD}" : $0 }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: harmless)
        return String(text).trimmingCharacters(in: .whitespacesAndNewlines).bytes(most: mostMessageBytes)
    }
    private static let mostMessageBytes = 2000

    /// Says what an ended run counts as for those that follow it.
    /// - Throws: ``ActRefusal`` for one that has not ended, and for a reason that is none.
    package func mark(
        _ run: Run, as state: RunMark.State, because reason: String, asSeen sight: RunSight? = nil
    ) async throws -> Marked {
        guard run.state.isTerminal else {
            throw ActRefusal(
                .conflict, "run \(run.id) has not ended: it is \(run.state.rawValue); cancel it first, or wait")
        }
        let reason = reason.trimmingCharacters(in: .whitespaces)
        let count = reason.unicodeScalars.count
        guard (1...1000).contains(count), reason.controlCharacter() == nil else {
            throw ActRefusal(.invalid, "the reason has \(count) characters; 1 to 1000 in one line will do")
        }
        return Marked(
            run: run, state: state,
            touched: try await store.mark(run.id, as: state, because: reason, asSeen: sight, by: actor))
    }
}

/// What stands against a deed.
package struct ActRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable { case invalid, conflict }

    package var kind: Kind
    /// What was wrong and what would do.
    package var description: String

    package init(_ kind: Kind, _ words: String) {
        self.kind = kind
        description = words
    }
}

/// A run that was asked for by hand.
package struct Triggered: Sendable {
    package var run: Run
    /// What will become of it.
    package var outlook: RunOutlook

    /// What is told of a run that sends a sample.
    package var testWords: String { "run \(run.id) of \(run.job) \(outlook.words)" }

    package var words: String {
        run.state == .scheduled
            ? "run \(run.id) of \(run.job) is due, and \(outlook.words)"
                + (run.flow == run.id ? "; what follows it comes after it (`onebeat flow \(run.id)`)" : "")
            : "run \(run.id) of \(run.job) is \(run.state.rawValue)"
    }
}

/// A run that somebody told of.
package struct Signalled: Sendable {
    package var run: Run
    package var word: JobSignal.Word

    package var words: String { "run \(run.id) of \(run.job) is \(run.state.rawValue)" }
}

/// A job that was paused or resumed.
package struct Pausing: Sendable {
    package var job: String
    package var isPaused: Bool
    /// Whether it was not so before.
    package var isChange: Bool

    package var words: String {
        switch (isPaused, isChange) {
        case (true, true): "\(job) is paused"
        case (true, false): "\(job) is paused already"
        case (false, true): "\(job) is resumed"
        case (false, false): "\(job) is not paused"
        }
    }
}

/// Runs as they are after somebody cancelled them.
package struct Cancelled: Sendable {
    package var runs: [Run]
    /// Their flow, where all of it was meant.
    package var flow: RunID?

    /// Whether none is still at work.
    package var isOver: Bool { runs.allSatisfy(\.state.isTerminal) }

    /// A line a run.
    package var lines: [String] {
        runs.map { run in
            let name = flow == nil ? "run \(run.id)" : "run \(run.id) of \(run.job)"
            return run.state.isTerminal
                ? "\(name) is \(run.state.rawValue)" : "\(name) is being stopped on node \(run.node ?? "?")"
        }
    }
}

/// A run that counts as something from now on.
package struct Marked: Sendable {
    package var run: Run
    package var state: RunMark.State
    /// The runs that were made, let go or skipped by that.
    package var touched: [Run]

    /// What became of what follows, a line a run.
    package var lines: [String] {
        let first =
            "run \(run.id) of \(run.job), which is \(run.state.rawValue), counts as \(state.rawValue) for what follows it"
        if touched.isEmpty { return ["\(first); nothing changes by that"] }
        return [first] + touched.map { "run \($0.id) of \($0.job) is \($0.state.rawValue)" }
    }
}

/// A run in place of one that has ended.
package struct Retried: Sendable {
    package var run: Run
    package var old: RunID

    package var words: String {
        switch run.state {
        case .scheduled: "run \(run.id) of \(run.job) is due: a new run by hand, in place of run \(old)"
        case .waiting:
            "run \(run.id) of \(run.job) waits for runs of the elements of its list, in place of run \(old); `onebeat flow"
                + " \(run.id)` shows them"
        case .running, .succeeded, .failed, .timedOut, .cancelled, .lost, .dead, .skipped, .missed, .unknown:
            "run \(run.id) was made for this before and is \(run.state.rawValue); retry that one to go on"
        }
    }
}
