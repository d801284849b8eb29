import Foundation
import Logging
import Onebeat
import Synchronization
import Testing

@testable import OnebeatServer

@Suite struct LogLineTests {
    @Test func aTextLineHasTimeLevelMessageAndFactsInOrder() {
        let line = TextLogLine.text(facts(["state": "succeeded", "job": "backup"]), isColoured: false)
        #expect(line == "2026-11-23T03:00:00.012Z info    run ended job=backup state=succeeded")
    }

    @Test func valuesWithSpacesAreQuoted() {
        let line = TextLogLine.text(facts(["error": "no \"such\" file"]), isColoured: false)
        #expect(line.hasSuffix(#"error="no \"such\" file""#))
    }

    @Test func aValueCannotForgeASecondLineNorDriveTheTerminal() {
        let line = TextLogLine.text(facts(["job": "a\n2026 info forged\u{1b}[2J"]), isColoured: false)
        #expect(!line.contains("\n"))
        #expect(!line.contains("\u{1b}"))
    }

    @Test func aValueTurnsNoTextAndHidesNone() throws {
        for harmful in ["\u{202e}", "\u{2066}", "\u{200f}", "\u{2028}", "\u{9b}", "\u{7f}", "\u{e0041}"] {
            let value = facts(["job": "a\(harmful)b"])
            #expect(!TextLogLine.text(value, isColoured: false).contains(harmful))
            let line = JSONLogLine.text(value, label: "onebeat")
            #expect(!line.contains(harmful))
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect((object["metadata"] as? [String: Any])?["job"] as? String == "a\(harmful)b")
        }
    }

    @Test func coloursAppearOnlyWhereAskedFor() {
        #expect(TextLogLine.text(facts([:]), isColoured: true).contains("\u{1b}[32m"))
        #expect(!TextLogLine.text(facts([:]), isColoured: false).contains("\u{1b}"))
    }

    @Test func aJSONLineIsOneObjectWithWhatWasSaid() throws {
        let line = JSONLogLine.text(
            facts(["odd": "\"\\\n\u{1}ü", "list": .array(["a", .stringConvertible(1)]), "map": ["k": "v"]]),
            label: "onebeat")
        #expect(!line.contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["time"] as? String == "2026-11-23T03:00:00.012Z")
        #expect(object["level"] as? String == "info")
        #expect(object["logger"] as? String == "onebeat")
        #expect(object["message"] as? String == "run ended")
        let metadata = try #require(object["metadata"] as? [String: Any])
        #expect(metadata["odd"] as? String == "\"\\\n\u{1}ü")
        #expect(metadata["list"] as? [String] == ["a", "1"])
        #expect(metadata["map"] as? [String: String] == ["k": "v"])
    }

    @Test func aHandlerMergesMetadataAndTheCallsOwnWins() {
        let lines = Mutex<[String]>([])
        var handler = LineLogHandler(level: .info) { line in
            lines.withLock { $0.append(line) }
        } format: {
            $0.metadata.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        }
        handler[metadataKey: "node"] = "a"
        handler[metadataKey: "job"] = "old"
        let logger = Logger(label: "test") { [handler] _ in handler }
        logger.info("x", metadata: ["job": "new"])
        logger.debug("below the level")
        #expect(lines.withLock { $0 } == ["job=new node=a\n"])
    }

    private func facts(_ metadata: Logger.Metadata) -> LogFacts {
        LogFacts(
            at: Timestamp(iso8601: "2026-11-23T03:00:00.012345Z")!, level: .info, message: "run ended",
            metadata: metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }
}
