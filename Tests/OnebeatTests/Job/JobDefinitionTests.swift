import Foundation
import Testing

@testable import Onebeat

struct JobDefinitionTests {
    @Test(arguments: ["a", "backup_daily", "etl/load.v2-b", String(repeating: "x", count: 200)])
    func aNameOfTheAllowedCharactersIsKept(_ name: String) throws {
        #expect(try JobDefinition.example(name).validated().name == name)
    }

    @Test(arguments: ["", " ", "a b", "a@b", "größe", "a#1", "a\n", String(repeating: "x", count: 201)])
    func anyOtherNameIsRefused(_ name: String) {
        #expect(throws: DefinitionError.self) { try JobDefinition.example(name).validated() }
    }

    @Test(arguments: [[], ["extract", "extract"], (0...1000).map { "job\($0)" }])
    func aJobFollowsOneToAThousandOthersEachNamedOnce(_ jobs: [String]) {
        let error = #expect(throws: DefinitionError.self) {
            try JobDefinition.example("load", ScheduleDefinition(.after(jobs))).validated()
        }
        #expect(error?.key == "after")
    }

    struct Flaw: Sendable, CustomTestStringConvertible {
        let key: String
        let testDescription: String
        let change: @Sendable (inout JobPolicies) -> Void

        init(_ key: String, _ words: String, _ change: @escaping @Sendable (inout JobPolicies) -> Void) {
            self.key = key
            testDescription = words
            self.change = change
        }
    }

    @Test(arguments: [
        Flaw("limit", "no run at a time") { $0.limit = 0 },
        Flaw("deadline", "no time to start") { $0.deadline = .zero },
        Flaw("catch_up", "a negative catch-up") { $0.catchUp = -1 },
        Flaw("catch_up", "a catch-up without bound") { $0.catchUp = 10_001 },
        Flaw("timeout", "no time to run") { $0.timeout = .zero },
        Flaw("priority", "a priority too low") { $0.priority = -1001 },
        Flaw("priority", "a priority too high") { $0.priority = 1001 },
        Flaw("queue", "a queue without a name") { $0.queue = "" },
        Flaw("queue", "a queue with an endless name") { $0.queue = String(repeating: "q", count: 101) },
        Flaw("retry.limit", "a negative number of retries") { $0.retry.limit = -1 },
        Flaw("retry.limit", "retries without end") { $0.retry.limit = 1001 },
        Flaw("retry", "no pause") { $0.retry.backoff = .zero },
        Flaw("retry", "no longest pause") { $0.retry.max = .zero },
        Flaw("retry.jitter", "more than all by chance") { $0.retry.jitter = 1.1 },
        Flaw("retry.jitter", "a share that is no number") { $0.retry.jitter = .nan },
        Flaw("expect", "a run that usually takes no time") { $0.expect = .zero },
    ])
    func aPolicyOutOfItsBoundsIsRefusedByItsKey(_ flaw: Flaw) {
        let definition = JobDefinition.example("report", .manual, .with(flaw.change))
        let error = #expect(throws: DefinitionError.self) { try definition.validated() }
        #expect(error?.key == flaw.key)
        #expect(error?.job == "report")
    }

    @Test func theBoundsThemselvesAreKept() throws {
        let policies = JobPolicies.with {
            $0.limit = 1
            $0.catchUp = 10_000
            $0.priority = -1000
            $0.retry = RetryPolicy(limit: 1000, jitter: 1)
            $0.queue = String(repeating: "q", count: 100)
        }
        #expect(try JobDefinition.example("report", .manual, policies).validated().policies == policies)
    }

    @Test func theErrorNamesJobKeyAndWhatWouldDo() {
        let error = DefinitionError(job: "report", key: "limit", problem: "is 0; at least 1 will do")
        #expect("\(error)" == #"job "report", limit: is 0; at least 1 will do"#)
    }

    @Test func withoutALimitOnlyAllowLetsRunsStartSideBySide() {
        for overlap in OverlapPolicy.allCases {
            let limit = JobPolicies.with { $0.overlap = overlap }.effectiveLimit
            #expect(limit == (overlap == .allow ? .max : 1))
        }
    }
}
