// Executors: how a claimed run becomes work. A process is started through the guardian, a small process beside the node
// that is the ancestor of all job processes: it kills them when the node dies, freezes or loses its lease. The guardian
// is authoritative on what is alive; the executors only ask, stream the output and put the end into words. When to
// stop, what an outcome means for the run and how much output is kept is decided elsewhere.

import CGuardian
import Dispatch
import Glibc
import Synchronization

/// The node's end of the guardian.
///
/// It lives until ``shutdown()`` or the end of the process. Fork it first thing in `main`, while the process is small and
/// single-threaded: every run costs the guardian a fork of what it was then. Forking later is safe, only slower.
package final class Guardian: Sendable {
    private struct State {
        var isAlive = true
        var lastToken: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<ProcessEnd, any Error>] = [:]
        var departures: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    /// The guardian's process id.
    package let processID: Int32
    private let socket: CInt
    private let state = Mutex(State())
    /// Whoever sends, sends here, and here the socket is closed: never under a sender's feet.
    private let queue = DispatchQueue(label: "onebeat.guardian")
    /// Serves the socket, and the output of the processes.
    let readiness: Readiness

    /// Opens `/dev/null` in the place of standard streams that are closed, first thing in `main`: otherwise the first files
    /// of the program would be its streams.
    package static func openStreams() { guardian_open_streams() }

    /// Forks a guardian.
    /// - Parameter grace: What processes get between TERM and KILL when the deadline passes or the node is gone.
    /// - Throws: ``GuardianError/notForked(errno:)``.
    package static func fork(grace: Duration = .seconds(2)) throws(GuardianError) -> Guardian {
        let readiness = try Readiness()
        var socket: CInt = -1
        let processID = guardian_fork(grace.milliseconds, &socket)
        guard processID > 0 else { throw .notForked(errno: errno) }
        let guardian = Guardian(socket: socket, processID: processID, readiness: readiness)
        guardian.awaitReports()
        readiness.start()
        return guardian
    }

    private init(socket: CInt, processID: pid_t, readiness: Readiness) {
        self.socket = socket
        self.processID = processID
        self.readiness = readiness
    }

    /// Whether processes can be started. Once false it stays false, and every process of the guardian is dead.
    package var isAlive: Bool { state.withLock { $0.isAlive } }

    /// Runs one process until nothing of it is left: not the process, nor anything it started, however detached.
    ///
    /// Cancelling the surrounding Swift task sends TERM to all of it and, after the request's grace, KILL; the end
    /// is still awaited and returned.
    /// - Parameters:
    ///   - input: Where standard input comes from, if from anywhere; closed like the others.
    ///   - output: The write end for standard output; closed by the guardian's side as soon as it is handed over.
    ///   - errors: The write end for standard error, treated likewise; where it is `nil`, `output` is for both.
    /// - Throws: ``GuardianError/gone`` or ``GuardianError/notAsked(errno:)`` when it was not started, and
    ///   ``UnfitRequest`` when it cannot be.
    package func run(
        _ request: ProcessRequest, input: CInt? = nil, output: CInt, errors: CInt?
    ) async throws -> ProcessEnd {
        let order: [UInt8]
        let streams = Streams(input: input, output: output, errors: errors)
        do {
            order = try request.encoded(takesInput: input != nil)
        } catch {
            streams.close()
            throw error
        }
        let token = state.withLock { state in
            state.lastToken += 1
            return state.lastToken
        }
        let (grace, leave) = (request.grace.milliseconds, request.leave)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { [self] in
                    spawn(order, token: token, grace: grace, leave: leave, streams, continuation)
                }
                // A cancel that came before the order was in the queue has asked to stop a run nobody knew.
                if Task.isCancelled { stop(token, grace: grace) }
            }
        } onCancel: {
            stop(token, grace: grace)
        }
    }

    /// Passes a signal on to the process group of every run, as a terminal does to what runs on it.
    package func pass(_ signal: CInt) {
        queue.async { [self] in
            if isAlive { _ = guardian_pass(socket, signal) }
        }
    }

    /// Moves the deadline: unless it is moved again before it passes, all processes get TERM and, after the guardian's
    /// grace, KILL, and no new one is started until a deadline in the future comes. There is none at first.
    package func extend(until deadline: ContinuousClock.Instant) {
        // The absolute clock first: a freeze between the two readings then makes the deadline earlier, never later.
        let now = guardian_now_ns()
        let left = (deadline - .now).nanoseconds
        let absolute = left > 0 ? now + UInt64(left) : 0
        wake()
        queue.async { [self] in
            if isAlive { _ = guardian_extend(socket, absolute) }
        }
    }

    /// Lets it go on where somebody stopped it, a job of the same user for one: while it is stopped, nothing else can be.
    private func wake() { guardian_resume(processID) }

    /// Leaves word of what the guardian is to become when the node is gone, however it went, and everything it started
    /// is dead: a program that tells others. Only its arguments, environment and nothing else of the request count.
    /// - Throws: ``GuardianError`` when it was not told, and ``UnfitRequest``.
    package func leaveWord(_ request: ProcessRequest) throws {
        let order = try request.encoded()
        try queue.sync {
            guard isAlive else { return }
            if guardian_leave_word(socket, order, order.count) < 0 { throw GuardianError(unsent: errno) }
        }
    }

    /// Stops everything as when the node is gone, and returns when the guardian has left. Nobody needs to be told then, unless
    /// something still ran. It goes on by itself where that takes longer than `patience`.
    package func shutdown(within patience: Duration = .seconds(10)) async {
        wake()
        queue.async { [self] in
            guard isAlive else { return }
            if state.withLock({ $0.waiting.isEmpty }) { _ = guardian_leave_word(socket, nil, 0) }
            Glibc.shutdown(socket, CInt(SHUT_WR))
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.departure() }
            group.addTask { try? await Task.sleep(for: patience) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns when the guardian has left, or when the Swift task is cancelled. Without being asked to it only leaves by being
    /// killed; the node should stop.
    package func departure() async {
        let number = state.withLock { state in
            state.lastToken += 1
            return state.lastToken
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayGoOn = state.withLock { state in
                    let mayGoOn = !state.isAlive || Task.isCancelled
                    if !mayGoOn { state.departures[number] = continuation }
                    return mayGoOn
                }
                if mayGoOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.departures.removeValue(forKey: number) }?.resume()
        }
    }
}

