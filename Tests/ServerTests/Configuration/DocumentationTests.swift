import Foundation
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

    @Test func theQuickstartIsReadWithoutAWarning() throws {
        #expect(try parseFile(try Self.text(of: "Examples/quickstart/onebeat.yaml")).warnings == [])
    }

    @Test func everyKeyOfAJobIsInTheReference() throws {
        let reference = try Self.text(of: "docs/configuration.md")
        let keys = WorkReader.keys + ScheduleReader.keys + PolicyReader.keys + ["description", "tags", "owner"]
        #expect(keys.filter { !reference.contains("`\($0)`") && !reference.contains("`\($0).") } == [])
    }
}
