import OnebeatTesting
import Testing

@testable import Onebeat

struct AdmissionTests {
    private func decide(
        _ job: JobState = JobState(), _ policies: JobPolicies = JobPolicies(), run: (inout Run) -> Void = { _ in }
    ) -> Admission {
        .decide(.example(run), of: policies, for: job, at: ManualTime.start)
    }

    @Test(arguments: [OverlapPolicy.skip, .queue, .queueAll, .allow])
    func anElementOfAListWaitsForTheOthersHoweverLongThatTakes(_ overlap: OverlapPolicy) {
        var policies = JobPolicies()
        policies.overlap = overlap
        policies.limit = 1
        #expect(decide(JobState(activeRuns: 1), policies) { $0.element = 3 } == .hold(waivingDeadline: true))
    }

    @Test func aDueRunIsSkippedWhileAnEarlierFlowIsOpenAndARunByHandIsNot() {
        var state = JobState()
        state.openFlow = RunID(1)
        #expect(decide(state) == .skip(.overlap))
        #expect(!Admission.isClear(.example(), for: state, at: ManualTime.start))
        #expect(decide(state) { $0.kind = .manual } == .start)
        #expect(decide(state) { $0.attempt = 1 } == .start)
    }

    @Test func aDueRunOfAnIdleJobStarts() {
        #expect(decide() == .start)
    }

    /// A store starts such runs without asking.
    @Test(arguments: OverlapPolicy.allCases, [0, 1])
    func whatHasNothingInItsWayStartsWhateverThePolicies(_ overlap: OverlapPolicy, attempt: Int) {
        for limit in [nil, 1, 2] {
            for kind in [RunKind.scheduled, .manual] {
                for held in [0, 3] {
                    var policies = JobPolicies()
                    policies.overlap = overlap
                    policies.limit = limit
                    let run = Run.example {
                        $0.kind = kind
                        $0.attempt = attempt
                        $0.deadlineAt = ManualTime.start
                    }
                    let job = JobState(heldRuns: held)
                    #expect(Admission.isClear(run, for: job, at: ManualTime.start))
                    #expect(Admission.decide(run, of: policies, for: job, at: ManualTime.start) == .start)
                }
            }
        }
    }

    @Test func whateverMayStandInARunsWayIsSeen() {
        func isClear(_ job: JobState = JobState(), run: (inout Run) -> Void = { _ in }) -> Bool {
            Admission.isClear(.example(run), for: job, at: ManualTime.start)
        }
        #expect(isClear())
        #expect(!isClear(JobState(isRemoved: true)))
        #expect(!isClear(JobState(isPaused: true)))
        #expect(!isClear(JobState(activeRuns: 1)))
        #expect(!isClear(JobState(lockHolder: "a program")))
        #expect(!isClear { $0.isCancelRequested = true })
        #expect(!isClear { $0.deadlineAt = ManualTime.start - .microseconds(1) })
    }

    @Test func aRunOfARemovedJobIsCancelled() {
        #expect(decide(JobState(isRemoved: true)) == .cancel(.removed))
    }

    @Test func aFurtherAttemptOfARemovedJobIsCancelled() {
        #expect(decide(JobState(isRemoved: true)) { $0.attempt = 1 } == .cancel(.removed))
    }

    @Test func aRunThatSomeoneCancelledDoesNotStart() {
        #expect(decide { $0.isCancelRequested = true } == .cancel(.requested))
    }

    @Test func aDueRunOfAPausedJobIsSkipped() {
        #expect(decide(JobState(isPaused: true)) == .skip(.paused))
    }

    @Test func aRunByHandOfAPausedJobStarts() {
        #expect(decide(JobState(isPaused: true)) { $0.kind = .manual } == .start)
    }

    @Test func aFurtherAttemptOfAPausedJobStarts() {
        #expect(decide(JobState(isPaused: true)) { $0.attempt = 1 } == .start)
    }

    @Test func aRunAtItsDeadlineStarts() {
        #expect(decide { $0.deadlineAt = ManualTime.start } == .start)
    }

    @Test func aRunPastItsDeadlineIsMissed() {
        #expect(decide { $0.deadlineAt = ManualTime.start - .microseconds(1) } == .miss(.tooLate))
    }

    @Test func aFurtherAttemptPastTheDeadlineStarts() {
        let admission = decide {
            $0.deadlineAt = ManualTime.start - .seconds(1)
            $0.attempt = 1
        }
        #expect(admission == .start)
    }

    @Test func pauseIsSaidBeforeLateness() {
        #expect(decide(JobState(isPaused: true)) { $0.deadlineAt = .distantPast } == .skip(.paused))
    }

    @Test func aSecondRunIsSkippedWhileTheFirstIsActive() {
        #expect(decide(JobState(activeRuns: 1)) == .skip(.overlap))
    }

    @Test func aRunBelowTheLimitStarts() {
        #expect(decide(JobState(activeRuns: 2), .with { $0.limit = 3 }) == .start)
    }

    @Test func aRunAtTheLimitIsSkipped() {
        #expect(decide(JobState(activeRuns: 3), .with { $0.limit = 3 }) == .skip(.overlap))
    }

    @Test func queueHoldsTheFirstThatWaits() {
        #expect(decide(JobState(activeRuns: 1), .with { $0.overlap = .queue }) == .hold(waivingDeadline: false))
    }

