import Synchronization

/// Keeps the output of attempts in the store: as it comes, and bounded. Of each attempt the first and the last
/// ``share`` bytes are kept; what is dropped between them is counted and marked.
package final class OutputRecorder: TurnTaking {
    /// How many bytes are kept of each attempt's beginning, and how many of its end.
    let share: Int
    /// How much may wait in memory for the store before writers are held back.
    static let buffer = 1024 * 1024
    /// A piece takes what comes after it until it has so many bytes, or is written.
    static let pieceSize = 64 * 1024
    /// How long the beginning of a line waits for more of it, while it is shorter than ``shortSize``. Without that, a
    /// program that writes byte by byte would make a row of each.
    static let lineHold = Duration.seconds(2)
    static let shortSize = 4096

    /// What logs call this loop.
    package let name = "output"
    fileprivate struct State {
        var pieces: [LogPiece] = []
        var dropped: [LogPiece.ID] = []
        var waitingBytes = 0
        /// Where in `pieces` the newest of each run is.
        var newest: [RunID: Int] = [:]
        var isFlushing = false
        /// Those who came while others flush: told whether it is theirs to do.
        var flushers: [CheckedContinuation<Bool, Never>] = []
    }
    private let state = Mutex(State())
    private let store: any HistoryStore
    private let clock: NodeClock
    private let bell: Bell

    /// - Parameter limit: how many bytes are kept of each attempt.
    init(store: any HistoryStore, clock: NodeClock, limit: Int = NodeSettings.standardOutput, bell: Bell) {
        share = max(1, limit / 2)
        self.store = store
        self.clock = clock
        self.bell = bell
    }

    func output(of claim: Claim) -> AttemptOutput { AttemptOutput(claim, recorder: self) }

    /// Writes what waits, in one commit. What could not be written waits on, in its old order.
    package func turn(at now: Timestamp) async throws -> NextTurn { try await write { !$0.isBegunLine(at: now) } }

    private func write(where isReady: (LogPiece) -> Bool) async throws -> NextTurn {
        let (batch, dropped) = state.withLock { state in
            var held: [LogPiece] = []
            var batch: [LogPiece] = []
            for (index, piece) in state.pieces.enumerated() {
                let isNewest = state.newest[piece.id.run] == index
                if isNewest, !isReady(piece) { held.append(piece) } else { batch.append(piece) }
            }
            defer {
                state.dropped = []
                state.wait(for: held)
            }
            return (batch, state.dropped)
        }
        let isHolding = state.withLock { !$0.pieces.isEmpty }
        if batch.isEmpty, dropped.isEmpty { return .after(isHolding ? .milliseconds(200) : .seconds(60)) }
        do {
            try await store.appendLog(batch, dropping: dropped)
        } catch {
            state.withLock {
                $0.dropped = dropped + $0.dropped
                $0.wait(for: batch + $0.pieces)
            }
            throw error
        }
        state.withLock { $0.waitingBytes -= batch.reduce(0) { $0 + $1.bytes.count } }
        // Output is gathered for a moment before the next commit; a quiet loop wakes at once for the first piece.
        return .after(.milliseconds(200))
    }

    func keep(_ pieces: [LogPiece], dropping dropped: [LogPiece.ID]) {
        let wasEmpty = state.withLock {
            let wasEmpty = $0.pieces.isEmpty && $0.dropped.isEmpty
            for piece in pieces {
                $0.newest[piece.id.run] = $0.pieces.count
                $0.pieces.append(piece)
            }
            $0.dropped += dropped
            $0.waitingBytes += pieces.reduce(0) { $0 + $1.bytes.count }
            return wasEmpty
        }
        if wasEmpty { bell.ring() }
    }

    /// Adds to a piece that waits.
    /// - Returns: whether it did; a piece that was written, or to which another came, is as it is.
    func extend(_ piece: LogPiece.ID, with bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard let index = state.newest[piece.run], state.pieces[index].id == piece else { return false }
            state.pieces[index].bytes += bytes
            state.waitingBytes += bytes.count
            return true
        }
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

    /// Tries to write all that waits, so that output is there when its run has ended; the loop goes on trying. Those who
    /// come while one writes share the next commit: many attempts that end at one time would have one each.
    func flush() async {
        let isOwn = await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                if state.isFlushing { state.flushers.append(continuation) }
                defer { state.isFlushing = true }
                return !state.isFlushing
            }
            if isFirst { continuation.resume(returning: true) }
        }
        guard isOwn else { return }
        // What they have kept is there by now.
        let others = state.withLock { state in
            defer { state.flushers = [] }
            return state.flushers
        }
        _ = try? await write { _ in true }
        for other in others { other.resume(returning: false) }
        let next = state.withLock { state in
            let next = state.flushers.isEmpty ? nil : state.flushers.removeFirst()
            state.isFlushing = next != nil
            return next
        }
        next?.resume(returning: true)
    }
}

