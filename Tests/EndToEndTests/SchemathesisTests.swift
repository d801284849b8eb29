import Foundation
import Testing

/// The API as it is described, asked by a program that tries what the description allows, and what it does not.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct SchemathesisTests {
    /// What `scripts/prepare tests` makes.
    private static let python = URL(fileURLWithPath: #filePath).appendingPathComponent(
        "../../../.build/schemathesis/bin/python"
    ).standardized.path

    @Test func theAPIAnswersAsItIsDescribedWhateverIsSent() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                tick: {every: 1s, run: "echo hi"}
                team/slow: {run: "sleep 2"}
                root: {run: "true"}
                away: {signal: {every: 1h}}
                leaf: {after: root, run: "exit 1"}
                """)
            let node = try await box.up()
            for job in ["root", "team/slow"] { _ = try await box.onebeat("trigger", job) }
            let api = "http://127.0.0.1:\(node.port)/api/v1"
            // What is sent under a condition may be well formed, and the condition not hold; and where it does not, nothing
            // else is looked at. What is well formed may be no schedule, no configuration and no name (422).
            try """
            [checks.positive_data_acceptance]
            expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429", "5xx"]
            [checks.negative_data_rejection]
            expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "412", "415", "422", "429", "5xx"]
            """.write(toFile: box.path("schemathesis.toml"), atomically: true, encoding: .utf8)
            // One seed, so that a change is judged by what it changed. The stream never ends, and has tests of its own.
            let found = try await box.run(
                [
                    Self.python, "-m", "schemathesis.cli", "run", "\(api)/openapi.yaml", "--url", api, "--exclude-path",
                    "/stream", "--seed", "1",
                    "--phases", "coverage,fuzzing", "--max-examples", "20", "--request-timeout", "10", "--no-color",
                ], within: .seconds(90))
            #expect(found.code == 0, "\(found.output.suffix(6000))\(found.errors.suffix(2000))")
            #expect(try await box.onebeat("audit").code == 0)
            #expect(!(node.process.errors + node.process.output).contains("request failed"))
            try await node.stop()
        }
    }
}
