import Foundation
import Onebeat
import OnebeatRedis

/// What the workers of an application say of themselves when they are asked, as `celery inspect` asks them.
package struct CeleryWorkers: Sendable {
    /// How many listened; not each of them has to answer.
    package var listening = 0
    /// The queues that each takes from, by worker.
    package var queues: [String: [String]] = [:]
    /// What each has for `result_backend`, its password hidden, by worker.
    package var backends: [String: String] = [:]

    /// How long answers are waited for.
    private static let patience = Duration.milliseconds(1500)
    private static let mostAnswers = 1000

    /// Asks them.
    /// - Throws: ``RedisError``
    package static func ask(
        by client: RedisClient, _ settings: CelerySettings, time: any TimeSource = SystemTime()
    ) async throws(RedisError) -> CeleryWorkers {
        var workers = CeleryWorkers()
        let queues = try await answers(to: "active_queues", [:], client, settings, time)
        workers.listening = queues.listening
        for (worker, answer) in queues.answers {
            guard case .array(let parts) = answer else { continue }
            workers.queues[worker] = parts.compactMap { part in
                if case .string(let name)? = part.members?["name"] { name } else { nil }
            }
        }
        guard !workers.queues.isEmpty else { return workers }
        let settings = try await answers(to: "conf", ["with_defaults": .bool(false)], client, settings, time)
        for (worker, answer) in settings.answers {
            if case .string(let backend)? = answer.members?["result_backend"] { workers.backends[worker] = backend }
        }
        return workers
    }

    private static func answers(
        to method: String, _ arguments: [String: JSONValue], _ client: RedisClient, _ settings: CelerySettings,
        _ time: any TimeSource
    ) async throws(RedisError) -> (listening: Int, answers: [(String, JSONValue)]) {
        let box = TaskID.uuid("\(UInt64.random(in: 0...UInt64.max))")
        let list = "\(box).\(ControlMessage.replies)"
        let bindings = "\(settings.prefix)_kombu.binding.\(ControlMessage.replies)"
        let binding = [box, "", list].joined(separator: settings.separator)
        let question = ControlMessage.question(method, arguments, replyTo: box, at: time.now())
        let replies = try await client.send([
            RedisCommand("SADD", bindings, binding), RedisCommand("PUBLISH", settings.controlChannel, question),
        ])
        if let failure = replies.lazy.compactMap(\.failure).first { throw .refused("\(failure)") }
        guard replies.count == 2, case .integer(let listening) = replies[1] else { return (0, []) }
        var answers: [(String, JSONValue)] = []
        let end = time.uptime() + patience
        while answers.count < min(Int(clamping: listening), mostAnswers), time.uptime() < end {
            if let text = try await client.send([RedisCommand("RPOP", settings.prefix + list)]).first?.text {
                answers += read(text)
            } else {
                try? await time.sleep(until: time.uptime() + .milliseconds(30))
            }
        }
        _ = try await client.send([
            RedisCommand("SREM", bindings, binding), RedisCommand("DEL", settings.prefix + list),
        ])
        return (Int(clamping: listening), answers)
    }

    /// An answer: a message like any other, whose body has the worker's name and what it says.
    static func read(_ text: String) -> [(String, JSONValue)] {
        guard let envelope = try? JSONValue(json: Array(text.utf8)).members,
            case .string(let encoded)? = envelope["body"], let body = Data(base64Encoded: encoded),
            let members = try? JSONValue(json: Array(body)).members
        else { return [] }
        return members.map { ($0.key, $0.value) }
    }
}
