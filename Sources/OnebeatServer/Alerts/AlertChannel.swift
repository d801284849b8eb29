import Foundation
import Onebeat

/// The ways to tell people. Each turns a message into what a node can do: an HTTP call, a process, or mail to a server.
package enum AlertChannel: String, Sendable, CaseIterable {
    case webhook, slack, discord, teams, telegram, ntfy, pagerduty, dingtalk, feishu, wecom, email, run
    /// A dead man's switch: it is told while all is well.
    case ping

    /// How a message goes on its way.
    package enum Delivery: Sendable, Equatable {
        case call(HTTPCall)
        case process(String, ProcessSettings)
        case mail(Mail, through: SMTPAddress, authorities: String?)
    }

    /// What a channel needs, and whether it must be given. The first is what a plain value stands for.
    package var keys: [(name: String, isRequired: Bool)] {
        switch self {
        case .webhook: [("url", true), ("secret", false)]
        case .slack, .discord, .teams, .wecom: [("url", true)]
        case .dingtalk, .feishu: [("url", true), ("secret", false)]
        case .telegram: [("token", true), ("chat", true), ("url", false)]
        case .ntfy: [("url", true), ("token", false)]
        case .pagerduty: [("key", true), ("url", false)]
        case .email: [("to", true), ("from", false), ("smtp", false), ("ca", false), ("sendmail", false)]
        case .run: [("line", true)]
        case .ping: [("url", true), ("every", false)]
        }
    }

    /// A setting that is missing or cannot be used; its value is never named.
    package struct Unfit: Error, CustomStringConvertible {
        package var description: String
    }

    /// How long a receiver may take to answer.
    static let patience = Duration.seconds(20)

    /// What sends the message.
    /// - Parameters:
    ///   - settings: as they are written.
    ///   - now: for the time stamp of a signature.
    ///   - expand: puts secrets in their place.
    package func delivery(
        of message: AlertMessage, rule: String, settings: [String: String], at now: Timestamp,
        expand: (String) throws -> String = { $0 }
    ) throws -> Delivery {
        func optional(_ name: String) throws -> String? {
            guard let text = settings[name] else { return nil }
            let value = try expand(text)
            return value.isEmpty ? nil : value
        }
        func setting(_ name: String) throws -> String {
            guard let value = try optional(name) else { throw Unfit(description: "\(rawValue).\(name) is missing") }
            return value
        }
        func post(_ url: String, _ headers: [String: String], _ body: String) -> Delivery {
            var call = HTTPCall(
                url: Self.literal(url), method: "POST", headers: headers.mapValues(Self.literal),
                body: Self.literal(body), timeout: Self.patience)
            call.alias = Self.shown(settings["url"] ?? url)
            return .call(call)
        }
        func call(_ url: String, _ body: JSONValue, _ headers: [String: String] = [:]) throws -> Delivery {
            post(url, headers.merging(["Content-Type": "application/json"]) { $1 }, try Self.text(of: body))
        }
        switch self {
        case .webhook:
            let body = Self.payload(of: message, rule: rule, at: now)
            var headers = ["Onebeat-Message": "\(message.number)"]
            if let secret = try optional("secret") {
                let stamp = "\(now.microseconds / 1_000_000)"
                let signed = Array("\(stamp).\(try Self.text(of: body))".utf8)
                headers["Onebeat-Timestamp"] = stamp
                headers["Onebeat-Signature"] = "v1=" + Fingerprint.hmac(signed, key: Array(secret.utf8))
            }
            return try call(setting("url"), body, headers)
        case .slack:
            let body: [String: JSONValue] = ["text": .string(Self.slackText(of: message)), "mrkdwn": .bool(false)]
            return try call(setting("url"), .object(body))
        case .discord:
            let text = Self.discordText(of: message)
            return try call(
                setting("url"), .object(["content": .string(text), "allowed_mentions": .object(["parse": .array([])])]))
        case .teams: return try call(setting("url"), Self.card(of: message))
        case .telegram:
            let host = try optional("url") ?? "https://api.telegram.org"
            var body = Self.telegramMessage(of: message)
            body["chat_id"] = .string(try setting("chat"))
            return try call("\(host)/bot\(setting("token"))/sendMessage", .object(body))
        case .ntfy:
            var headers = ["Title": message.title.asFieldValue, "Priority": message.isGood ? "default" : "high"]
            if let token = try optional("token") { headers["Authorization"] = "Bearer \(token)" }
            return post(try setting("url"), headers, message.body.bytes(most: Longest.ntfy))
        case .pagerduty:
            let host = try optional("url") ?? "https://events.pagerduty.com/v2/enqueue"
            return try call(host, Self.pagerDutyEvent(of: message, rule: rule, key: setting("key")))
        case .dingtalk:
            let text = JSONValue.object(["content": .string(message.text.json(most: Longest.dingtalk))])
            return try call(
                Signing.dingtalk(setting("url"), secret: optional("secret"), at: now),
                .object(["msgtype": "text", "text": text]))
        case .feishu:
            var body: [String: JSONValue] = [
                "msg_type": "text", "content": .object(["text": .string(Self.feishuText(of: message))]),
            ]
            if let secret = try optional("secret") { body.merge(Signing.feishu(secret, at: now)) { $1 } }
            return try call(setting("url"), .object(body))
        case .wecom:
            // `<@anna>` calls Anna.
            let words = message.text.replacing("<@", with: "＜@").bytes(most: Longest.wecom)
            let text = JSONValue.object(["content": .string(words)])
            return try call(setting("url"), .object(["msgtype": "text", "text": text]))
        case .email:
            let mail = try Self.mail(of: message, rule: rule, to: setting("to"), from: optional("from"))
            if let smtp = settings["smtp"] {
                do {
                    return .mail(
                        mail, through: try SMTPAddress(smtp, expand: expand), authorities: try optional("ca"))
                } catch let problem as SMTPAddress.Problem {
                    throw Unfit(description: "email.smtp \(problem)")
                }
            }
            var process = ProcessSettings()
            process.environment["ONEBEAT_MAIL"] = Self.literal(mail.text(at: now, lineEnd: "\n"))
            process.environment["ONEBEAT_SENDMAIL"] = Self.literal(try optional("sendmail") ?? "/usr/sbin/sendmail")
            return .process("printf '%s' \"$ONEBEAT_MAIL\" | \"$ONEBEAT_SENDMAIL\" -t -i", process)
        case .ping:
            var call = HTTPCall(url: Self.literal(try setting("url")), timeout: Self.patience)
            call.alias = Self.shown(settings["url"] ?? "")
            return .call(call)
        case .run:
            var process = ProcessSettings()
            process.environment = [
                "ONEBEAT_ALERT_TITLE": Self.literal(message.title), "ONEBEAT_ALERT_TEXT": Self.literal(message.text),
                "ONEBEAT_ALERT_JSON": Self.literal(try Self.text(of: Self.payload(of: message, rule: rule, at: now))),
                "ONEBEAT_ALERT_GOOD": message.isGood ? "1" : "0",
            ]
            // A shell line has variables of its own.
            guard let line = settings["line"] else { throw Unfit(description: "run.line is missing") }
            return .process(line, process)
        }
    }

    /// How messages name an address: the path, and what a variable holds, may be secrets.
    static func shown(_ url: String) -> String {
        if url.hasPrefix("${") {
            let name = String(url.prefix { $0 != "}" }) + "}"
            return name.count >= url.count ? url : "\(name)/…"
        }
        guard let colon = url.range(of: "://") else { return "…" }
        let place = url[colon.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let rest = url[place.endIndex...]
        let origin = SecretAddress(String(url[..<colon.upperBound] + place))
        return "\(origin)\(rest.count > 1 ? "/…" : String(rest))"
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
                        "run": incident.run.map { .int($0.value) } ?? .null,
                        "summary": .string(incident.summary.harmless.bytes(most: 600)),
                        "opened_at": .string("\(incident.openedAt)"),
                    ])
                }),
        ])
    }

    /// What services take, by what they publish, and a little less where they count in another way.
    private enum Longest {
        /// Of 40,000 characters; more than 4,000 are hard to read, and marks of ours make them longer.
        static let slack = 3500
        static let discord = 2000
        static let telegram = 4000
        /// Above 4,096 bytes it is no message but a file.
        static let ntfy = 4000
        /// Of 20,000 bytes, and 20 KB of a request.
        static let dingtalk = 18_000, feishu = 18_000
        static let wecom = 2048
        /// Of 28 KB of a request.
        static let teams = 24_000
        static let summary = 1000
        static let key = 255
    }

    /// Slack takes `&`, `<` and `>` for its own marks. Others that take its messages call people by `@all` alone.
    private static func slackText(of message: AlertMessage) -> String {
        message.text.units(most: Longest.slack).callingNobody.replacing("&", with: "&amp;")
            .replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    /// As code: nothing in it is markup, and no address is looked at.
    private static func discordText(of message: AlertMessage) -> String {
        let (fence, none) = ("```", "`\u{200b}`\u{200b}`")
        let text = message.text.replacing(fence, with: none).units(most: Longest.discord - 2 * (fence.count + 1))
        return "\(fence)\n\(text)\n\(fence)"
    }

    /// What stands below the sentence is as it was said: Telegram finds names, commands and addresses in all other text.
    private static func telegramMessage(of message: AlertMessage) -> [String: JSONValue] {
        let title = message.title.callingNobody
        let text = "\(title)\n\(message.body)".units(most: Longest.telegram)
        let start = title.utf16.count + 1
        let entity: JSONValue = .object([
            "type": "pre", "offset": .int(Int64(start)), "length": .int(Int64(text.utf16.count - start)),
        ])
        return [
            "text": .string(text), "disable_web_page_preview": .bool(true),
            "entities": .array(text.utf16.count > start ? [entity] : []),
        ]
    }

    /// `<at user_id="all">` calls everybody.
    private static func feishuText(of message: AlertMessage) -> String {
        message.text.replacing(/<(?=\/?at\b)/.ignoresCase(), with: "＜").json(most: Longest.feishu)
    }

    /// A block a line, of runs of text: in those there is no markup.
    private static func card(of message: AlertMessage) -> JSONValue {
        var room = Longest.teams
        var blocks: [JSONValue] = []
        for (place, line) in ([message.title] + message.lines + message.output).enumerated() where !line.isEmpty {
            let frame = 90
            guard room > frame + 40 else {
                blocks.append(block("…"))
                break
            }
            let text = line.json(most: room - frame)
            room -= frame + text.jsonLength
            blocks.append(block(text, isBold: place == 0))
        }
        return .object([
            "type": .string("message"),
            "attachments": .array([
                .object([
                    "contentType": .string("application/vnd.microsoft.card.adaptive"),
                    "content": .object([
                        "type": .string("AdaptiveCard"), "version": .string("1.4"), "body": .array(blocks),
                    ]),
                ])
            ]),
        ])
    }

    private static func block(_ text: String, isBold: Bool = false) -> JSONValue {
        var run: [String: JSONValue] = ["type": "TextRun", "text": .string(text)]
        if isBold { run["weight"] = "Bolder" }
        return .object(["type": "RichTextBlock", "inlines": .array([.object(run)])])
    }

    /// One event resolves what another triggered where both tell of one job: the key is the job's.
    private static func pagerDutyEvent(of message: AlertMessage, rule: String, key: String) -> JSONValue {
        let jobs = Set(message.incidents.map(\.job))
        let subject = jobs.count == 1 ? jobs.first ?? "" : "message-\(message.number)"
        var identity = "onebeat/\(rule)/\(subject)"
        if identity.utf8.count > Longest.key {
            identity = "\(identity.bytes(most: Longest.key - 33))/\(Fingerprint.sha256(identity).prefix(32))"
        }
        return .object([
            "routing_key": .string(key), "event_action": .string(message.isGood ? "resolve" : "trigger"),
            "dedup_key": .string(identity),
            "payload": .object([
                "summary": .string(message.title.units(most: Longest.summary)), "source": .string("onebeat"),
                "severity": .string("error"),
                "custom_details": .object(["text": .string(message.text)]),
            ]),
        ])
    }

    /// The same identity each time it is sent, and another one in every other store.
    private static func mail(
        of message: AlertMessage, rule: String, to: String, from: String?
    ) throws(Unfit) -> Mail {
        let seed = "\(rule)/\(message.number)/\(message.incidents.first?.openedAt.microseconds ?? 0)"
        let identity = "onebeat-\(message.number)-\(Fingerprint.sha256(seed).prefix(16))"
        var key = "from"
        do throws(Mailbox.Problem) {
            let sender = try Mailbox(from ?? "onebeat@\(SMTPClient.hostName)")
            key = "to"
            return Mail(
                from: sender, to: try Mailbox.list(to), subject: message.title,
                lines: message.body.split(separator: "\n", omittingEmptySubsequences: false).map(String.init),
                identity: identity)
        } catch {
            throw Unfit(description: "email.\(key) \(error)")
        }
    }
}