    @Test func queueSkipsTheSecondThatWouldWait() {
        #expect(decide(JobState(activeRuns: 1, heldRuns: 1), .with { $0.overlap = .queue }) == .skip(.overlap))
    }

    @Test func queueAllHoldsHoweverManyWait() {
        let admission = decide(JobState(activeRuns: 1, heldRuns: 9), .with { $0.overlap = .queueAll })
        #expect(admission == .hold(waivingDeadline: false))
    }

    @Test func cancelReplacesTheActiveRun() {
        #expect(decide(JobState(activeRuns: 1), .with { $0.overlap = .cancel }) == .replace)
    }

    @Test func allowStartsHoweverManyAreActive() {
        #expect(decide(JobState(activeRuns: 1000), .with { $0.overlap = .allow }) == .start)
    }

    @Test func allowWithALimitHoldsBeyondIt() {
        let admission = decide(
            JobState(activeRuns: 2),
            .with {
                $0.overlap = .allow
                $0.limit = 2
            })
        #expect(admission == .hold(waivingDeadline: false))
    }

    @Test func aFurtherAttemptWaitsForItsTurnWhereAFirstWouldBeSkipped() {
        #expect(decide(JobState(activeRuns: 1)) { $0.attempt = 1 } == .hold(waivingDeadline: false))
    }

    @Test(arguments: [
        (OverlapPolicy.skip, Admission.skip(.overlap)), (.queue, .hold(waivingDeadline: false)),
        (.queueAll, .hold(waivingDeadline: false)), (.cancel, .replace),
    ])
    func anotherProgramsLockIsInTheWayAsAnActiveRunWouldBe(_ overlap: OverlapPolicy, _ admission: Admission) {
        #expect(decide(JobState(lockHolder: "3f2a"), .with { $0.overlap = overlap }) == admission)
    }

    @Test func anotherProgramsLockIsNoRunByHandToWaitFor() {
        #expect(decide(JobState(lockHolder: "3f2a")) { $0.kind = .manual } == .hold(waivingDeadline: false))
        #expect(decide(JobState(lockHolder: "3f2a")) { $0.attempt = 1 } == .hold(waivingDeadline: false))
    }

    @Test func aLockIsNothingToAJobThatMayOverlap() {
        #expect(decide(JobState(lockHolder: "3f2a"), .with { $0.overlap = .allow }) == .start)
        #expect(decide(JobState(lockHolder: "3f2a"), .with { $0.limit = 2 }) == .start)
    }

    @Test func aDueRunWaitsForARunByHandAndLosesNoDeadline() {
        #expect(decide(JobState(activeRuns: 1, activeManualRuns: 1)) == .hold(waivingDeadline: true))
    }

    /// Who asks for a run wants that run, and was told that it would be.
    @Test(arguments: [OverlapPolicy.skip, .queue, .queueAll])
    func aRunByHandWaitsForWhateverIsActiveHoweverManyWait(_ overlap: OverlapPolicy) {
        for job in [JobState(activeRuns: 1), JobState(activeRuns: 1, activeManualRuns: 1, heldRuns: 4)] {
            let admission = decide(job, .with { $0.overlap = overlap }) { $0.kind = .manual }
            #expect(admission == .hold(waivingDeadline: false))
        }
    }

    /// `missed: all` with the default `overlap: skip` skipped eleven of twelve instants.
    @Test(arguments: [OverlapPolicy.skip, .queue])
    func whatIsCaughtUpOnWaitsForItsTurn(_ overlap: OverlapPolicy) {
        func decide(late: Duration, held: Int = 0, missed: MissedPolicy = .all) -> Admission {
            let policies = JobPolicies.with {
                $0.overlap = overlap
                $0.missed = missed
            }
            return self.decide(JobState(activeRuns: 1, heldRuns: held), policies) { $0.dueAt -= late }
        }
        #expect(decide(late: .seconds(11)) == .hold(waivingDeadline: false))
        #expect(decide(late: .seconds(11), held: 10) == .hold(waivingDeadline: false))
        // What falls due meanwhile does not overtake those that wait.
        #expect(decide(late: .zero, held: 1) == .hold(waivingDeadline: false))
        #expect(decide(late: .seconds(11), held: 1, missed: .latest) == .skip(.overlap))
        if overlap == .skip { #expect(decide(late: .seconds(10)) == .skip(.overlap)) }
    }

    @Test func aDueRunIsSkippedWhereADueOneIsActiveBesideARunByHand() {
        let admission = decide(JobState(activeRuns: 2, activeManualRuns: 1), .with { $0.limit = 2 })
        #expect(admission == .skip(.overlap))
    }

    /// Between two nodes its workers may have it: only who adopts it can end it, or see its end.
    @Test(arguments: [true, false])
    func aTaskOfOthersThatIsUnderWayIsAdopted(_ isRemoved: Bool) {
        func decided(_ edit: (inout Run) -> Void = { _ in }) -> Admission {
            decide(JobState(isRemoved: isRemoved, activeRuns: 1)) {
                ($0.need, $0.attempt, $0.isCancelRequested) = ("celery", 1, !isRemoved)
                edit(&$0)
            }
        }
        let refused = Admission.cancel(isRemoved ? .removed : .requested)
        #expect(decided() == .start)
        #expect(decided { $0.need = "run" } == refused)
        #expect(decided { $0.attempt = 0 } == refused)
        #expect(decided { $0.failures = 1 } == refused, "its retry was not sent yet")
    }
}
