import Testing

@testable import Onebeat

@Suite struct AttemptAuditTests {
    private static let start = Timestamp(seconds: 1_767_225_600)

    private static let job = JobDefinition(name: "a", schedule: .manual, work: .handler)

    private func entry(_ state: RunState, _ outcomes: String?...) -> LedgerEntry {
        var run = Run(
            id: RunID(1), version: JobVersion(job: "a", generation: 1, version: 1), scheduledAt: Self.start,
            dueAt: Self.start, state: state)
        run.attempt = outcomes.count
        run.fence = Fence(Int64(outcomes.count))
        run.finishedAt = state.isTerminal ? Self.start + .seconds(100) : nil
        var entry = LedgerEntry(run)
        for (index, outcome) in outcomes.enumerated() {
            var attempt = Attempt(
                run: run.id, number: index + 1, fence: Fence(Int64(index + 1)), node: "n", boot: "n1",
                startedAt: Self.start + .seconds(10 * index))
            attempt.outcome = outcome
            attempt.finishedAt = outcome.map { _ in attempt.startedAt + .seconds(5) }
            entry.attempts.append(attempt)
        }
        return entry
    }

    @Test func whatMayBeIsNoFault() {
        let lawful = [
            entry(.scheduled), entry(.waiting), entry(.skipped), entry(.missed), entry(.cancelled),
            entry(.running, nil),
            entry(.succeeded, "succeeded"), entry(.succeeded, "failed", "lost", "succeeded"), entry(.failed, "failed"),
            entry(.timedOut, "timed_out"), entry(.dead, "lost", "lost", "lost"), entry(.lost, "lost"),
            entry(.scheduled, "interrupted"), entry(.cancelled, "cancelled"), entry(.cancelled, "failed"),
            entry(.lost, "interrupted"), entry(.scheduled, "not_started"),
        ]
        for entry in lawful {
            #expect(AttemptAudit.faults(of: entry, Self.job) == [], "\(entry.run.state)")
        }
    }

    /// Only what stands for the elements of a list ends without an attempt.
    @Test func theWholeOfElementsHasNoAttemptsAndEndsByTheirs() {
        var job = JobDefinition(name: "a", schedule: ScheduleDefinition(.after(["x"])), work: .handler)
        #expect(AttemptAudit.faults(of: entry(.succeeded), job).map(\.kind) == [.outcome])
        job.each = Each(in: "x")
        func faults(_ state: RunState, _ elements: RunState...) -> [AuditFault.Kind] {
            var whole = entry(state)
            whole.run.flow = RunID(0)
            whole.parents = elements.map { .init(ParentEnd(job: "a", state: $0, reason: nil), finishedAt: Self.start) }
            return (AttemptAudit.faults(of: whole, job) + FlowAudit.faults(of: whole, job, flow: nil)).map(\.kind)
        }
        #expect(faults(.succeeded, .succeeded, .succeeded) == [])
        #expect(faults(.failed, .succeeded, .failed) == [])
        #expect(faults(.waiting, .succeeded, .running) == [])
        #expect(faults(.cancelled, .succeeded, .running) == [])
        #expect(faults(.succeeded, .succeeded, .failed) == [.follower])
        #expect(faults(.succeeded, .succeeded, .running) == [.follower])
        #expect(faults(.failed, .succeeded, .succeeded) == [.follower])
        #expect(faults(.waiting, .succeeded, .failed) == [.follower])
    }

    /// What was let go, and whoever marked what it follows only then, is no fault.
    @Test func aMarkCountsForWhatIsDecidedOnAfterIt() {
        let job = JobDefinition(name: "a", schedule: ScheduleDefinition(.after(["x"])), work: .handler)
        func faults(_ entry: LedgerEntry, markedAt: Duration, first: Duration? = nil) -> [AuditFault.Kind] {
            var follower = entry
            follower.run.flow = RunID(0)
            let parent = ParentEnd(job: "x", state: .succeeded, reason: nil)
            follower.parents = [
                .init(
                    parent, finishedAt: Self.start, mark: .failed, markedAt: Self.start + markedAt,
                    firstMarkedAt: Self.start + (first ?? markedAt))
            ]
            return FlowAudit.faults(of: follower, job, flow: nil).map(\.kind)
        }
        #expect(faults(entry(.succeeded, "succeeded"), markedAt: .seconds(3)) == [])
        #expect(faults(entry(.running, nil), markedAt: .seconds(3)) == [])
        #expect(faults(entry(.succeeded, "failed", "succeeded"), markedAt: .seconds(3)) == [])
        #expect(faults(entry(.succeeded, "succeeded"), markedAt: .seconds(-3)) == [.follower])
        // Of two marks the later is kept, and what was decided by the earlier cannot be judged.
        #expect(faults(entry(.cancelled, "cancelled"), markedAt: .seconds(-3), first: .seconds(-5)) == [.follower])
        var skipped = entry(.skipped)
        skipped.run.reason = .upstream
        skipped.run.finishedAt = Self.start
        #expect(faults(skipped, markedAt: .seconds(3), first: .seconds(-5)) == [])
        #expect(faults(skipped, markedAt: .seconds(3)) == [.follower])
    }

    /// While the store's clock is off, each node goes on by its own uptime.
    @Test func clocksOfTwoNodesMayDifferByALittle() {
        for (early, isFault) in [(Duration.milliseconds(50), false), (.milliseconds(200), true)] {
            var entry = entry(.succeeded, "failed", "succeeded")
            entry.attempts[1].startedAt = Self.start + .seconds(5) - early
            #expect(AttemptAudit.faults(of: entry, nil).isEmpty != isFault, "\(early)")
        }
    }

    @Test func aRunThatMayStartOnceIsNotStartedAgainAfterAnEndThatIsNotKnown() {
        var job = Self.job
        job.policies.delivery = .atMostOnce
        func kinds(_ entry: LedgerEntry) -> [AuditFault.Kind] {
            AttemptAudit.faults(of: entry, job).map(\.kind)
        }
        #expect(kinds(entry(.succeeded, "lost", "succeeded")) == [.attempts])
        #expect(kinds(entry(.succeeded, "interrupted", "succeeded")) == [.attempts])
        #expect(kinds(entry(.succeeded, "not_started", "succeeded")) == [])
        #expect(kinds(entry(.succeeded, "failed", "succeeded")) == [])
    }

    @Test(arguments: [
        (RunState.succeeded, "failed"), (.failed, "succeeded"), (.timedOut, "lost"), (.lost, "failed"),
        (.scheduled, "succeeded"), (.cancelled, "succeeded"),
    ])
    func anOutcomeThatIsNotWhatTheAttemptCameToIsAFault(_ state: RunState, _ outcome: String) {
        #expect(AttemptAudit.faults(of: entry(state, outcome), nil).map(\.kind) == [.outcome])
    }
}
