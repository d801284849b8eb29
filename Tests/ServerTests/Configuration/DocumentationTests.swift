import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct DocumentationTests {
    private static func text(of path: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).appending(path: "../../../..").standardizedFileURL
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test func everyExampleOfTheReferenceIsReadWithoutAWarning() throws {
        let blocks = try Self.text(of: "docs/configuration.md").matches(of: /```yaml\n(.*?)```/.dotMatchesNewlines())
        #expect(blocks.count >= 5)
        for block in blocks {
            let file = try parseFile(String(block.1))
            #expect(!file.jobs.isEmpty)
            #expect(file.warnings.filter { !$0.message.contains("runs as root") } == [])
        }
    }

    @Test func everyExampleOfAlertsIsReadWithoutAWarning() throws {
        let blocks = try Self.text(of: "docs/alerts.md").matches(of: /```yaml\n(.*?)```/.dotMatchesNewlines())
        #expect(!blocks.isEmpty)
        for block in blocks { #expect(try parseFile(String(block.1)).warnings == []) }
    }

    @Test(arguments: ["docs/celery.md", "Examples/celery/onebeat.yaml"])
    func whatIsShownOfCeleryIsReadWithoutAWarning(path: String) throws {
        let text = try Self.text(of: path)
        let blocks =
            path.hasSuffix(".md")
            ? text.matches(of: /```yaml\n(.*?)```/.dotMatchesNewlines()).map { String($0.1) } : [text]
        #expect(!blocks.isEmpty)
        for block in blocks {
            let file = try ConfigurationFile.parse(
                block, path: path, environment: ["SHOP_REDIS": "redis://localhost"],
                now: Timestamp(seconds: 1_800_000_000))
            #expect(!file.jobs.isEmpty && file.warnings.isEmpty)
        }
    }

    @Test func theQuickstartIsReadWithoutAWarning() throws {
        #expect(try parseFile(try Self.text(of: "Examples/quickstart/onebeat.yaml")).warnings == [])
        #expect(try parseFile(try Self.text(of: "Examples/flow/onebeat.yaml")).warnings == [])
    }

    @Test func everyKeyOfAJobIsInTheReference() throws {
        let reference = try Self.text(of: "docs/configuration.md")
        let keys = WorkReader.keys + ScheduleReader.keys + PolicyReader.keys + ["description", "tags", "owner"]
        #expect(keys.filter { !reference.contains("`\($0)`") && !reference.contains("`\($0).") } == [])
    }
}
