import Foundation
import Onebeat

/// The ways to tell people. Each turns a message into work that a node can do already: an HTTP call, or a process.
package enum AlertChannel: String, Sendable, CaseIterable {
    case webhook, slack, discord, teams, telegram, ntfy, pagerduty, email, run

    /// What a channel needs, and whether it must be given. The first is what a plain value stands for.
    package var keys: [(name: String, isRequired: Bool)] {
        switch self {
        case .webhook: [("url", true), ("secret", false)]
        case .slack, .discord, .teams: [("url", true)]
        case .telegram: [("token", true), ("chat", true), ("url", false)]
        case .ntfy: [("url", true), ("token", false)]
        case .pagerduty: [("key", true), ("url", false)]
        case .email: [("to", true), ("from", false), ("sendmail", false)]
        case .run: [("line", true)]
        }
    }

    /// A setting that is missing or cannot be used; its value is never named.
    package struct Unfit: Error, CustomStringConvertible {
        package var description: String
    }

    /// How long a receiver may take to answer.
    static let patience = Duration.seconds(20)

    /// The work that sends the message.
    /// - Parameters:
    ///   - settings: with secrets in their place.
    ///   - now: for the time stamp of a signature.
    package func work(
        for message: AlertMessage, rule: String, settings: [String: String], at now: Timestamp
    ) throws(Unfit) -> Work {
        func setting(_ name: String) throws(Unfit) -> String {
            guard let value = settings[name], !value.isEmpty else {
                throw Unfit(description: "\(rawValue).\(name) is missing")
            }
            return value
        }
        func call(_ url: String, _ body: JSONValue, _ headers: [String: String] = [:]) throws(Unfit) -> Work {
            let text = try Self.text(of: body)
            var headers = headers
            headers["Content-Type"] = "application/json"
            return .http(
                HTTPCall(
                    url: Self.literal(url), method: "POST", headers: headers.mapValues(Self.literal),
                    body: Self.literal(text), timeout: Self.patience))
        }
        switch self {
        case .webhook:
            let body = Self.payload(of: message, rule: rule, at: now)
            var headers = ["Onebeat-Message": "\(message.number)"]
            if let secret = settings["secret"], !secret.isEmpty {
                let stamp = "\(now.microseconds / 1_000_000)"
                let signed = Array("\(stamp).\(try Self.text(of: body))".utf8)
                headers["Onebeat-Timestamp"] = stamp
                headers["Onebeat-Signature"] = "v1=" + Fingerprint.hmac(signed, key: Array(secret.utf8))
            }
            return try call(setting("url"), body, headers)
        case .slack: return try call(setting("url"), .object(["text": .string(Self.slackText(of: message))]))
        case .discord:
            let text = String(message.text.prefix(1900))
            return try call(
                setting("url"), .object(["content": .string(text), "allowed_mentions": .object(["parse": .array([])])]))
        case .teams: return try call(setting("url"), Self.card(of: message))
        case .telegram:
            let host = settings["url"] ?? "https://api.telegram.org"
            let body: [String: JSONValue] = [
                "chat_id": .string(try setting("chat")), "text": .string(String(message.text.prefix(4000))),
                "disable_web_page_preview": .bool(true),
            ]
            return try call("\(host)/bot\(setting("token"))/sendMessage", .object(body))
        case .ntfy:
            var headers = ["Title": message.title.asFieldValue, "Priority": message.isGood ? "default" : "high"]
            if let token = settings["token"], !token.isEmpty { headers["Authorization"] = "Bearer \(token)" }
            let text = message.lines.joined(separator: "\n")
            return .http(
                HTTPCall(
                    url: Self.literal(try setting("url")), method: "POST", headers: headers.mapValues(Self.literal),
                    body: Self.literal(text), timeout: Self.patience))
        case .pagerduty:
            let host = settings["url"] ?? "https://events.pagerduty.com/v2/enqueue"
            return try call(host, Self.pagerDutyEvent(of: message, rule: rule, key: setting("key")))
        case .email:
            var process = ProcessSettings()
            process.environment["ONEBEAT_MAIL"] = Self.literal(
                Self.mail(of: message, to: try setting("to"), from: settings["from"] ?? "onebeat"))
            let program = settings["sendmail"] ?? "/usr/sbin/sendmail"
            process.environment["ONEBEAT_SENDMAIL"] = Self.literal(program)
            return .shell("printf '%s' \"$ONEBEAT_MAIL\" | \"$ONEBEAT_SENDMAIL\" -t -i", process)
        case .run:
            var process = ProcessSettings()
            process.environment = [
                "ONEBEAT_ALERT_TITLE": Self.literal(message.title), "ONEBEAT_ALERT_TEXT": Self.literal(message.text),
                "ONEBEAT_ALERT_JSON": Self.literal(try Self.text(of: Self.payload(of: message, rule: rule, at: now))),
                "ONEBEAT_ALERT_GOOD": message.isGood ? "1" : "0",
            ]
            return .shell(try setting("line"), process)
        }
    }

    /// What is in the message may look like a variable; it is none.
    private static func literal(_ text: String) -> String { text.replacing("${", with: "$${") }

    private static func text(of body: JSONValue) throws(Unfit) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(body) else { throw Unfit(description: "the message is no JSON") }
        return String(decoding: data, as: UTF8.self)
    }

    /// What programs get.
    private static func payload(of message: AlertMessage, rule: String, at now: Timestamp) -> JSONValue {
        .object([
            "version": .int(1), "message": .int(message.number), "rule": .string(rule), "at": .string("\(now)"),
            "good": .bool(message.isGood), "title": .string(message.title), "text": .string(message.text),
            "count": .int(Int64(message.count)),
            "incidents": .array(
                message.incidents.map { incident in
                    .object([
                        "id": .int(incident.id), "kind": .string(incident.kind), "job": .string(incident.job),
                        "run": incident.run.map { .int($0.value) } ?? .null, "summary": .string(incident.summary),
                        "opened_at": .string("\(incident.openedAt)"),
                    ])
                }),
        ])
    }

    /// Slack takes `&`, `<` and `>` for its own marks.
    private static func slackText(of message: AlertMessage) -> String {
        String(message.text.prefix(3500)).replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;")
    }

    private static func card(of message: AlertMessage) -> JSONValue {
        let blocks = [message.title] + message.lines
        return .object([
            "type": .string("message"),
            "attachments": .array([
                .object([
                    "contentType": .string("application/vnd.microsoft.card.adaptive"),
                    "content": .object([
                        "type": .string("AdaptiveCard"), "version": .string("1.4"),
                        "body": .array(
                            blocks.map {
                                .object(["type": .string("TextBlock"), "wrap": .bool(true), "text": .string($0)])
                            }),
                    ]),
                ])
            ]),
        ])
    }

    /// One event resolves what another triggered where both tell of one job: the key is the job's.
    private static func pagerDutyEvent(of message: AlertMessage, rule: String, key: String) -> JSONValue {
        let jobs = Set(message.incidents.map(\.job))
        let subject = jobs.count == 1 ? jobs.first ?? "" : "message-\(message.number)"
        return .object([
            "routing_key": .string(key), "event_action": .string(message.isGood ? "resolve" : "trigger"),
            "dedup_key": .string("onebeat/\(rule)/\(subject)"),
            "payload": .object([
                "summary": .string(String(message.title.prefix(1000))), "source": .string("onebeat"),
                "severity": .string("error"),
                "custom_details": .object(["text": .string(message.text)]),
            ]),
        ])
    }

    /// Header lines hold no line break, whatever a job is called.
    private static func mail(of message: AlertMessage, to: String, from: String) -> String {
        func plain(_ text: String) -> String { String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 }) }
        return """
            From: \(plain(from))
            To: \(plain(to))
            Subject: \(plain(message.title))
            Message-ID: <onebeat-message-\(message.number)@onebeat>
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8

            \(message.lines.joined(separator: "\n"))

            """
    }
}
