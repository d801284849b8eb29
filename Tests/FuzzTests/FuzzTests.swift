import Foundation
import Testing

/// A few seconds of every target of the fuzzer, from one seed, so that a change is judged by what it changed; `make fuzz
/// INPUTS=…` takes its time, and a new seed each time.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct FuzzTests {
    private static let fuzzer = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("onebeat-fuzz").path

    @Test(arguments: [
        "schedule", "times", "configuration", "crontab", "redis", "row", "definition", "zone", "address", "report",
        "query", "mail", "body", "monitor", "imports",
    ])
    func bytesThatNobodyMeantEndNothingAndKeepNothingBusy(_ target: String) throws {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: Self.fuzzer)
        process.arguments = [target, "--seconds", "5", "--seed", "1"]
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(output)")
        #expect(output.contains("all well"), "\(output)")
    }
}
