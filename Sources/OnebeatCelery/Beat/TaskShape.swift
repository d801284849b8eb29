// Beat: what a `celery beat` that is still at work sends, read off its broker, and how that lies to what Onebeat would have
// sent. Nothing here sends anything or ends a run.

import Foundation
import Onebeat
import OnebeatRedis

/// What makes two messages the same work: the task, its arguments, and the list that it is pushed to, which says queue and
/// priority.
package struct TaskShape: Sendable, Hashable, Comparable {
    package var task: String
    /// As JSON with sorted keys.
    package var arguments: String
    package var keywords: String
    package var list: String

    /// The shape of what a job would send.
    /// - Parameter expand: puts variables of the environment in the place of `${NAME}`.
    /// - Throws: whatever keeps the task from being sent.
    package init(
        _ call: CeleryCall, _ settings: CelerySettings, expand: (String) throws -> JSONValue
    ) throws {
        task = call.task
        arguments = JSONValue.array(try call.arguments.map { try $0.expanded("args", expand) }).text
        keywords = try JSONValue.object(call.keywords).expanded("kwargs", expand).text
        list = settings.list(of: call.queue ?? settings.queue, priority: call.priority ?? 0)
    }

    init(task: String, arguments: String, keywords: String, list: String) {
        self.task = task
        self.arguments = arguments
        self.keywords = keywords
        self.list = list
    }

    package static func < (a: TaskShape, b: TaskShape) -> Bool {
        (a.task, a.arguments, a.keywords, a.list) < (b.task, b.arguments, b.keywords, b.list)
    }

    /// For people.
    /// - Parameter most: how many characters of the task and its arguments are shown.
    package func words(_ settings: CelerySettings, most: Int = 200) -> String {
        var words = task
        if arguments != "[]" || keywords != "{}" { words += " \(arguments) \(keywords)" }
        return "\(words.count > most ? words.prefix(most) + "…" : words) to \(settings.words(ofList: list))"
    }
}

/// A message that a beat pushed.
package struct BeatMessage: Sendable, Equatable {
    /// When, by the broker's clock.
    package var sentAt: Timestamp
    package var id: String
    package var shape: TaskShape

    init(sentAt: Timestamp, id: String, shape: TaskShape) {
        self.sentAt = sentAt
        self.id = id
        self.shape = shape
    }

    /// Reads a command that the broker carried out.
    /// - Parameter onlyMarked: whether only what bears a beat's mark counts. Beats of some years ago set none.
    /// - Returns: `nil` for what is no task of a beat's: of other programs, of another database, ours, or no task at all.
    package init?(_ command: WatchedCommand, _ settings: CelerySettings, onlyMarked: Bool = true) {
        guard command.database == settings.broker.database, command.words.count == 3,
            let envelope = try? JSONValue(json: Array(command.words[2].utf8)).members,
            let headers = envelope["headers"]?.members, headers["onebeat_job"] == nil,
            case .string(let task)? = headers["task"], case .string(let id)? = headers["id"]
        else { return nil }
        // What a worker sends once more is not the beat's doing, though it keeps the mark.
        if case .int(let retries)? = headers["retries"], retries > 0 { return nil }
        let isMarked = headers["celery_beat_task"] == .bool(true) || headers["periodic_task_name"] != nil
        guard isMarked || !onlyMarked else { return nil }
        var (arguments, keywords) = ("[]", "{}")
        if let body = Self.body(of: envelope), case .array(let parts) = body, parts.count >= 2 {
            (arguments, keywords) = (parts[0].text, parts[1].text)
        }
        sentAt = command.at
        self.id = id
        shape = TaskShape(task: task, arguments: arguments, keywords: keywords, list: command.words[1])
    }

    private static func body(of envelope: [String: JSONValue]) -> JSONValue? {
        guard case .string(let text)? = envelope["body"] else { return nil }
        let isEncoded = envelope["properties"]?.members?["body_encoding"] == .string("base64")
        guard let data = isEncoded ? Data(base64Encoded: text) : Data(text.utf8) else { return nil }
        return try? JSONValue(json: Array(data))
    }
}
