import Onebeat

/// A job's due instants to come, as JSON.
package struct FiresResource: Codable, Sendable {
    package var job: String
    /// The schedule in words.
    package var schedule: String
    package var timezone: String
    /// Of a job that runs elsewhere, when word of a success is expected.
    package var next: [OccurrenceResource]
    /// What starts it, where no clock does: `after extract`.
    package var start: String?
    /// What is allowed in its expressions, and probably not meant.
    package var warnings: [String]

    /// - Parameter definition: the job's, where it is of one.
    package init(_ schedule: Schedule, _ occurrences: [Occurrence], of definition: JobDefinition? = nil) {
        job = definition?.name ?? ""
        self.schedule = definition?.words(schedule) ?? schedule.words
        start = definition?.signal == nil ? definition?.startWords : nil
        timezone = schedule.definition.timezone
        next = occurrences.map(OccurrenceResource.init)
        warnings =
            if case .cron(let texts) = schedule.definition.rhythm {
                texts.flatMap { StepWarning.all(in: $0) }.map { "\($0)" }
            } else { [] }
    }

    /// Those of an expression.
    package init(_ trial: TrialResource) {
        (job, schedule, timezone) = ("", trial.schedule, trial.timezone)
        (next, warnings) = (trial.next, trial.warnings)
    }
}

/// A version of a job's definition, as JSON.
package struct VersionResource: Codable, Sendable {
    package var version: String
    /// From when on it was in force.
    package var at: Timestamp
    package var by: String
    package var source: String
    /// When its job was removed, if it was the last one.
    package var removedAt: Timestamp?
    /// What differs from the version before it.
    package var keys: [PlanDiff.KeyChange]

    package init(_ line: VersionHistory.Line) {
        let version = line.version
        self.version = version.version.listed
        at = version.since
        by = version.actor
        source = version.source
        removedAt = version.removedAt
        keys = line.changes
    }

    /// Whether nothing of the job's life was before it.
    package var isFirst: Bool { version.split(separator: ".").last == "1" }
}

/// Why a job ran, or did not, as JSON.
package struct ExplanationResource: Codable, Sendable {
    package var job: String
    /// The moment in question.
    package var at: Timestamp?
    package var verdict: Explanation.Verdict
    package var sentences: [String]
    package var run: RunResource?

    package init(_ explanation: Explanation, of job: String, at moment: Timestamp?) {
        self.job = job
        at = moment
        verdict = explanation.verdict
        sentences = explanation.sentences
        run = explanation.run.map { RunResource($0) }
    }
}
