import CGuardian
import Foundation
import Glibc
import Synchronization

/// Says when descriptors can be read: one thread asks the system for all of them.
///
/// Not a `DispatchSource`: on Linux (Swift 6.3) its event loop reads freed memory when the other end of a pipe closes
/// while the source is suspended or cancelled, and that is what happens at the end of each process.
final class Readiness: Sendable {
    private struct State {
        var calls: [CInt: @Sendable () -> Void] = [:]
        var isClosed = false
    }

    private let descriptor: CInt
    private let state = Mutex(State())

    /// - Throws: ``GuardianError/notForked(errno:)``, the moment it is made being the guardian's start.
    init() throws(GuardianError) {
        descriptor = guardian_readiness()
        guard descriptor >= 0 else { throw .notForked(errno: errno) }
    }

    /// Starts the thread; it ends, and nobody is called any more, after ``close()``.
    func start() {
        Thread { [self] in
            while waitOnce() {}
            Glibc.close(descriptor)
        }.start()
    }

    /// Calls `call` once, from the thread, as soon as `file` can be read or has ended.
    func arm(_ file: CInt, _ call: @escaping @Sendable () -> Void) {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.calls[file] = call
            guardian_readiness_arm(descriptor, file)
        }
    }

    /// Ends the interest in a file that is about to be closed.
    func forget(_ file: CInt) {
        state.withLock { state in
            state.calls[file] = nil
            if !state.isClosed { guardian_readiness_forget(descriptor, file) }
        }
    }

    /// To be called from a call, so that the thread takes notice.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.calls = [:]
        }
    }

    private func waitOnce() -> Bool {
        var files = [CInt](repeating: -1, count: 64)
        let count = guardian_readiness_wait(descriptor, &files, CInt(files.count))
        for file in files.prefix(Int(max(count, 0))) {
            let call = state.withLock { $0.calls.removeValue(forKey: file) }
            call?()
        }
        return !state.withLock { $0.isClosed }
    }
}
