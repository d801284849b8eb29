/// A rhythm ready to compute with: for each kind, the first instant strictly after another.
enum Rhythm: Sendable {
    case crons([CronInZone])
    /// Microseconds.
    case every(Int64, anchor: Timestamp)
    case delay(Duration, start: Timestamp?)
    /// Ascending.
    case moments([Timestamp])
    case repeating(RepeatingInterval)
    case solar(SolarEvent)
    case none

    init(_ definition: ScheduleDefinition, zone: Zone, jobName: String) throws(ScheduleError) {
        switch definition.rhythm {
        case .cron(let texts):
            guard !texts.isEmpty else {
                throw ScheduleError(
                    setting: "cron", text: "", message: "the list is empty; write one expression or more")
            }
            var crons: [CronInZone] = []
            for text in texts {
                let cron = try CronExpression(text, jobName: jobName, dialect: definition.dialect)
                crons.append(CronInZone(cron: cron, zone: zone, rule: definition.daylightSaving))
            }
            self = .crons(crons)
        case .every(let length):
            try Self.check(length, "every")
            self = .every(length.wholeMicroseconds, anchor: definition.start ?? Timestamp(microseconds: 0))
        case .delay(let length):
            try Self.check(length, "delay")
            self = .delay(length, start: definition.start)
        case .at(let moments):
            guard !moments.isEmpty else {
                throw ScheduleError(setting: "at", text: "", message: "the list is empty; write one moment or more")
            }
            self = .moments(moments.sorted())
        case .repeat(let text):
            self = .repeating(try RepeatingInterval(text, zone: zone, start: definition.start))
        case .solar(let event): self = .solar(try Self.checked(event))
        case .after(let jobs):
            guard !jobs.isEmpty else {
                throw ScheduleError(setting: "after", text: "", message: "the list is empty; name one job or more")
            }
            self = .none
        case .event(let name):
            if let problem = EventName.problem(name) {
                throw ScheduleError(setting: "on", text: name, message: problem)
            }
            self = .none
        case .manual: self = .none
        }
    }

    private static func checked(_ event: SolarEvent) throws(ScheduleError) -> SolarEvent {
        guard (-90...90).contains(event.latitude), (-180...180).contains(event.longitude) else {
            throw ScheduleError(
                setting: "solar", text: event.words,
                message: "latitude is from -90 to 90 degrees, and longitude from -180 to 180")
        }
        return event
    }

    /// A beat below a millisecond is a slip of the pen; one above a thousand years never comes twice.
    private static func check(_ length: Duration, _ setting: String) throws(ScheduleError) {
        guard length >= .milliseconds(1), length <= .seconds(31_536_000_000) else {
            throw ScheduleError(
                setting: setting, text: length.text,
                message: "it must be from 1ms to 365000d long; write it like 30s or 1h")
        }
    }

    /// The first instant strictly after `moment`.
    func next(after moment: Timestamp) -> Timestamp? {
        switch self {
        case .crons(let crons):
            let second = moment.seconds
            var first: Int?
            for cron in crons {
                guard let found = cron.next(after: second) else { continue }
                first = min(first ?? found, found)
            }
            return first.map { Timestamp(seconds: Int64($0)) }
        case .every(let length, let anchor):
            let passed = moment.duration(since: anchor).wholeMicroseconds
            let (beat, overflow) = (passed.flooredQuotient(by: length) + 1).multipliedReportingOverflow(by: length)
            return overflow ? nil : anchor + .microseconds(beat)
        case .delay(let length, let start):
            if let start, moment < start { return start }
            return moment + length
        case .moments(let moments):
            return moments.first { $0 > moment }
        case .repeating(let interval):
            return interval.next(after: moment)
        case .solar(let event):
            return event.next(after: moment)
        case .none:
            return nil
        }
    }
}
