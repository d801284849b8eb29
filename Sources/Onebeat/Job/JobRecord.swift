/// A job as the store keeps it: its definition in force and how far it has been planned.
public struct JobRecord: Sendable, Equatable {
    /// The definition in force.
    public var definition: JobDefinition
    /// Counts how often the name was created anew; part of every run's key in the store.
    public var generation: Int
    /// Counts the definitions of this generation, from 1.
    public var version: Int
    /// Who defines the job: a file (`file:…`), a program, `command`. A source removes only what it brought.
    public var source: String
    /// Whether due runs are skipped.
    public var isPaused: Bool
    /// Every due instant up to and including this one has a row. It goes back only where a clock that was
    /// ahead had taken it too far.
    public var watermark: Timestamp
    /// The next instant to plan, or `nil` when there is none (by hand, ended, or a delay that waits for the end of a run).
    public var nextAt: Timestamp?
    /// When this generation was stored.
    public var createdAt: Timestamp
    /// Counts the changes among those that follow it, as roots of flows have any; 0 for a job that nobody ever followed.
    public var flowEdition: Int

    /// Makes a record; stores and tests do.
    public init(
        definition: JobDefinition, generation: Int = 1, version: Int = 1, source: String = "library",
        isPaused: Bool = false, watermark: Timestamp, nextAt: Timestamp?, createdAt: Timestamp,
        flowEdition: Int = 0
    ) {
        self.definition = definition
        self.generation = generation
        self.version = version
        self.source = source
        self.isPaused = isPaused
        self.watermark = watermark
        self.nextAt = nextAt
        self.createdAt = createdAt
        self.flowEdition = flowEdition
    }

    /// The job's name.
    public var name: String { definition.name }

    /// The definition this record holds, named so that a compiled form of it can be kept.
    public var versionID: JobVersion { JobVersion(job: name, generation: generation, version: version) }
}

/// One version of one generation of a job: what a run is bound to.
public struct JobVersion: Sendable, Hashable {
    /// The job's name.
    public var job: String
    /// See ``JobRecord/generation``.
    public var generation: Int
    /// See ``JobRecord/version``.
    public var version: Int

    /// Names a version.
    public init(job: String, generation: Int, version: Int) {
        self.job = job
        self.generation = generation
        self.version = version
    }
}
