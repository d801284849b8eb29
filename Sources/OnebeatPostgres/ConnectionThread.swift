import Foundation
import Synchronization

/// The thread of one connection. libpq blocks, and must never do so on the threads that Swift runs everything else on.
final class ConnectionThread: SerialExecutor {
    private let jobs = Mutex<[UnownedJob?]>([])
    private let count = DispatchSemaphore(value: 0)

    init() {
        let thread = Thread { [self] in serve() }
        thread.name = "onebeat-postgres"
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        append(job)
    }

    /// Ends the thread after what was asked of it before. Nothing may be asked of it later.
    func end() { append(nil) }

    private func append(_ job: UnownedJob?) {
        jobs.withLock { $0.append(job) }
        count.signal()
    }

    /// The thread holds the executor, so that it outlives the last job, in which its actor may go.
    private func serve() {
        while true {
            count.wait()
            guard let job = jobs.withLock({ $0.removeFirst() }) else { return }
            job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }
}
