import Foundation
import Onebeat
import Testing

@testable import OnebeatCelery
@testable import OnebeatRedis

struct BeatMessageTests {
    private let settings: CelerySettings

    init() throws {
        let address = try RedisAddress("redis://cache/2")
        settings = CelerySettings(broker: address, results: address)
    }

    private func message(
        headers: String = #""celery_beat_task": true"#, body: String = #"[[1, "a"], {"b": 1.0, "a": null}, {}]"#,
        encoding: String = "base64", database: Int = 2, onlyMarked: Bool = true
    ) -> BeatMessage? {
        let text = encoding == "base64" ? Data(body.utf8).base64EncodedString() : body
        let envelope = JSONValue.object([
            "body": .string(text), "properties": .object(["body_encoding": .string(encoding)]),
            "headers":
                (try? JSONDecoder().decode(
                    JSONValue.self,
                    from: Data(#"{"task": "t.a", "id": "x"\#(headers.isEmpty ? "" : ", \(headers)")}"#.utf8)))
                ?? .null,
        ])
        let escaped = envelope.text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let line = "5.000000 [\(database) 127.0.0.1:1] \"lpush\" \"mail\" \"\(escaped)\""
        return WatchedCommand(line, verb: "lpush").flatMap { BeatMessage($0, settings, onlyMarked: onlyMarked) }
    }

    @Test(arguments: ["base64", "utf-8"]) func itsShapeIsThatOfAJobOfOurs(_ encoding: String) throws {
        var call = CeleryCall(task: "t.a")
        (call.arguments, call.keywords, call.queue) = ([.int(1), "a"], ["a": .null, "b": .number(1)], "mail")
        let message = try #require(self.message(encoding: encoding))
        #expect(message.sentAt == Timestamp(seconds: 5) && message.id == "x")
        let same = try TaskShape(call, settings) { .string($0) }
        #expect(message.shape == same)
        call.priority = 5
        let other = try TaskShape(call, settings) { .string($0) }
        #expect(message.shape != other)
    }

    @Test func aShapeIsShownAsAPersonWouldName() throws {
        var settings = settings
        settings.prefix = "shop:"
        let arguments = JSONValue.object(["a": .string(String(repeating: "x", count: 300))]).text
        func words(_ list: String, most: Int = 200) -> String {
            TaskShape(task: "t", arguments: "[]", keywords: arguments, list: list).words(settings, most: most)
        }
        #expect(words("shop:hot\u{6}\u{16}6").hasSuffix("… to hot, priority 6"))
        #expect(words("shop:hot\u{6}\u{16}7").hasSuffix("… to hot··7"), "no step of this application")
        #expect(words("shop:celery", most: 20) == "t [] {\"a\": \"xxxxxxxx… to celery")
        let plain = TaskShape(task: "t", arguments: "[]", keywords: "{}", list: "mail")
        #expect(plain.words(settings) == "t to mail")
    }

    @Test func onlyWhatABeatSentCounts() {
        #expect(message(headers: #""periodic_task_name": "x""#) != nil)
        #expect(message(headers: "") == nil)
        #expect(message(headers: "", onlyMarked: false) != nil)
        #expect(message(headers: #""celery_beat_task": true, "onebeat_job": "a""#, onlyMarked: false) == nil, "ours")
        #expect(message(headers: #""celery_beat_task": true, "retries": 1"#) == nil, "a worker's")
        #expect(message(database: 0) == nil)
    }

    @Test func aBodyThatCannotBeReadHasNoArguments() throws {
        let message = try #require(self.message(body: "{"))
        #expect(message.shape.arguments == "[]" && message.shape.keywords == "{}")
    }

    @Test(arguments: [
        #""lpush" "q""#, #""lpush" "q" "x""#, #""lpush" "q" "[]""#, #""lpush" "q" "{\"headers\": 1}""#,
        #""lpush" "q" "a" "b""#,
    ])
    func whatIsNoMessageIsPassedOver(_ words: String) throws {
        let command = try #require(WatchedCommand("5.000000 [2 x] \(words)", verb: "lpush"))
        #expect(BeatMessage(command, settings, onlyMarked: false) == nil)
    }
}
