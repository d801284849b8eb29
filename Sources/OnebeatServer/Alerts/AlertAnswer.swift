import Foundation
import Onebeat

/// What receivers say that answer 200 whatever became of a message: the body tells.
package enum AlertAnswer {
    /// How much of an answer is looked at.
    static let most = 4096

    /// Why a message was not taken, as the receiver says; `nil` where it was, or where the status tells all.
    package static func complaint(of channel: AlertChannel, in body: [UInt8]) -> String? {
        switch channel {
        case .dingtalk, .wecom: code(in: body, ["errcode"], words: "errmsg")
        case .feishu: code(in: body, ["code", "StatusCode"], words: "msg")
        // It says so in a sentence, and 1 where all is well.
        case .teams:
            String(decoding: body, as: UTF8.self).contains("delivery failed") ? "the message was not delivered" : nil
        // Those that take Slack's messages answer in many ways; this one is a no in all of them.
        case .slack: isRefusal(body) ? refusal(body) : nil
        case .telegram: isRefusal(body) ? refusal(body) : starts(body, /\s*\{\s*"ok"\s*:\s*true/) ? nil : foreign
        case .webhook, .discord, .ntfy, .pagerduty, .email, .run, .ping: nil
        }
    }

    private static let foreign = "the answer is not what this channel's receivers say"

    private static func starts(_ body: [UInt8], _ pattern: some RegexComponent) -> Bool {
        String(decoding: body.prefix(most), as: UTF8.self).prefixMatch(of: pattern) != nil
    }

    /// `{"ok": false, …}`, however long the rest is.
    private static func isRefusal(_ body: [UInt8]) -> Bool {
        starts(body, /\s*\{\s*"ok"\s*:\s*false/)
            || (try? JSONDecoder().decode(JSONValue.self, from: Data(body)))?.members?["ok"] == .bool(false)
    }

    private static func refusal(_ body: [UInt8]) -> String {
        let members = (try? JSONDecoder().decode(JSONValue.self, from: Data(body)))?.members ?? [:]
        for name in ["description", "error"] {
            if case .string(let text)? = members[name], !text.isEmpty { return quoted(text) }
        }
        return "it says no more than that"
    }

    private static func code(in body: [UInt8], _ names: [String], words: String) -> String? {
        guard body.count < most, let value = try? JSONValue(json: body),
            let members = value.members, let code = names.lazy.compactMap({ members[$0] }).first
        else { return foreign }
        if code == .int(0) { return nil }
        guard case .string(let text)? = members[words], !text.isEmpty else { return "\(names[0]) \(code.text)" }
        return "\(names[0]) \(code.text.prefix(20)): \(quoted(text))"
    }
}

/// Passes output on and keeps its beginning.
final class AnswerStart: OutputSink {
    private let output: any OutputSink
    private let start = Kept()

    private actor Kept {
        var bytes: [UInt8] = []
        func add(_ more: [UInt8]) { bytes += more.prefix(max(0, AlertAnswer.most - bytes.count)) }
    }

    init(_ output: any OutputSink) { self.output = output }

    var bytes: [UInt8] { get async { await start.bytes } }

    func write(_ bytes: [UInt8], to stream: LogStream) async {
        if stream == .stdout { await start.add(bytes) }
        await output.write(bytes, to: stream)
    }
}
