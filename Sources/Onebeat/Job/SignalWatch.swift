/// Work that is done elsewhere, and only reported: when word of a success is expected, and how late it may come.
public struct SignalWatch: Sendable, Hashable {
    /// `every` (counted from the success before) or `cron`, with its zone.
    public var expected: ScheduleDefinition
    /// How late the word may be, and how long a run that began may go on without one. Longer than zero.
    public var grace: Duration

    /// Word is expected so.
    public init(_ expected: ScheduleDefinition, grace: Duration = .seconds(3600)) {
        self.expected = expected
        self.grace = grace
    }
}

extension SignalWatch {
    /// The kind of work, as definitions and runs name it.
    package static let kind = "signal"

    /// When the next success is expected, of when the last one came.
    /// - Parameter schedule: what ``expected`` was compiled to.
    package func next(after last: Timestamp, by schedule: Schedule) -> Timestamp? {
        if case .every(let length) = expected.rhythm { return last + length }
        return schedule.next(after: last)
    }

    func validate(job: String) throws(DefinitionError) {
        guard grace > .zero else {
            throw DefinitionError(job: job, key: "signal", problem: "grace must be longer than zero, as in 2h")
        }
        switch expected.rhythm {
        case .every, .cron: return
        case .delay, .at, .repeat, .solar, .event, .after, .manual:
            throw DefinitionError(
                job: job, key: "signal", problem: "word is expected by every or cron, as in {every: 1d, grace: 2h}")
        }
    }
}

extension JobDefinition {
    /// What is expected of a job that runs elsewhere; `nil` for jobs that run here.
    package var signal: SignalWatch? { if case .signal(let watch) = work { watch } else { nil } }
}
