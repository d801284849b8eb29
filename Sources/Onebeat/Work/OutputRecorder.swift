import Synchronization

/// Keeps the output of attempts in the store: as it comes, and bounded. Of each attempt the first and the last
/// ``share`` bytes are kept; what is dropped between them is counted and marked.
public final class OutputRecorder: TurnTaking {
    /// How many bytes are kept of each attempt's beginning, and how many of its end.
    public static let share = 256 * 1024
    /// How much may wait in memory for the store before writers are held back.
    static let buffer = 1024 * 1024

    /// What logs call this loop.
    public let name = "output"
    private struct State {
        var pieces: [LogPiece] = []
        var dropped: [LogPiece.ID] = []
        var waitingBytes = 0
    }
    private let state = Mutex(State())
    private let store: any HistoryStore
    private let clock: NodeClock
    private let bell: Bell

    init(store: any HistoryStore, clock: NodeClock, bell: Bell) {
        self.store = store
        self.clock = clock
        self.bell = bell
    }

    func output(of claim: Claim) -> AttemptOutput { AttemptOutput(claim, recorder: self) }

    /// Writes what waits, in one commit. What could not be written waits on, in its old order.
    public func turn(at now: Timestamp) async throws -> NextTurn {
        let batch = state.withLock { state in
            defer { state = State(waitingBytes: state.waitingBytes) }
            return state
        }
        if batch.pieces.isEmpty, batch.dropped.isEmpty { return .after(.seconds(60)) }
        do {
            try await store.appendLog(batch.pieces, dropping: batch.dropped)
        } catch {
            state.withLock {
                $0.pieces = batch.pieces + $0.pieces
                $0.dropped = batch.dropped + $0.dropped
            }
            throw error
        }
        state.withLock { $0.waitingBytes -= batch.pieces.reduce(0) { $0 + $1.bytes.count } }
        // Output is gathered for a moment before the next commit; a quiet loop wakes at once for the first piece.
        return .after(.milliseconds(200))
    }

    func keep(_ pieces: [LogPiece], dropping dropped: [LogPiece.ID]) {
        let wasEmpty = state.withLock {
            let wasEmpty = $0.pieces.isEmpty && $0.dropped.isEmpty
            $0.pieces += pieces
            $0.dropped += dropped
            $0.waitingBytes += pieces.reduce(0) { $0 + $1.bytes.count }
            return wasEmpty
        }
        if wasEmpty { bell.ring() }
    }

    func piece(_ run: RunID, _ position: LogPosition, _ bytes: [UInt8], _ stream: LogStream) -> LogPiece {
        LogPiece(id: .init(run: run, position: position), stream: stream, at: clock.now(), bytes: bytes)
    }

    /// Holds a fast writer back while the store is behind.
    func waitForRoom() async {
        while state.withLock({ $0.waitingBytes > Self.buffer }), !Task.isCancelled {
            bell.ring()
            try? await clock.time.sleep(until: clock.time.uptime() + .milliseconds(20))
        }
    }

    /// Tries to write all that waits, so that output is there when its run has ended; the loop goes on trying.
    func flush() async { _ = try? await turn(at: clock.now()) }
}

/// The output of one attempt.
actor AttemptOutput: OutputSink {
    private let run: RunID
    private let attempt: Int
    private let recorder: OutputRecorder
    private var sequence = 0
    private var headBytes = 0
    private var tail: [(id: LogPiece.ID, bytes: Int)] = []
    private var tailBytes = 0
    private var cutBytes = 0
    /// Where the mark of the cut stands: between head and tail.
    private var cutSequence: Int?

    init(_ claim: Claim, recorder: OutputRecorder) {
        run = claim.run.id
        attempt = claim.attempt
        self.recorder = recorder
    }

    func write(_ bytes: [UInt8], to stream: LogStream) async {
        guard !bytes.isEmpty else { return }
        await recorder.waitForRoom()
        let roomInHead = OutputRecorder.share - headBytes
        let head = bytes.prefix(max(roomInHead, 0))
        if !head.isEmpty {
            headBytes += head.count
            recorder.keep([next(Array(head), stream)], dropping: [])
        }
        let rest = bytes.dropFirst(head.count)
        if !rest.isEmpty { keepInTail(Array(rest.suffix(OutputRecorder.share)), stream, skipped: rest.count) }
    }

    func finish() async {
        if cutBytes > 0, let cutSequence {
            let words = "[onebeat: \(cutBytes) bytes of output were cut here]\n"
            let position = LogPosition(attempt: attempt, sequence: cutSequence)
            recorder.keep([recorder.piece(run, position, Array(words.utf8), .note)], dropping: [])
        }
        if sequence > 0 { await recorder.flush() }
    }

    private func keepInTail(_ bytes: [UInt8], _ stream: LogStream, skipped: Int) {
        if cutSequence == nil {
            cutSequence = sequence
            sequence += 1
        }
        cutBytes += skipped - bytes.count
        let piece = next(bytes, stream)
        tail.append((piece.id, bytes.count))
        tailBytes += bytes.count
        var dropped: [LogPiece.ID] = []
        while tailBytes > OutputRecorder.share, tail.count > 1 {
            let oldest = tail.removeFirst()
            tailBytes -= oldest.bytes
            cutBytes += oldest.bytes
            dropped.append(oldest.id)
        }
        recorder.keep([piece], dropping: dropped)
    }

    private func next(_ bytes: [UInt8], _ stream: LogStream) -> LogPiece {
        defer { sequence += 1 }
        return recorder.piece(run, LogPosition(attempt: attempt, sequence: sequence), bytes, stream)
    }
}
