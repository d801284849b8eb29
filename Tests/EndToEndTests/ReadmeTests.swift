import Foundation
import Glibc
import Testing

/// What the README shows is what is built and what the command takes.
@Suite(.timeLimit(.minutes(2)))
struct ReadmeTests {
    private static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized

    @Test func theLibraryExampleIsTheOneThatIsBuilt() throws {
        let readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
        let example = try String(
            contentsOf: Self.root.appendingPathComponent("Examples/library/main.swift"), encoding: .utf8)
        #expect(blocks("swift", of: readme) == [example])
        #expect(example.split(separator: "\n", omittingEmptySubsequences: false).count <= 31)
    }

    @Test func theLibraryExampleRunsAndStops() async throws {
        try await Sandbox.with { box in
            let program = try box.start([Sandbox.built("LibraryExample")])
            // A node that leads has made its store.
            #expect(try await eventually(within: .seconds(20)) { program.errors.contains("leads") })
            #expect(
                try await eventually(within: .seconds(20)) {
                    let done = "SELECT count(*) > 0 FROM runs WHERE state = 'succeeded'"
                    return try await box.query(done, store: "shop.db") == [["1"]]
                })
            program.send(SIGINT)
            #expect(try await program.end() == 0, "\(program.errors)")
        }
    }

    @Test(arguments: ["README.md"])
    func theConfigurationsShownAreValid(page: String) async throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent(page), encoding: .utf8)
        let shown = blocks("yaml", of: text)
        #expect(!shown.isEmpty)
        for configuration in shown {
            try await Sandbox.with { box in
                try box.write(configuration)
                let answer = try await box.onebeat("validate", "onebeat.yaml")
                #expect(answer.code == 0, "\(configuration)\n\(answer.errors)")
            }
        }
    }

    @Test func theQuickstartIsValid() async throws {
        try await Sandbox.with { box in
            let file = Self.root.appendingPathComponent("Examples/quickstart/onebeat.yaml").path
            let answer = try await box.onebeat("validate", file)
            #expect(answer.code == 0, "\(answer.errors)")
        }
    }

    /// The fenced blocks of a language.
    private func blocks(_ language: String, of markdown: String) -> [String] {
        markdown.components(separatedBy: "```\(language)\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
    }
}
