import Foundation
import Testing

/// Libraries that are loaded into the binary before it, as some agents of APM services are. libfaketime moves the environment
/// before Swift's own runtime begins, and that looked for the arguments in front of it.
@Suite(.timeLimit(.minutes(1)))
struct PreloadTests {
    private func library() throws -> String {
        let folders = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib").map { "/usr/lib/\($0)/faketime" }
        return try #require(
            folders.map { "\($0)/libfaketime.so.1" }.first { FileManager.default.fileExists(atPath: $0) },
            "libfaketime is not installed: scripts/prepare tests")
    }

    @Test func aPreloadedLibraryThatMovesTheEnvironmentLeavesTheArgumentsAlone() async throws {
        let preload = ["LD_PRELOAD": try library(), "FAKETIME": "+0s"]
        try await Sandbox.with { box in
            let version = try await box.onebeat("--version", environment: preload)
            #expect(version.output.hasPrefix("onebeat ") && version.code == 0, "\(version)")
            let next = try await box.onebeat("next", "0 3 * * *", "--count", "2", environment: preload)
            #expect(next.output.contains("03:00"), "\(next)")
            let unknown = try await box.onebeat("jbs", environment: preload)
            #expect(unknown.errors.contains("did you mean jobs"), "\(unknown)")
            let state = "sqlite:\(box.path("onebeat.db"))"
            let once = try await box.onebeat(
                "once", "touch", "--state", state, "--", "echo", "a b", "", environment: preload)
            #expect(once.output == "a b \n", "\(once)")
        }
    }
}
