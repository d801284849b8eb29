import Foundation
import Glibc
import Testing

/// A program that uses the library and traps.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct CrashTests {
    @Test func aClosureThatTrapsIsBuriedAndThoseBesideItSurvive() async throws {
        try await Sandbox.with { box in
            try box.write("", to: "done")
            let due = Int(Date().timeIntervalSince1970) + 3
            func start() throws -> Child {
                try box.start(
                    [Sandbox.built("CrashingProgram"), box.path("onebeat.db"), box.path("done"), "\(due)"],
                    environment: ["SWIFT_BACKTRACE": "enable=no"])
            }
            var program = try start()
            var deaths = 0
            let isOver = try await eventually(within: .seconds(90)) {
                if program.exitCode != nil {
                    deaths += 1
                    // As a supervisor does.
                    program = try start()
                }
                // Before the program has made its tables there is nothing to ask.
                let ended = "SELECT count(*) FROM runs WHERE state IN ('succeeded', 'dead')"
                return try await box.run(["sqlite3", "-readonly", box.path("onebeat.db"), ended]).output == "21\n"
            }
            let states = try await box.query("SELECT job_name, state, crashes FROM runs ORDER BY id")
            #expect(isOver, "\(states)")
            #expect(states.filter { $0[1] == "dead" }.map { $0[0] } == ["poison"], "\(states)")
            #expect(deaths == 4, "\(states)")
            #expect(Set(box.lines("done")).count == 20)
            program.send(SIGTERM)
            #expect(try await program.end() == 0)
        }
    }
}
