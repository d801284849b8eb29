import Foundation
import Onebeat

/// What Celery's `control` tells all workers of an application, over a channel and not a queue: who is away misses it.
enum ControlMessage {
    /// How long workers may take to read one.
    private static let life = Duration.seconds(10)

    /// That a task is to be dropped, or ended where it runs.
    static func revoke(_ task: String, at now: Timestamp) -> String {
        message(
            "revoke", ["task_id": .string(task), "terminate": .bool(true), "signal": "SIGTERM"], at: now,
            tag: TaskID.uuid("\(task)/revoke"))
    }

    /// A question to all workers, such as `active_queues`.
    /// - Parameter box: where answers go.
    static func question(_ method: String, _ arguments: [String: JSONValue], replyTo box: String, at now: Timestamp)
        -> String
    {
        message(
            method, arguments, at: now, tag: TaskID.uuid("\(box)/\(method)"),
            reply: [
                "reply_to": .object(["exchange": .string(replies), "routing_key": .string(box)]),
                "ticket": .string(box),
            ])
    }

    /// The exchange of answers.
    static let replies = "reply.celery.pidbox"

    private static func message(
        _ method: String, _ arguments: [String: JSONValue], at now: Timestamp, tag: String,
        reply: [String: JSONValue] = [:]
    ) -> String {
        var body: [String: JSONValue] = [
            "method": .string(method), "arguments": .object(arguments), "destination": .null, "pattern": .null,
            "matcher": .null,
        ]
        body.merge(reply) { $1 }
        let expires = (now + life).microseconds
        let envelope = JSONValue.object([
            "body": .string(Data(JSONValue.object(body).text.utf8).base64EncodedString()),
            "content-encoding": "utf-8", "content-type": "application/json",
            "headers": .object(["clock": .int(1), "expires": .number(Double(expires) / 1_000_000)]),
            "properties": .object([
                "delivery_mode": .int(2), "priority": .int(0), "body_encoding": "base64", "delivery_tag": .string(tag),
                "delivery_info": .object(["exchange": "celery.pidbox", "routing_key": ""]),
            ]),
        ])
        return envelope.text
    }
}
