// What somebody goes by who wants to change something as they saw it. A move that is handed a sight holds it against what
// there is in the transaction that writes: of two who saw the same, the second finds it changed.

/// A job as somebody saw it, as far as people change it: its definition and its pause. A run that ended meanwhile is no change.
public struct JobSight: Sendable, Hashable {
    /// See ``JobRecord/generation``.
    public var generation: Int
    /// See ``JobRecord/version``.
    public var version: Int
    /// Whether it was paused.
    public var isPaused: Bool

    /// Names what was seen.
    public init(generation: Int, version: Int, isPaused: Bool) {
        self.generation = generation
        self.version = version
        self.isPaused = isPaused
    }

    /// A record as it is now.
    public init(_ record: JobRecord) {
        self.init(generation: record.generation, version: record.version, isPaused: record.isPaused)
    }

    /// - Throws: ``StoreError/changed(_:)`` where the job is another one by now.
    package func require(_ now: JobSight, of job: String) throws(StoreError) {
        guard now != self else { return }
        throw .changed(
            "job \"\(job)\" is not as it was seen, and nothing was done: it is version \(now.version) of generation"
                + " \(now.generation) now, and \(now.isPaused ? "paused" : "not paused")")
    }
}

/// A run as somebody saw it, with what somebody said that it counts as.
public struct RunSight: Sendable, Equatable {
    /// The run.
    public var run: Run
    /// What it counted as.
    public var mark: RunMark?

    /// Names what was seen.
    public init(_ run: Run, mark: RunMark? = nil) {
        self.run = run
        self.mark = mark
    }

    /// - Throws: ``StoreError/changed(_:)`` where the run is not so any more.
    package func require(_ now: Run, mark: RunMark?) throws(StoreError) {
        guard now != run || mark != self.mark else { return }
        let words =
            now != run ? "it is \(now.state.rawValue) now" : "it counts as \(mark?.state.rawValue ?? "what it is") now"
        throw .changed("run \(now.id) of \(now.job) is not as it was seen, and nothing was done: \(words)")
    }
}

/// What a source had applied when somebody looked; `nil` where it had applied nothing that has a revision.
public struct SourceSight: Sendable, Hashable {
    /// What was in force.
    public var revision: SourceRevision?

    /// Names what was seen.
    public init(_ revision: SourceRevision?) { self.revision = revision }

    /// - Throws: ``StoreError/changed(_:)`` where somebody applied something else since.
    package func require(_ history: SourceHistory) throws(StoreError) {
        guard history.current != revision else { return }
        let now =
            history.current == nil
            ? "nothing of it is in force" : "\(history.actor) applied something else at \(history.appliedAt)"
        throw .changed("source \"\(history.source)\" is not as it was seen, and nothing was changed: \(now)")
    }
}
