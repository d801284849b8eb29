import Onebeat
import OnebeatRedis
import Synchronization

/// Hears what a beat sends, over `MONITOR` on its broker: nothing has to be changed in the application for that, no worker has to
/// be up, and each message is seen once, in the broker's order and with its time. Task events would need
/// `task_send_sent_event`, which is off unless somebody turned it on.
package final class BeatListener: Sendable {
    /// How long the broker may take to show what it was asked a moment ago.
    private static let patience = Duration.seconds(5)
    /// How many messages are kept for whoever takes them.
    private static let most = 200_000

    private struct Heard {
        var messages: [BeatMessage] = []
        var marks: Set<String> = []
        var isOverfull = false
    }

    private final class Box: Sendable {
        let heard = Mutex(Heard())
    }

    private let client: RedisClient
    private let monitor: RedisMonitor
    private let box: Box
    private let time: any TimeSource

    private init(_ client: RedisClient, _ monitor: RedisMonitor, _ box: Box, _ time: any TimeSource) {
        self.client = client
        self.monitor = monitor
        self.box = box
        self.time = time
    }

    /// Begins to listen; everything that is sent from its return on is heard.
    /// - Throws: ``RedisError``
    package static func open(
        _ settings: CelerySettings, onlyMarked: Bool = true, time: any TimeSource = SystemTime()
    ) async throws(RedisError) -> BeatListener {
        let client = RedisClient(settings.broker, name: "onebeat:compare", patience: .seconds(3))
        let box = Box()
        do throws(RedisError) {
            let monitor = try await RedisMonitor.open(by: client) { line in
                if let command = WatchedCommand(line, verb: "lpush") {
                    guard let message = BeatMessage(command, settings, onlyMarked: onlyMarked) else { return }
                    box.heard.withLock { heard in
                        if heard.messages.count < Self.most {
                            heard.messages.append(message)
                        } else {
                            heard.isOverfull = true
                        }
                    }
                } else if let mark = WatchedCommand(line, verb: "echo")?.words.dropFirst().first {
                    box.heard.withLock { heard in
                        // Those of others are dropped when ours are looked for.
                        if heard.marks.count < 1000 { heard.marks.insert(mark) }
                    }
                }
            }
            let listener = BeatListener(client, monitor, box, time)
            try await listener.catchUp()
            return listener
        } catch {
            await client.close()
            throw error
        }
    }

    /// Returns when all has been heard that the broker carried out before this call.
    /// - Throws: ``RedisError`` where the line carries no more, so that something may have gone by unheard.
    package func catchUp() async throws(RedisError) {
        let mark = "onebeat-" + TaskID.uuid("\(UInt64.random(in: 0...UInt64.max))")
        box.heard.withLock { $0.marks = [] }
        if let failure = try await client.send([RedisCommand("ECHO", mark)]).first?.failure {
            throw .refused(
                "Redis at \(client.address.place) refused a word: \(failure)\(failure.advice(rights: "monitor and echo"))"
            )
        }
        let end = time.uptime() + Self.patience
        while !box.heard.withLock({ $0.marks.contains(mark) }) {
            guard monitor.isOpen, time.uptime() < end else {
                throw .unavailable(
                    "Redis at \(client.address.place) no longer tells what is sent; messages may have gone by unheard")
            }
            try? await time.sleep(until: time.uptime() + .milliseconds(10))
        }
        if box.heard.withLock({ $0.isOverfull }) {
            throw .unavailable("more than \(Self.most) messages were sent at once; some were not kept")
        }
    }

    /// What was heard since the last call.
    package func take() -> [BeatMessage] {
        box.heard.withLock { heard in
            defer { heard.messages = [] }
            return heard.messages
        }
    }

    /// The broker's time.
    /// - Throws: ``RedisError``
    package func brokerTime() async throws(RedisError) -> Timestamp {
        guard let moment = try await client.send([RedisCommand("TIME")]).first?.time else {
            throw .refused("Redis at \(client.address.place) does not tell the time; may its user ask?")
        }
        return moment
    }

    package func close() async {
        monitor.close()
        await client.close()
    }
}
