import CGuardian
import Glibc
import Onebeat
import Synchronization

/// Carries what a process writes to one of its streams to the sink, piece by piece, at the sink's pace: while the sink
/// is busy nothing is read, and a process that writes on is held up by its full pipe.
final class OutputPump: Sendable {
    private struct State {
        var isFinished = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// The end for the process; whoever hands it on closes it.
    let writeEnd: CInt
    private let readEnd: CInt
    private let stream: LogStream
    private let readiness: Readiness
    private let state = Mutex(State())

    private static let pieceSize = 65_536

    /// - Throws: ``GuardianError/notAsked(errno:)`` when no pipe could be had.
    init(_ stream: LogStream, _ readiness: Readiness) throws(GuardianError) {
        var ends: (CInt, CInt) = (-1, -1)
        guard guardian_pipe(&ends.0, &ends.1) == 0 else { throw .notAsked(errno: errno) }
        (readEnd, writeEnd) = ends
        self.stream = stream
        self.readiness = readiness
    }

    /// To be called in the place of ``run(into:)``, where nothing was started.
    func discard() {
        close(readEnd)
        close(writeEnd)
    }

    /// Reads to the end of the stream, or until ``finish()`` was called and the pipe is empty. To be called once.
    func run(into sink: any OutputSink) async {
        while true {
            // Asked before reading: after the finish nobody writes any more, so an empty pipe then stays empty.
            let isFinished = state.withLock { $0.isFinished }
            guard let piece = read() else {
                if isFinished { break }
                await waitUntilReadable()
                continue
            }
            if piece.isEmpty { break }
            await sink.write(piece, to: stream)
        }
        readiness.forget(readEnd)
        close(readEnd)
    }

    /// Says that every process of the run is dead. A stranger may still hold the pipe open; nobody waits for it.
    func finish() {
        state.withLock { $0.isFinished = true }
        wake()
    }

    private func wake() {
        state.withLock { $0.waiter.take() }?.resume()
    }

    private func waitUntilReadable() async {
        await withCheckedContinuation { continuation in
            let isFinished = state.withLock { state in
                if !state.isFinished { state.waiter = continuation }
                return state.isFinished
            }
            if isFinished { continuation.resume() } else { readiness.arm(readEnd) { [self] in wake() } }
        }
    }

    /// Up to 64 KiB; empty at the end of the stream, `nil` when there is nothing yet.
    private func read() -> [UInt8]? {
        withUnsafeTemporaryAllocation(byteCount: Self.pieceSize, alignment: 1) { buffer in
            while true {
                let count = Glibc.read(readEnd, buffer.baseAddress, buffer.count)
                if count >= 0 { return Array(buffer.prefix(count)) }
                if errno == EAGAIN { return nil }
                if errno != EINTR { return [] }
            }
        }
    }
}
