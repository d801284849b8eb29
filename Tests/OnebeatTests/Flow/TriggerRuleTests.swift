import Onebeat
import Testing

@Suite struct TriggerRuleTests {
    /// `+` succeeded, `-` failed, `0` skipped, `?` open.
    @Test(arguments: [
        (TriggerRule.allSuccess, "++", TriggerRule.Verdict.start), (.allSuccess, "+?", .wait),
        (.allSuccess, "-?", .never), (.allSuccess, "0?", .never),
        (.allDone, "+-0", .start), (.allDone, "-?", .wait),
        (.oneSuccess, "+?", .start), (.oneSuccess, "-?", .wait), (.oneSuccess, "-0", .never),
        (.oneFailed, "-?", .start), (.oneFailed, "+?", .wait), (.oneFailed, "+0", .never),
        (.noneFailed, "+0", .start), (.noneFailed, "00", .start),
        (.noneFailed, "-?", .never), (.noneFailed, "0?", .wait),
        (.allFailed, "--", .start), (.allFailed, "-?", .wait), (.allFailed, "+?", .never), (.allFailed, "-0", .never),
    ]) func rule(_ rule: TriggerRule, _ parents: String, _ verdict: TriggerRule.Verdict) {
        let ends = parents.map { sign in
            let state: RunState =
                switch sign {
                case "+": .succeeded
                case "-": .failed
                case "0": .skipped
                default: .running
                }
            return ParentEnd(job: "a", state: state, reason: nil)
        }
        #expect(rule.decide(ParentTally(ends)) == verdict)
    }

    @Test func whatNeverStartedSinceOneBeforeItFailedCountsAsFailed() {
        #expect(ParentEnd(job: "a", state: .skipped, reason: .upstream).standing == .failed)
        #expect(ParentEnd(job: "a", state: .skipped, reason: .upstreamSkipped).standing == .skipped)
        #expect(ParentEnd(job: "a", state: nil, reason: nil).standing == .failed)
    }

    /// What need not be asked of those that ended before.
    @Test(arguments: [
        (TriggerRule.allSuccess, RunState.succeeded, true), (.allSuccess, .failed, false),
        (.allSuccess, .skipped, false),
        (.allDone, .failed, true), (.oneSuccess, .failed, true), (.oneSuccess, .succeeded, false),
        (.oneFailed, .succeeded, true), (.oneFailed, .failed, false), (.noneFailed, .skipped, true),
        (.noneFailed, .failed, false), (.allFailed, .failed, true), (.allFailed, .succeeded, false),
    ]) func anEndLeavesARunWaitingAsLongAsAnotherIsOpen(_ rule: TriggerRule, _ state: RunState, waits: Bool) {
        let ends = [ParentEnd(job: "a", state: state, reason: nil)]
        #expect(Run.example().waitsOn(after: ends, by: rule) == waits)
        let again = Run.example {
            $0.kind = .manual
            $0.requestID = Run.retryRequest(of: RunID(7))
        }
        #expect(!again.waitsOn(after: ends, by: rule), "it may follow what had ended before it was made")
    }

    @Test func theWholeOfAListWaitsForItsLastElement() {
        let run = Run.example()
        #expect(run.waitsOn(after: [ParentEnd(job: run.job, state: .failed, reason: nil)], by: .allSuccess))
    }
}
