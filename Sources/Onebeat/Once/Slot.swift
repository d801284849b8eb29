// Once: a call in the crontabs of many machines, of which one runs its command. The slot is a due instant of a job by the
// call's name, so that the store makes it unique; the call is a node that lives for that one run.

/// A stretch of the store's time in which a command runs once, however many machines call it.
package struct Slot: Sendable, Equatable {
    /// The due instant it stands for: a whole number of its lengths since 1970, in UTC.
    package let start: Timestamp
    /// The first moment of the next slot.
    package let end: Timestamp

    /// A slot begins a little before its due instant, a quarter of its length at most. Crons start their lines at the
    /// due instant by clocks of their own: the call of a clock that is ahead would else fall into the slot before, and
    /// those of the others would run the same moment again.
    package static let mostHaste = Duration.seconds(15)
    /// The shortest length; below it the time a call takes to start would decide its slot.
    package static let shortest = Duration.seconds(1)

    /// The longest length: no cron calls less often.
    package static let longest = Duration.seconds(3_660 * 86_400)

    /// The slot of a moment.
    /// - Parameters:
    ///   - now: held to the years that a calendar has.
    ///   - length: held to ``shortest`` and ``longest``.
    package init(at now: Timestamp, length: Duration) {
        let step = length.clamped(to: Self.shortest...Self.longest).wholeMicroseconds
        let haste = min(step / 4, Self.mostHaste.wholeMicroseconds)
        let moment = now.clamped(to: .distantPast ... .distantFuture).microseconds + haste
        let passed = moment % step
        let start = moment - (passed < 0 ? passed + step : passed)
        self.start = Timestamp(microseconds: start)
        end = Timestamp(microseconds: start + step - haste)
    }
}
