import Onebeat

/// What would surprise at night, of definitions that are about to be stored.
package enum PlanWarnings {
    /// From so many jobs on that are due in one minute.
    static let crowd = 10
    /// A job that is due more often in a day is no part of a crowd at one minute.
    private static let mostFires = 24
    private static let mostNames = 5

    /// - Parameter lengths: how long 19 of 20 runs of a job took, where that is known.
    package static func all(
        of definitions: [JobDefinition], at now: Timestamp, lengths: [String: Duration] = [:],
        zones: ZoneFiles = .system
    ) -> [String] {
        var found: [String] = []
        var crowds: [Timestamp: [String]] = [:]
        for job in definitions.sorted(by: { $0.name < $1.name }) {
            guard let schedule = try? Schedule(of: job, zones: zones) else { continue }
            let months = SkippedMonths.names(of: schedule, after: now)
            if !months.isEmpty {
                found.append(
                    "\(job.name) does not fire in \(months.joined(separator: ", ")): these months have no such day;"
                        + " L is the last day of every month")
            }
            if let length = lengths[job.name], waits(job), length > job.policies.deadline {
                found.append(
                    "\(job.name) takes \(length.text), and a run that waits for it starts within"
                        + " \(job.policies.deadline.text) or is missed (deadline)")
            }
            guard job.schedule.spread == .zero else { continue }
            let day = now + .seconds(86_400)
            let fires = schedule.occurrences(after: now, through: day, limit: mostFires + 1)
            guard fires.count <= mostFires, !schedule.isDelay else { continue }
            for fire in fires { crowds[fire, default: []].append(job.name) }
        }
        // The greatest speaks for all: the same jobs often meet at several times.
        let crowd = crowds.filter { $0.value.count >= Self.crowd }
            .max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
        if let crowd {
            let names = crowd.value.prefix(mostNames).joined(separator: ", ")
            found.append(
                "\(crowd.value.count) jobs are due at \(crowd.key) at once (\(names), …); `spread: 10m` starts them one"
                    + " after the other")
        }
        return found
    }

    private static func waits(_ job: JobDefinition) -> Bool {
        switch job.policies.overlap {
        case .queue, .queueAll: true
        case .skip, .cancel, .allow: false
        }
    }
}
