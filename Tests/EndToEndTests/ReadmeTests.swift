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

    @Test(arguments: ["README.md", "README.zh-CN.md", "docs/tutorial.zh-CN.md"])
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

    @Test func bothReadmesShowTheSame() throws {
        let pages = try ["README.md", "README.zh-CN.md"].map {
            try String(contentsOf: Self.root.appendingPathComponent($0), encoding: .utf8)
        }
        for language in ["sh", "yaml"] { #expect(blocks(language, of: pages[0]) == blocks(language, of: pages[1])) }
        for page in pages {
            for picture in page.matches(of: /docs\/pictures\/[a-z]+\.png/) {
                let file = Self.root.appendingPathComponent(String(picture.0)).path
                #expect(FileManager.default.fileExists(atPath: file), "\(file)")
            }
        }
    }

    /// Each of the tutorial's files is written, and each of its commands runs to a good end, in their order.
    @Test func theTutorialsCommandsRun() async throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent("docs/tutorial.zh-CN.md"), encoding: .utf8)
        try await Sandbox.with { box in
            for file in blocks("yaml", of: text) {
                let name = try #require(file.firstMatch(of: /^# ([a-z]+\.yaml)\n/)?.1)
                try box.write(file, to: String(name))
            }
            let folder = URL(fileURLWithPath: Sandbox.binary).deletingLastPathComponent().path
            let path = "\(folder):/usr/local/bin:/usr/bin:/bin"
            for line in blocks("sh", of: text).joined().split(separator: "\n").map(String.init) {
                guard line.hasPrefix("onebeat up ") else {
                    let answer = try await box.run(["sh", "-c", line], environment: ["PATH": path])
                    #expect(answer.code == 0, "\(line): \(answer.output)\(answer.errors)")
                    continue
                }
                let port = freePort()
                let command = "exec \(line) --listen 127.0.0.1:\(port)"
                let node = RunningNode(
                    process: try box.start(["sh", "-c", command], environment: ["PATH": path]), port: port)
                #expect(try await eventually(within: .seconds(20)) { await node.get("/readyz")?.status == 200 })
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
