import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The thread of a connection. libpq blocks, and must never do so on the threads that Swift runs everything else on.
///
/// Between jobs it may watch a socket. It ends with its last owner; what it was asked to do before is an owner too.
final class ConnectionThread: SerialExecutor {
    private let mailbox: Mailbox

    /// - Throws: when no descriptor is left to wake it by.
    init() throws(PostgresFailure) {
        mailbox = try Mailbox()
        let thread = Thread { [mailbox] in mailbox.serve() }
        thread.name = "onebeat-postgres"
        thread.start()
    }

    deinit { mailbox.end() }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        mailbox.put { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    // Ours: who runs where is decided in this file.
    func checkIsolated() { precondition(mailbox.isServing, "this is not the connection's thread") }

    /// Has `action` called, on this thread, whenever the socket has something to read and there is no job; `nil` ends that.
    /// Only to be called on this thread.
    func watch(_ socket: CInt?, _ action: @escaping () -> Void = {}) {
        mailbox.watched = socket.map { ($0, action) }
    }

    /// Runs Swift tasks on this thread: one that deals mostly with the connection is spared the changes of threads.
    final class Visitors: TaskExecutor {
        private let thread: ConnectionThread

        init(of thread: ConnectionThread) { self.thread = thread }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            thread.mailbox.put { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }
}

/// What a thread is asked to do, and its wait for that.
private final class Mailbox: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var isWaiting = false
        var isOver = false
    }

    private let state = Mutex(State())
    private let bell: (read: CInt, write: CInt)
    /// A socket, and what to do when it has something to read. Touched by the thread alone.
    nonisolated(unsafe) var watched: (socket: CInt, action: () -> Void)?
    private let thread = Mutex<pthread_t?>(nil)

    var isServing: Bool { thread.withLock { $0.map { pthread_equal($0, pthread_self()) != 0 } ?? false } }

    init() throws(PostgresFailure) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw PostgresFailure(message: "no connection was made: \(String(cString: strerror(errno)))")
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        bell = (ends[0], ends[1])
    }

    deinit {
        Glibc.close(bell.read)
        Glibc.close(bell.write)
    }

    func put(_ job: @escaping @Sendable () -> Void) { ring { $0.jobs.append(job) } }

    /// Ends the thread after what it was asked to do before.
    func end() { ring { $0.isOver = true } }

    /// Wakes the thread where it waits; it never does so for what it asks of itself.
    private func ring(_ change: (inout State) -> Void) {
        let isWaiting = state.withLock { state in
            change(&state)
            defer { state.isWaiting = false }
            return state.isWaiting
        }
        if isWaiting { _ = write(bell.write, "!", 1) }
    }

    func serve() {
        thread.withLock { $0 = pthread_self() }
        while true {
            let (job, isOver) = state.withLock { state in
                let job = state.jobs.isEmpty ? nil : state.jobs.removeFirst()
                state.isWaiting = job == nil && !state.isOver
                return (job, state.isOver)
            }
            if let job { job() } else if isOver { return } else { wait() }
        }
    }

    private func wait() {
        var descriptors = [pollfd(fd: bell.read, events: Int16(POLLIN), revents: 0)]
        if let watched { descriptors.append(pollfd(fd: watched.socket, events: Int16(POLLIN), revents: 0)) }
        guard poll(&descriptors, nfds_t(descriptors.count), -1) > 0 else { return }
        state.withLock { $0.isWaiting = false }
        if descriptors[0].revents != 0 {
            var rings = [UInt8](repeating: 0, count: 16)
            _ = read(bell.read, &rings, rings.count)
        }
        guard descriptors.count > 1, descriptors[1].revents != 0 else { return }
        // A socket that was closed would be reported for ever.
        if descriptors[1].revents & Int16(POLLNVAL) != 0 { watched = nil } else { watched?.action() }
    }
}
