import CGuardian
import Dispatch
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
    private let stream: OutputStream
    // Dispatch objects may be used from any thread; its overlay for Linux only fails to say so.
    nonisolated(unsafe) private let readable: any DispatchSourceRead
    private let state = Mutex(State())

    private static let queue = DispatchQueue(label: "onebeat.output")
    private static let pieceSize = 65_536

    /// The pumps of one process; each of them must be run.
    /// - Throws: ``GuardianError/notAsked(errno:)`` when no pipe could be had.
    static func pair() throws(GuardianError) -> (output: OutputPump, errors: OutputPump) {
        var output: (CInt, CInt) = (-1, -1)
        var errors: (CInt, CInt) = (-1, -1)
        guard guardian_pipe(&output.0, &output.1) == 0 else { throw .notAsked(errno: errno) }
        guard guardian_pipe(&errors.0, &errors.1) == 0 else {
            let number = errno
            close(output.0)
            close(output.1)
            throw .notAsked(errno: number)
        }
        return (OutputPump(.stdout, ends: output), OutputPump(.stderr, ends: errors))
    }

    private init(_ stream: OutputStream, ends: (CInt, CInt)) {
        (readEnd, writeEnd) = ends
        self.stream = stream
        readable = DispatchSource.makeReadSource(fileDescriptor: readEnd, queue: Self.queue)
        readable.setEventHandler { [weak self] in self?.wake() }
        readable.setCancelHandler { [readEnd] in close(readEnd) }
        readable.activate()
        readable.suspend()  // from here on it is suspended but while somebody waits
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
        readable.cancel()
        readable.resume()  // a suspended source never gets to its cancel handler
    }

    /// Says that every process of the run is dead. A stranger may still hold the pipe open; nobody waits for it.
    func finish() {
        let waiter = state.withLock { state in
            state.isFinished = true
            return state.waiter.take()
        }
        resume(waiter)
    }

    private func wake() {
        resume(state.withLock { $0.waiter.take() })
    }

    private func resume(_ waiter: CheckedContinuation<Void, Never>?) {
        guard let waiter else { return }
        readable.suspend()
        waiter.resume()
    }

    private func waitUntilReadable() async {
        await withCheckedContinuation { continuation in
            let isFinished = state.withLock { state in
                if !state.isFinished { state.waiter = continuation }
                return state.isFinished
            }
            if isFinished { continuation.resume() } else { readable.resume() }
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
