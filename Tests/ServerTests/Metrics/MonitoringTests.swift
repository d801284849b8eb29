import Foundation
import Testing

@testable import OnebeatServer

/// The files under Examples/monitoring.
struct MonitoringTests {
    private static let folder =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/Examples/monitoring"

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
    }

    /// By Prometheus' own tool: each rule speaks when it should, and is silent while all is well.
    @Test func theRulesDoWhatTheySay() throws {
        let tool = Process()
        tool.executableURL = URL(fileURLWithPath: "/usr/bin/promtool")
        tool.arguments = ["test", "rules", "\(Self.folder)/onebeat.rules.test.yml"]
        let output = Pipe()
        (tool.standardOutput, tool.standardError) = (output, output)
        try tool.run()
        let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        tool.waitUntilExit()
        #expect(tool.terminationStatus == 0, "\(words)")
    }

    @Test func everyFigureOfRulesAndDashboardIsOneOfOurs() throws {
        let dashboard = try text("onebeat.dashboard.json")
        _ = try #require(JSONSerialization.jsonObject(with: Data(dashboard.utf8)) as? [String: Any])
        for text in [dashboard, try text("onebeat.rules.yml")] {
            let names = Set(text.matches(of: /onebeat_[a-z_]+/).map { String($0.output) })
            #expect(names.count > 5)
            for name in names {
                let family = name.hasSuffix("_bucket") ? String(name.dropLast("_bucket".count)) : name
                #expect(MetricHelp.sentences[family] != nil, "\(name)")
            }
        }
    }
}
