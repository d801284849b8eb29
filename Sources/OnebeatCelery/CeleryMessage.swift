import Foundation
import Onebeat

/// The message of a task as Celery's protocol 2 has it over Redis. A worker that cannot read a message may stop, and so may
/// the next one: what is made here is always whole, since it is made of values and never of text.
struct CeleryMessage: Sendable, Equatable {
    /// The list it is pushed to.
    let list: String
    /// The envelope. The same for the same run, sender and moment, so that it can be found again in the list.
    let text: String

    /// The most bytes of an envelope; more than that holds up everybody who shares the broker.
    static let mostBytes = 1 << 20

    /// Who sends, and what times are counted from.
    struct Stamp: Sendable, Equatable {
        var fence: Fence
        var sentAt: Timestamp
    }

    /// - Parameter expand: what a text with `${` or `{{` in it stands for.
    /// - Throws: ``UnfitTask``
    init(
        _ call: CeleryCall, of run: Run, id: String, stamp: Stamp, settings: CelerySettings,
        expand: (String) throws -> JSONValue
    ) throws {
        let queue = call.queue ?? settings.queue
        list = settings.list(of: queue, priority: call.priority ?? 0)
        let arguments = try call.arguments.map { try $0.expanded("args", expand) }
        let keywords = try JSONValue.object(call.keywords).expanded("kwargs", expand)
        let embedded = JSONValue.object(["callbacks": .null, "errbacks": .null, "chain": .null, "chord": .null])
        let body = JSONValue.array([.array(arguments), keywords, embedded]).text

        var headers: [String: JSONValue] = [
            "lang": "swift", "task": .string(call.task), "id": .string(id), "root_id": .string(id), "parent_id": .null,
            "shadow": .null, "group": .null, "group_index": .null, "retries": .int(0),
            "eta": Self.time(call.countdown, after: stamp), "expires": Self.time(call.expires, after: stamp),
            "timelimit": .array([Self.seconds(call.timeLimit), Self.seconds(call.softTimeLimit)]),
            // As they were written: what variables stand for may be secret, and workers log these.
            "argsrepr": .string(PythonText.tuple(call.arguments)),
            "kwargsrepr": .string(PythonText.dictionary(call.keywords)),
            "origin": "onebeat", "ignore_result": call.outcome == .result ? .bool(false) : .null,
            "replaced_task_nesting": .int(0), "stamped_headers": .null, "stamps": .object([:]),
            "onebeat_job": .string(run.job), "onebeat_run_key": .string(run.key),
            "onebeat_scheduled_at": .string("\(run.scheduledAt)"), "onebeat_fence": .int(stamp.fence.value),
        ]
        for (name, value) in call.headers { headers[name] = try value.expanded("headers.\(name)", expand) }
        let envelope = JSONValue.object([
            "body": .string(Data(body.utf8).base64EncodedString()), "content-encoding": "utf-8",
            "content-type": "application/json", "headers": .object(headers),
            "properties": .object([
                "correlation_id": .string(id), "delivery_mode": .int(2), "priority": .int(Int64(call.priority ?? 0)),
                "body_encoding": "base64", "delivery_tag": .string(TaskID.deliveryTag(of: id)),
                "delivery_info": .object(["exchange": "", "routing_key": .string(queue)]),
            ]),
        ])
        text = envelope.text
        guard text.utf8.count <= Self.mostBytes else {
            throw UnfitTask("celery: the message has \(text.utf8.count) bytes; \(Self.mostBytes) will do")
        }
    }

    private static func time(_ length: Duration?, after stamp: Stamp) -> JSONValue {
        guard let length else { return .null }
        // Celery of all versions reads this offset; that of `Z` not every one does.
        return .string((stamp.sentAt + length).description.replacing("Z", with: "+00:00"))
    }

    private static func seconds(_ length: Duration?) -> JSONValue {
        guard let length else { return .null }
        let seconds = length.inSeconds
        return Int64(exactly: seconds).map(JSONValue.int) ?? .number(seconds)
    }
}

/// A task that cannot be sent as it is written: which key, and what was wrong.
struct UnfitTask: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension JSONValue {
    /// With what its texts stand for.
    func expanded(_ key: String, _ expand: (String) throws -> JSONValue) throws -> JSONValue {
        switch self {
        case .null, .bool, .int, .large, .number: return self
        case .string(let text):
            guard text.contains("${") || text.contains("{{") else { return self }
            do {
                return try expand(text)
            } catch {
                throw UnfitTask("celery.\(key): \(error)")
            }
        case .array(let elements): return .array(try elements.map { try $0.expanded(key, expand) })
        case .object(let members): return .object(try members.mapValues { try $0.expanded(key, expand) })
        }
    }
}