extension OutputRecorder.State {
    /// What waits, after some of it was taken away or came back.
    fileprivate mutating func wait(for pieces: [LogPiece]) {
        self.pieces = pieces
        newest = [:]
        for (index, piece) in pieces.enumerated() { newest[piece.id.run] = index }
    }
}

extension LogPiece {
    /// Whether it is the short beginning of a line that may go on soon.
    fileprivate func isBegunLine(at now: Timestamp) -> Bool {
        let age = now.duration(since: at)
        return bytes.count < OutputRecorder.shortSize && bytes.last != UInt8(ascii: "\n")
            && age >= .zero && age < OutputRecorder.lineHold
    }
}

/// The output of one attempt.
actor AttemptOutput: OutputSink {
    private let run: RunID
    private let attempt: Int
    private let recorder: OutputRecorder
    /// Whether nothing but Onebeat's own marks is kept.
    private let isSecret: Bool
    private var sequence = 0
    private var headBytes = 0
    private var tail: [(id: LogPiece.ID, bytes: Int)] = []
    private var tailBytes = 0
    private var cutBytes = 0
    /// The newest piece, which may still grow.
    private var newest: (id: LogPiece.ID, stream: LogStream, bytes: Int)?
    /// Where the mark of the cut stands: between head and tail.
    private var cutSequence: Int?
    /// The last bytes of each stream, for the words on a failure.
    private var ends: [LogStream: [UInt8]] = [:]
    /// What the run hands on.
    private(set) var value: RunValue?
    /// Words on its good end.
    private(set) var words: String?

    init(_ claim: Claim, recorder: OutputRecorder) {
        run = claim.run.id
        attempt = claim.attempt
        isSecret = claim.definition.hasSecretOutput
        self.recorder = recorder
    }

    func handOn(_ value: RunValue) { self.value = value }

    func remark(_ words: String) { self.words = words }

    func write(_ bytes: [UInt8], to stream: LogStream) async {
        guard !bytes.isEmpty, stream == .note || !isSecret else { return }
        if stream != .note { ends[stream] = LastLine.end(of: ends[stream] ?? [], followedBy: bytes) }
        await recorder.waitForRoom()
        if grow(by: bytes, stream) { return }
        let roomInHead = recorder.share - headBytes
        let head = bytes.prefix(max(roomInHead, 0))
        if !head.isEmpty {
            headBytes += head.count
            recorder.keep([next(Array(head), stream)], dropping: [])
        }
        let rest = bytes.dropFirst(head.count)
        if !rest.isEmpty { keepInTail(Array(rest.suffix(recorder.share)), stream, skipped: rest.count) }
    }

    /// Adds to the newest piece, where it is of the same stream, still waits, and all of it has room there.
    private func grow(by bytes: [UInt8], _ stream: LogStream) -> Bool {
        guard let newest, newest.stream == stream, newest.bytes + bytes.count <= OutputRecorder.pieceSize else {
            return false
        }
        if cutSequence == nil, headBytes + bytes.count > recorder.share { return false }
        guard recorder.extend(newest.id, with: bytes) else { return false }
        self.newest?.bytes += bytes.count
        if let last = tail.indices.last {
            tail[last].bytes += bytes.count
            tailBytes += bytes.count
            let dropped = cutTail()
            if !dropped.isEmpty { recorder.keep([], dropping: dropped) }
        } else {
            headBytes += bytes.count
        }
        return true
    }

    /// - Returns: the last words of the output, of standard error where that was told apart.
    @discardableResult
    func finish() async -> String? {
        defer { ends = [:] }
        if cutBytes > 0, let cutSequence {
            let words = """
                [onebeat: \(cutBytes) bytes of output were cut here: of each attempt the first and the last \
                \(recorder.share) bytes are kept (node.output)]

                """
            let position = LogPosition(attempt: attempt, sequence: cutSequence)
            recorder.keep([recorder.piece(run, position, Array(words.utf8), .note)], dropping: [])
        }
        if sequence > 0 { await recorder.flush() }
        return LastLine.of(ends[.stderr] ?? []) ?? LastLine.of(ends[.stdout] ?? [])
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
        recorder.keep([piece], dropping: cutTail())
    }

    /// - Returns: the oldest pieces, which the tail has no room for any more.
    private func cutTail() -> [LogPiece.ID] {
        var dropped: [LogPiece.ID] = []
        while tailBytes > recorder.share, tail.count > 1 {
            let oldest = tail.removeFirst()
            tailBytes -= oldest.bytes
            cutBytes += oldest.bytes
            dropped.append(oldest.id)
        }
        return dropped
    }

    private func next(_ bytes: [UInt8], _ stream: LogStream) -> LogPiece {
        let piece = recorder.piece(run, LogPosition(attempt: attempt, sequence: sequence), bytes, stream)
        sequence += 1
        newest = (piece.id, stream, bytes.count)
        return piece
    }
}