extension Guardian {
    private func spawn(
        _ order: [UInt8], token: UInt64, grace: UInt32, leave: Bool, _ streams: Streams,
        _ continuation: CheckedContinuation<ProcessEnd, any Error>
    ) {
        defer { streams.close() }
        let isAlive = state.withLock { state in
            if state.isAlive { state.waiting[token] = continuation }
            return state.isAlive
        }
        guard isAlive else { return continuation.resume(throwing: GuardianError.gone) }
        let isAsked = guardian_spawn(
            socket, token, grace, leave ? 1 : 0, order, order.count, streams.input ?? -1, streams.output,
            streams.errors ?? streams.output)
        if isAsked < 0 {
            let error = GuardianError(unsent: errno)
            take(token)?.resume(throwing: error)
        }
    }

    private func stop(_ token: UInt64, grace: UInt32) {
        wake()
        queue.async { [self] in
            if state.withLock({ $0.waiting[token] != nil }) { _ = guardian_stop(socket, token, grace) }
        }
    }

    private func take(_ token: UInt64) -> CheckedContinuation<ProcessEnd, any Error>? {
        state.withLock { $0.waiting.removeValue(forKey: token) }
    }

    private func awaitReports() {
        readiness.arm(socket) { [self] in takeReports() }
    }

    private func takeReports() {
        var report = guardian_report()
        while true {
            switch guardian_receive(socket, &report) {
            case 1: take(report.token)?.resume(returning: ProcessEnd(report))
            case 0: return depart()
            default: return awaitReports()
            }
        }
    }

    private func depart() {
        let (waiting, departures) = state.withLock { state in
            state.isAlive = false
            defer {
                state.waiting = [:]
                state.departures = [:]
            }
            return (state.waiting, state.departures)
        }
        readiness.close()
        queue.async { [self] in
            close(socket)
            waitpid(processID, nil, 0)
        }
        for continuation in waiting.values { continuation.resume(returning: .unknown) }
        for continuation in departures.values { continuation.resume() }
    }
}

/// What a process is given, on its way to the guardian.
private struct Streams {
    let input: CInt?
    let output: CInt
    /// `nil` where both go to `output`.
    let errors: CInt?

    func close() {
        for stream in [input, output, errors] {
            if let stream, stream >= 0 { Glibc.close(stream) }
        }
    }
}

/// Why the guardian could not be asked.
package enum GuardianError: Error, Equatable, CustomStringConvertible {
    /// The system made no process for it.
    case notForked(errno: CInt)
    /// It has left; everything it had started is dead.
    case gone
    /// The order did not reach it.
    case notAsked(errno: CInt)

    /// Why an order was not sent. The guardian's end of the socket may be closed before the node has heard of it;
    /// ECONNRESET is what that is called where something was left unread there (unix(7)).
    fileprivate init(unsent errno: CInt) {
        self = [EPIPE, ECONNRESET, ECONNREFUSED].contains(errno) ? .gone : .notAsked(errno: errno)
    }

    package var description: String {
        switch self {
        case .notForked(let number):
            "guardian: not forked, \(errorText(number)); free memory or raise the limit on processes"
        case .gone:
            "guardian: it is gone, and every process of this node with it; restart the node"
        case .notAsked(let number):
            "guardian: an order did not reach it, \(errorText(number)); raise the limit on open files"
        }
    }
}
