import Foundation
import OnebeatTesting
import Testing

@testable import Onebeat
@testable import OnebeatCelery
@testable import OnebeatRedis

struct CeleryMessageTests {
    private let settings: CelerySettings
    private let sentAt = Timestamp(seconds: 1_800_000_000)

    init() throws {
        let address = try RedisAddress("redis://localhost/3")
        settings = CelerySettings(broker: address, results: address)
    }

    private func envelope(_ call: CeleryCall, _ run: Run = .example()) throws -> [String: JSONValue] {
        let message = try CeleryMessage(
            call, of: run, id: TaskID.of(run), stamp: .init(fence: run.fence, sentAt: sentAt), settings: settings,
            expand: { .string($0.replacing("${WORD}", with: "secret")) })
        return try JSONDecoder().decode(JSONValue.self, from: Data(message.text.utf8)).members ?? [:]
    }

    private func body(_ envelope: [String: JSONValue]) throws -> JSONValue? {
        guard case .string(let text)? = envelope["body"], let data = Data(base64Encoded: text) else { return nil }
        return try JSONDecoder().decode(JSONValue.self, from: data)
    }

    /// Each of these, left out or damaged, stops workers or loses the message: see docs/celery.md.
    @Test func allThatAWorkerStumblesOverIsThere() throws {
        var call = CeleryCall(task: "app.newsletter")
        call.arguments = [.int(2), "weekly"]
        call.keywords = ["scale": .number(0.5), "none": .null]
        let envelope = try envelope(call)
        #expect(envelope["content-type"] == "application/json")
        #expect(envelope["content-encoding"] == "utf-8")
        let properties = try #require(envelope["properties"]?.members)
        #expect(properties["body_encoding"] == "base64")
        #expect(properties["delivery_info"] == .object(["exchange": "", "routing_key": "celery"]))
        #expect(properties["delivery_tag"] == .string(TaskID.deliveryTag(of: TaskID.of(.example()))))
        let headers = try #require(envelope["headers"]?.members)
        #expect(headers["task"] == "app.newsletter")
        #expect(headers["id"] == .string(TaskID.of(.example())))
        #expect(headers["ignore_result"] == .bool(false))
        #expect(headers["argsrepr"] == "(2, 'weekly')")
        #expect(headers["kwargsrepr"] == "{'none': None, 'scale': 0.5}")
        #expect(headers["onebeat_run_key"] == "newsletter@2026-11-23T09:30:00Z")
        #expect(headers["onebeat_fence"] == .int(7))
        guard case .array(let parts)? = try body(envelope) else { throw CocoaError(.coderReadCorrupt) }
        #expect(parts.count == 3)
        #expect(parts[0] == .array([.int(2), "weekly"]))
        #expect(parts[1] == .object(["scale": .number(0.5), "none": .null]))
    }

    @Test func withoutArgumentsBothAreThereAndEmpty() throws {
        guard case .array(let parts)? = try body(envelope(CeleryCall(task: "a"))) else {
            throw CocoaError(.coderReadCorrupt)
        }
        #expect(parts.prefix(2) == [.array([]), .object([:])])
    }

    @Test func timesAndLimitsAreWrittenAsCeleryReadsThem() throws {
        var call = CeleryCall(task: "a")
        call.countdown = .seconds(30)
        call.expires = .seconds(60)
        call.timeLimit = .seconds(10)
        call.softTimeLimit = .milliseconds(8500)
        let headers = try #require(try envelope(call)["headers"]?.members)
        #expect(headers["eta"] == "2027-01-15T08:00:30+00:00")
        #expect(headers["expires"] == "2027-01-15T08:01:00+00:00")
        #expect(headers["timelimit"] == .array([.int(10), .number(8.5)]))
    }

    @Test func variablesAreReplacedInWhatIsSentAndNotInWhatIsLogged() throws {
        var call = CeleryCall(task: "a")
        call.arguments = [.object(["token": .array(["${WORD}"])])]
        let envelope = try envelope(call)
        guard case .array(let parts)? = try body(envelope) else { throw CocoaError(.coderReadCorrupt) }
        #expect(parts[0] == .array([.object(["token": .array(["secret"])])]))
        #expect(envelope["headers"]?.members?["argsrepr"] == "({'token': ['${WORD}']},)")
    }

    @Test(arguments: [
        (0, "celery"), (1, "celery"), (5, "celery\u{6}\u{16}3"), (9, "celery\u{6}\u{16}9"), (200, "celery\u{6}\u{16}9"),
    ])
    func aPriorityGoesToItsList(priority: Int, list: String) {
        #expect(settings.list(of: "celery", priority: priority) == list)
    }

    @Test func keysFollowTheApplicationsSettings() {
        var settings = settings
        settings.prefix = "shop:"
        settings.resultsPrefix = "shop"
        settings.separator = ":"
        settings.prioritySteps = [0, 5]
        #expect(settings.list(of: "mail", priority: 7) == "shop:mail:5")
        #expect(settings.controlChannel == "shop:/3.celery.pidbox")
        #expect(settings.resultKey(of: "x") == "shop_celery-task-meta-x")
    }

    @Test func theSameRunMakesTheSameMessage() throws {
        #expect(try envelope(CeleryCall(task: "a")) == envelope(CeleryCall(task: "a")))
    }

    /// Held against Python's `uuid.uuid5`.
    @Test func anIdFollowsFromTheRunsKeyAndItsFailures() {
        #expect(TaskID.of(.example()) == "f18aeef5-574e-5ffe-80d3-a4d529052bed")
        #expect(TaskID.of(.example { $0.attempt = 4 }) == TaskID.of(.example()))
        #expect(TaskID.of(.example { $0.failures = 1 }) != TaskID.of(.example()))
    }

    @Test(arguments: [
        (0, "da39a3ee5e6b4b0d3255bfef95601890afd80709"), (3, "7e240de74fb1ed08fa08d38063f6a6a91462a815"),
        (55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"), (56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
        (63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"), (64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
        (119, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"), (200, "e61cfffe0d9195a525fc6cf06ca2d77119c24a40"),
    ])
    func aDigestIsThatOfOthers(length: Int, digest: String) {
        #expect(RedisScript(text: String(repeating: "a", count: length)).digest == digest)
    }

    @Test func aMessageThatIsTooLongIsNotMade() {
        var call = CeleryCall(task: "a")
        call.arguments = [.string("${WORD}")]
        #expect(throws: UnfitTask.self) {
            try CeleryMessage(
                call, of: .example(), id: "x", stamp: .init(fence: Fence(1), sentAt: sentAt), settings: settings,
                expand: { _ in .string(String(repeating: "x", count: CeleryMessage.mostBytes)) })
        }
    }
}
