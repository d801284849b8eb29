import Logging
import Onebeat
import OnebeatRedis
import Synchronization

/// Watches the results of any number of tasks over one connection that subscribes, and one that reads: a message is only a
/// sign to look, and the key is the truth. Where messages cannot be had, all keys are looked at now and then.
actor ResultWatch {
    /// How often all keys are looked at though nobody said anything.
    static let pollOfTold = Duration.seconds(30)
    /// The same where nobody can say anything.
    static let pollOfUntold = Duration.seconds(1)
    /// How often the subscription is asked whether it still carries.
    static let ping = Duration.seconds(5)
    /// How long the subscription's connection is kept with nothing to watch: the next task need not wait for another.
    static let linger = Duration.seconds(60)
    /// How long an answer of ``refusal()`` holds.
    static let memory = Duration.seconds(10)
    /// As many keys go into one flight.
    private static let page = 200
    /// The most messages a second: as many results as one Redis can tell of.
    private static let mostMessages = 100_000

    private struct Watched {
        var number: Int
        var states: AsyncStream<TaskState>.Continuation
        var isHeard = false
    }

    /// What the subscription's connection said since the last look.
    private final class Told: Sendable {
        let keys = Mutex<Set<String>>([])
        let bell: Bell

        init(ringing bell: Bell) { self.bell = bell }

        func note(_ key: String) {
            keys.withLock { _ = $0.insert(key) }
            bell.ring()
        }
    }

    private let client: RedisClient
    private let settings: CelerySettings
    private let time: any TimeSource
    private let logger: Logger
    private let bell = Bell()
    private let told: Told
    /// By the keys of their results.
    private var watched: [String: Watched] = [:]
    private var count = 0
    private var fresh: Set<String> = []
    private var left: Set<String> = []
    private var line: RedisSubscription?
    /// Whether it has a loop at work, and perhaps a connection.
    private(set) var isGoing = false
    private var pause = Duration.milliseconds(100)
    /// When the line may be tried again, when it was last seen to carry, and when all keys were last looked at.
    private var (nextLine, nextPing, nextPoll) = (Duration.zero, Duration.zero, Duration.zero)
    private var isTold = true
    private var asked: (at: Duration, words: String?)?

    init(_ client: RedisClient, _ settings: CelerySettings, time: any TimeSource, logger: Logger) {
        self.client = client
        self.settings = settings
        self.time = time
        self.logger = logger
        told = Told(ringing: bell)
    }

    /// What the result backend says of a task from now on, until its end. One watcher a task: a later one takes over.
    func states(of task: String) -> AsyncStream<TaskState> {
        let (stream, continuation) = AsyncStream.makeStream(of: TaskState.self, bufferingPolicy: .bufferingNewest(16))
        let key = settings.resultKey(of: task)
        count += 1
        let number = count
        continuation.onTermination = { [weak self] _ in Task { [weak self] in await self?.leave(key, number) } }
        let isHeard = watched[key]?.isHeard ?? false
        watched[key]?.states.finish()
        watched[key] = Watched(number: number, states: continuation, isHeard: isHeard)
        fresh.insert(key)
        left.remove(key)
        bell.ring()
        if !isGoing {
            isGoing = true
            Task { await watch() }
        }
        return stream
    }

    /// Why results cannot be read, where trying again would not help: a wrong password, no right to read. A server that is
    /// away is waited for, as ever.
    func refusal() async -> String? {
        if line?.isOpen == true, isTold { return nil }
        if let asked, time.uptime() - asked.at < Self.memory { return asked.words }
        var words: String?
        do throws(RedisError) {
            let reply = try await client.send([RedisCommand("GETRANGE", settings.resultKey(of: "none"), "0", "0")])
                .first
            if case .failure(let failure)? = reply, !failure.isPassing { words = "\(failure)" }
        } catch {
            if case .refused(let why) = error { words = why }
        }
        asked = (time.uptime(), words)
        return words
    }

    private func leave(_ key: String, _ number: Int) {
        guard let entry = watched[key], entry.number == number else { return }
        if entry.isHeard { left.insert(key) }
        watched[key] = nil
        fresh.remove(key)
        bell.ring()
    }

    /// Goes on for as long as there is something to watch, and a while after it.
    private func watch() async {
        var idleUntil: Duration?
        while true {
            idleUntil = watched.isEmpty ? idleUntil ?? time.uptime() + Self.linger : nil
            if let idleUntil, line == nil || time.uptime() >= idleUntil { break }
            do throws(RedisError) {
                try await listen()
                try await look()
                works()
            } catch {
                fails(error)
            }
            if fresh.isEmpty || !isTold {
                let uptime = time.uptime()
                let next =
                    line == nil
                    ? uptime + min(pause, Self.pollOfUntold) : min(nextPing, nextPoll, idleUntil ?? nextPoll)
                await bell.wait(until: max(next, uptime + .milliseconds(1)), on: time)
            }
        }
        line?.close()
        line = nil
        isGoing = false
    }

    /// Subscribes to what is not heard yet; before its key is looked at, so that nothing falls between.
    private func listen() async throws(RedisError) {
        let uptime = time.uptime()
        if let line, !line.isOpen { loseLine() }
        if line == nil {
            guard uptime >= nextLine else { return }
            nextLine = uptime + pause
            do throws(RedisError) {
                line = try await client.openSubscription(mostMessages: Self.mostMessages) { [told] in told.note($0) }
                nextPing = uptime + Self.ping
            } catch {
                pause = min(pause * 2, .seconds(5))
                throw error
            }
        }
        guard let line else { return }
        do throws(RedisError) {
            let gone = Array(left.prefix(Self.page))
            left.subtract(gone)
            if !gone.isEmpty { try await line.unsubscribe(from: gone) }
            let unheard = watched.filter { !$0.value.isHeard }.keys
            for start in stride(from: 0, to: unheard.count, by: Self.page) {
                let page = Array(unheard.dropFirst(start).prefix(Self.page))
                try await line.subscribe(to: page)
                for key in page {
                    watched[key]?.isHeard = true
                    fresh.insert(key)
                }
            }
            if time.uptime() >= nextPing {
                try await line.ping()
                nextPing = time.uptime() + Self.ping
            }
            pause = .milliseconds(100)
        } catch {
            loseLine()
            pause = min(pause * 2, .seconds(5))
            throw error
        }
    }

    private func loseLine() {
        line?.close()
        line = nil
        left = []
        for key in watched.keys { watched[key]?.isHeard = false }
    }

    private func look() async throws(RedisError) {
        fresh.formUnion(
            told.keys.withLock { keys in
                defer { keys = [] }
                return keys
            })
        let uptime = time.uptime()
        if uptime >= nextPoll {
            fresh.formUnion(watched.keys)
            nextPoll = uptime + (line == nil ? Self.pollOfUntold : Self.pollOfTold)
        }
        let keys = fresh.filter { watched[$0] != nil }
        fresh = []
        var rest = keys[...]
        while !rest.isEmpty {
            let page = Array(rest.prefix(Self.page))
            rest = rest.dropFirst(page.count)
            do throws(RedisError) {
                let replies = try await client.send(
                    page.map { RedisCommand("GETRANGE", $0, "0", "\(TaskState.mostBytes - 1)") })
                for (key, reply) in zip(page, replies) { take(reply, of: key) }
            } catch {
                fresh.formUnion(page)
                fresh.formUnion(rest)
                throw error
            }
        }
    }

    private func take(_ reply: RedisReply, of key: String) {
        let state: TaskState
        switch reply {
        case .bytes(let bytes):
            guard !bytes.isEmpty else { return }
            state = TaskState(bytes)
        case .failure(let failure):
            if failure.isPassing { return }
            state = .unreadable("its result cannot be read: \(failure)")
        case .status, .integer, .null, .array: return
        }
        watched[key]?.states.yield(state)
        if state.isTerminal { watched[key]?.states.finish() }
    }

    private func works() {
        guard !isTold else { return }
        isTold = true
        logger.notice("results of Celery's tasks can be read again")
    }

    private func fails(_ error: RedisError) {
        // With nothing to watch, nothing is missed.
        guard isTold, !watched.isEmpty else { return }
        isTold = false
        for entry in watched.values { entry.states.yield(.other("its result cannot be read for now: \(error)")) }
        logger.warning("results of Celery's tasks cannot be read; it is tried again", metadata: ["error": "\(error)"])
    }
}
