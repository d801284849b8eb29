import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct YAMLTextTests {
    @Test(arguments: [
        ("cron: * * * * *", ":3:11: text that starts with * needs quotes, as in cron: \"*/5 * * * *\""),
        ("cron: */5 * * * *", ":3:11: text that starts with * needs quotes, as in cron: \"*/5 * * * *\""),
        ("cron: [*/5 * * * *]", ":3:12: text that starts with * needs quotes, as in cron: \"*/5 * * * *\""),
        ("cron: *hourly", ":3:11: text that starts with * needs quotes, as in cron: \"*/5 * * * *\""),
        ("cron: @daily", ":3:11: text that starts with @ needs quotes, as in cron: \"@daily\""),
        ("run: %x", ":3:10: text that starts with % needs quotes"),
        ("run: `date`", ":3:10: text that starts with ` needs quotes"),
        ("run: && x", ":3:10: text that starts with & needs quotes"),
        ("run: !x y", ":3:10: text that starts with ! needs quotes; tags are not read"),
        ("\trun: x", ":3:5: a tab stands where YAML takes only spaces; indent with spaces"),
        (
            "run: echo a: b",
            ":3:16: text with \": \" in it needs quotes; if this is a key, its indentation does not fit"
        ),
        ("run: \"foo", ":3:10: this quote is never closed"),
        ("env: {A: b", ":3:10: this { is never closed, or text with , [ ] { } in it lacks quotes"),
        (
            "run: x\u{1}y",
            ":3:11: control characters are not allowed; take the character out, or write it as an escape in double quotes"
        ),
    ])
    func aTrapOfYAMLIsExplained(line: String, expected: String) {
        #expect(jobProblems(line) == [expected])
    }

    @Test(arguments: [
        ("", ": the file is empty; write at least jobs: and a job below it"),
        ("# nothing yet\n", ": the file is empty; write at least jobs: and a job below it"),
        ("- a\n- b\n", ":1:1: is a list where a map belongs, such as {store: …}"),
        ("jobs: {}\n---\njobs: {}\n", ":2:1: a second document (---) starts here; one file holds one"),
        (
            "jobs:\n  a:\n    run: x\n   every: 5m\n",
            ":4:4: this does not belong to the lines around it; check the indentation, and put text that starts with a "
                + "quote or bracket in quotes as a whole"
        ),
        ("jobs:\n  a:\n    run x\n    y\n", ":3:5: job \"a\": is text where a map belongs, such as {run: …}"),
        (
            "jobs:\n  a:\n    run: x\n\n  b:\n    run: y\n  a:\n    run: z\n",
            ":2:3: \"a\" is given more than once in this map, again in line 7; keep one of them"
        ),
        (
            "jobs: {a: {run: x, run: y}}",
            ":1:12: \"run\" is given more than once in this map; keep one of them"
        ),
        (
            "jobs: {c: {run: x, <<: {every: 5m}}}",
            ":1:20: job \"c\": merge keys (<<) are not read; what jobs share belongs under defaults"
        ),
    ])
    func aTextThatIsNoConfigurationIsRefused(text: String, expected: String) {
        #expect(fileProblems(text) == [expected])
    }

    @Test func textIsTakenAsItIsWritten() throws {
        let job = try parseFile(
            "jobs: {yes: {run: no, queue: 010, env: {A: 1e3, B: 2026-01-01, C: 12:30:00, D: ~x, E: on}}}"
        )
        .jobs[0]
        #expect(job.name == "yes")
        #expect(job.policies.queue == "010")
        guard case .shell(let line, let settings) = job.work else { return }
        #expect(line == "no")
        #expect(settings.environment == ["A": "1e3", "B": "2026-01-01", "C": "12:30:00", "D": "~x", "E": "on"])
    }

    @Test func blocksOfTextKeepTheirLines() throws {
        #expect(
            try parseJob("run: |", "  a # no comment", "    b: c").work == .shell("a # no comment\n  b: c\n", .init()))
        #expect(try parseJob("run: >-", "  a", "  b").work == .shell("a b", .init()))
    }

    @Test func anchorsAndAliasesAreRefusedOnce() {
        let found = fileProblems("jobs:\n  a: &x {run: x}\n  b: *x\n  c: *x\n")
        #expect(found.count == 1)
        #expect(found[0].hasPrefix(":2:6: anchors and aliases (&name, *name) are not read;"))
    }

    /// As a key the last of them would be 2^30 elements to compare; wherever anchors stand, the first one is refused.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "a0: &a0 [x]\n", "a0: {b: &a0 [x]}\n", "a0: # comment\n  &a0 [x]\n", "{a0: &a0\n# &\n [x]}\n",
            "? &a0 [x]\n: y\n", "- &a0\t[x]\n",
        ])
    func aBombOfAliasesDoesNotGoOff(start: String) {
        let levels = (1...30).map { "a\($0): {b: &a\($0) [*a\($0 - 1),*a\($0 - 1)]}\n" }.joined()
        #expect(fileProblems(start + levels + "? *a30\n: x\n").count == 1)
        let flow = (1...30).map { ",a\($0): &a\($0) {? *a\($0 - 1) : x, ? [*a\($0 - 1)] : y}" }.joined()
        #expect(fileProblems("{a0: &a0 {x: y}" + flow + ", ? *a30 : x}").count == 1)
    }

    @Test(.timeLimit(.minutes(1))) func nestingWithoutEndIsRefused() {
        #expect(fileProblems(String(repeating: "{a: ", count: 100_000)).count == 1)
        #expect(fileProblems(String(repeating: "[", count: 900) + String(repeating: "]", count: 900)).count == 1)
        #expect(fileProblems(String(repeating: "? ", count: 100_000) + "x").count == 1)
        #expect(fileProblems(String(repeating: "- ", count: 100_000) + "x").count == 1)
        #expect(fileProblems("jobs: {a: {env: {A: [[x]]}}}").count == 1)
    }

    @Test(arguments: ["? [a]\n: b\n", "? {a: b}\n: c\n", "{[a]: b}"])
    func aKeyThatIsNoTextIsRefused(text: String) {
        #expect(fileProblems(text).first?.contains("keys are words") == true)
    }

    /// Problems are told up to a bound, so that a file of nothing else is answered as soon as another.
    @Test(.timeLimit(.minutes(1)), arguments: ["\n  ", ", "]) func tensOfThousandsOfBadJobsAreAnsweredInTime(
        between: String
    ) {
        let jobs = (0..<40_000).map { "j\($0): {cron: \"61 * * * *\", run: [], x: y}" }.joined(separator: between)
        let found = fileProblems(between == ", " ? "jobs: {\(jobs)}" : "jobs:\n  \(jobs)\n")
        #expect(found.count == Findings.most + 1)
        #expect(found.last == ": there may be more problems; mend these first")
    }

    @Test(.timeLimit(.minutes(1))) func bytesOfAnyKindMakeNodesOrAProblem() {
        let seed = Array(
            "jobs:\n  a: {cron: \"1 2 * * *\", run: x, env: {A: 'b', ? B : |-\n c}}\n  b: [1, &x *y, !t z]\n".utf8)
        var random = SplitMix(state: 3)
        for _ in 0..<300 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes[place] = Array("{}[]&*!?:-|>'\"#%@`,\n\t \\\u{7f}".utf8).randomElement(using: &random) ?? 0
                } else {
                    bytes.insert(.random(in: 0...255, using: &random), at: place)
                }
            }
            _ = fileProblems(String(decoding: bytes, as: UTF8.self))
        }
    }
}
