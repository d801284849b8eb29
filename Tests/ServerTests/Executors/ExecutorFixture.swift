import Glibc
import Onebeat
import Synchronization

@testable import OnebeatServer

/// One guardian and an executor on it, as a node has them.
struct ExecutorFixture {
    let guardian: Guardian
    let executor: ProcessExecutor

    init(grace: Duration = .milliseconds(100), environment: [String: String] = ["PATH": "/usr/bin:/bin"]) throws {
        guardian = try Guardian.fork(grace: grace)
        executor = ProcessExecutor(guardian: guardian, environment: environment)
    }

    /// Runs a shell line to its end.
    func run(_ line: String, _ settings: ProcessSettings = .init(), id: Int64 = 1) async -> (Outcome, RecordingSink) {
        await run(.shell(line, settings), id: id)
    }

    func run(
        _ work: Work, id: Int64 = 1, input: [String: RunValue] = [:]
    ) async -> (Outcome, RecordingSink) {
        let sink = RecordingSink()
        var claim = Claim.example(work, id: id)
        claim.input = input
        return (await executor.execute(claim, output: sink), sink)
    }

    /// Starts ``stubborn`` and returns when all of its processes have said who they are.
    func startStubborn(grace: Duration = .milliseconds(100)) async -> StubbornRun {
        let sink = RecordingSink()
        var settings = ProcessSettings()
        settings.grace = grace
        let claim = Claim.example(.shell(Self.stubborn, settings))
        let executor = executor
        let end = Task { await executor.execute(claim, output: sink) }
        let text = await sink.text { $0.split(separator: "\n").count == 5 }
        let said = text.split(separator: "\n").compactMap { pid_t($0) }
        return StubbornRun(end: end, keeper: said[0], processes: Array(said.dropFirst()))
    }

    /// Ignores TERM, and starts what ignores it too: a child, and below a shell with a session of its own another one.
    private static let stubborn = """
        trap '' TERM
        echo $PPID
        sleep 1000 &
        echo $!
        setsid sh -c 'sleep 1000 & echo $!; echo $$; wait' &
        echo $$
        wait
        """
}

/// A run of four processes that only KILL ends.
struct StubbornRun {
    let end: Task<Outcome, Never>
    let keeper: pid_t
    let processes: [pid_t]
}

/// Keeps what it is given, and tells whoever waits for it.
final class RecordingSink: OutputSink {
    private struct State {
        var pieces: [LogStream: [UInt8]] = [:]
        var value: RunValue?
        var waiter: (isEnough: @Sendable (String) -> Bool, continuation: CheckedContinuation<String, Never>)?
    }
    private let state = Mutex(State())

    func write(_ bytes: [UInt8], to stream: LogStream) async {
        state.withLock { state in
            state.pieces[stream, default: []] += bytes
            let text = String(decoding: state.pieces[.stdout, default: []], as: UTF8.self)
            guard let waiter = state.waiter, waiter.isEnough(text) else { return }
            state.waiter = nil
            waiter.continuation.resume(returning: text)
        }
    }

    func handOn(_ value: RunValue) async { state.withLock { $0.value = value } }

    /// What the run hands on.
    var value: RunValue? { state.withLock { $0.value } }

    func bytes(_ stream: LogStream = .stdout) -> [UInt8] { state.withLock { $0.pieces[stream] ?? [] } }

    func text(_ stream: LogStream = .stdout) -> String { String(decoding: bytes(stream), as: UTF8.self) }

    /// Waits until standard output is enough.
    func text(when isEnough: @escaping @Sendable (String) -> Bool) async -> String {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                let text = String(decoding: state.pieces[.stdout, default: []], as: UTF8.self)
                if isEnough(text) { return continuation.resume(returning: text) }
                state.waiter = (isEnough, continuation)
            }
        }
    }
}

extension Claim {
    static func example(_ work: Work, id: Int64 = 1) -> Claim {
        let moment = Timestamp(iso8601: "2026-11-23T03:00:00Z") ?? Timestamp(microseconds: 0)
        var run = Run(
            id: RunID(id), version: JobVersion(job: "backup", generation: 1, version: 1), scheduledAt: moment,
            dueAt: moment)
        run.attempt = 2
        run.fence = Fence(41)
        return Claim(run: run, definition: JobDefinition(name: "backup", schedule: .manual, work: work))
    }
}

/// Whether a process runs; a zombie does not.
func isRunning(_ process: pid_t) -> Bool {
    guard let file = fopen("/proc/\(process)/stat", "r") else { return false }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    guard fgets(&line, 512, file) != nil else { return false }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return !["Z", "X"].contains(text.split(separator: ")").last?.split(separator: " ").first)
}

/// How many descriptors a process has open.
func openDescriptors(of process: pid_t) -> Int {
    guard let folder = opendir("/proc/\(process)/fd") else { return -1 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
}
