import Onebeat

extension JobDefinition {
    /// When it is due, in words; of a job that runs elsewhere, when word of it is expected.
    package func words(_ schedule: Schedule) -> String {
        guard let signal else { return schedule.words }
        let expected = (try? Schedule(signal.expected, jobName: name))?.words ?? "by a schedule unknown here"
        return "elsewhere, and only reports: a success is expected \(expected), \(signal.grace.text) late at most"
    }

    /// How somebody tells of a run, for whoever would run it here.
    package var signalAdvice: String {
        "job \(name) runs elsewhere and only reports: `onebeat signal \(name) success` tells of a run that ended well"
    }
}
