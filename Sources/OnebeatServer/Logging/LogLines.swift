import Dispatch
import Glibc
import Synchronization

/// Takes lines to standard error, or another file, on a thread of its own. Who writes never waits: when nobody reads what the node says,
/// lines are left out and counted, and no lease, page or signal is held up by it.
public final class LogLines: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var leftOut = 0
        var isWriting = false
    }

    /// How much may wait.
    static let room = 1024 * 1024

    private let file: CInt
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "onebeat.log")

    /// Lines for standard error.
    public convenience init() { self.init(file: STDERR_FILENO) }

    /// Lines for an open file.
    public init(file: CInt) { self.file = file }

    /// Has a line written, unless too much waits already.
    public func write(_ line: String) {
        let begins = state.withLock { state in
            guard state.waiting.count + line.utf8.count <= Self.room else {
                state.leftOut += 1
                return false
            }
            state.waiting += line.utf8
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { queue.async { [self] in writeAll() } }
    }

    /// Returns when all is written, but no later than after `patience`.
    public func flush(within patience: Duration = .seconds(1)) {
        let isDone = DispatchSemaphore(value: 0)
        queue.async { isDone.signal() }
        _ = isDone.wait(timeout: .now() + .nanoseconds(Int(patience.nanoseconds)))
    }

    private func writeAll() {
        while let bytes = take() { Self.write(bytes, to: file) }
    }

    private func take() -> [UInt8]? {
        state.withLock { state in
            if state.leftOut > 0, state.waiting.count < Self.room / 2 {
                state.waiting += Array(
                    "onebeat: \(state.leftOut) log lines were left out, since nobody read them\n".utf8)
                state.leftOut = 0
            }
            if state.waiting.isEmpty {
                state.isWriting = false
                return nil
            }
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// One call for as many lines as there are, so that lines do not mix; what a full pipe leaves over follows.
    private static func write(_ bytes: [UInt8], to file: CInt) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EAGAIN {
                var place = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                poll(&place, 1, -1)
            } else if count < 0, errno != EINTR {
                return
            }
            written += max(count, 0)
        }
    }
}
