import Onebeat

extension JobDefinition {
    /// When it is due, in words; of a job that runs elsewhere, when word of it is expected; of an alert, when it tells.
    package func words(_ schedule: Schedule) -> String {
        if case .alert = work {
            if case .manual = schedule.definition.rhythm { return "when there is something to tell" }
            return "\(schedule.words), while all is well"
        }
        guard let signal else { return schedule.words }
        return "elsewhere, and only reports: \(signal.words(of: name))"
    }

    /// What starts it, where no clock does.
    package var startWords: String? {
        switch schedule.rhythm {
        case .after(let jobs): "after \(jobs.joined(separator: ", "))"
        case .event(let name): "on the event \(name)"
        case .manual:
            signal?.words(of: name) ?? (isAlert ? "when there is something to tell" : "when somebody asks for it")
        case .cron, .every, .delay, .at, .repeat, .solar: nil
        }
    }

    /// Whether it tells people of other jobs.
    package var isAlert: Bool { if case .alert = work { true } else { false } }

    /// How somebody tells of a run, for whoever would run it here.
    package var signalAdvice: String {
        "job \(name) runs elsewhere and only reports: `onebeat signal \(name) success` tells of a run that ended well"
    }
}

extension SignalWatch {
    /// When word is expected, in words.
    fileprivate func words(of job: String) -> String {
        let expected = (try? Schedule(expected, jobName: job))?.words ?? "by a schedule unknown here"
        return "a success is expected \(expected), \(grace.text) late at most"
    }
}
