// Job: what the user asked for. A definition is a value: it names a schedule, a piece of work and the policies
// between the two. It knows nothing of runs or nodes. The store keeps every version of it, since a run follows
// the version that was in force when it fell due.

/// What one job is: its schedule, its work and its policies.
///
/// Definitions are stored as JSON and compared as values: applying an equal definition changes nothing.
public struct JobDefinition: Sendable, Hashable {
    /// The job's name, unique in the store: 1 to 200 characters of letters, digits, `_`, `-`, `.` and `/`.
    public var name: String
    /// When the job is due.
    public var schedule: ScheduleDefinition
    /// What the job does.
    public var work: Work
    /// How its runs are admitted, tried, timed and settled.
    public var policies: JobPolicies
    /// A sentence for the people who find this job at night.
    public var description: String?
    /// Words by which jobs are found and alerts chosen, such as `finance`.
    public var tags: [String] = []
    /// Whom to ask about it.
    public var owner: String?
    /// Jobs of which a run must have succeeded before a due run of this one starts. A run that waits for that takes no slot,
    /// and is missed at its deadline. Runs by hand do not wait.
    public var needs: [String: Need] = [:]
    /// The list for each element of which it runs once; `nil` for a job that runs once in its flow.
    public var each: Each?
    /// Whether what its runs write and hand on may be a secret: output is not kept then, and values are given to those that
    /// follow and shown to nobody.
    public var hasSecretOutput = false
    /// When what was due in the day before is to be done at the latest, on the schedule's wall clock.
    public var by: TimeOfDay?
    /// Why this version of Onebeat can neither plan nor run it, and what would do; `nil` for a definition that was read in
    /// full. Only what comes from a store can have one.
    public package(set) var trouble: String?
    /// What a newer version wrote into the stored form and this one does not know; written back as it was.
    package var foreign = JSONValue.object([:])

    /// Makes a definition; nothing is checked before it is applied (see ``validated()``).
    public init(
        name: String, schedule: ScheduleDefinition, work: Work,
        policies: JobPolicies = JobPolicies(), description: String? = nil
    ) {
        self.name = name
        self.schedule = schedule
        self.work = work
        self.policies = policies
        self.description = description
    }
}

extension JobDefinition {
    /// How long an attempt may take: the policies' time-out, or that of an HTTP call where it is shorter; and a task of
    /// Celery is not watched for ever, since a worker that vanished says nothing.
    package var timeout: Duration? {
        switch work {
        case .http(let call): min(call.timeout, policies.timeout ?? call.timeout)
        case .celery: policies.timeout ?? CeleryCall.longestWatch
        case .shell, .command, .handler, .alert, .signal, .unknown: policies.timeout
        }
    }

    /// Whether its next instant follows from the end of a run.
    package var hasDelay: Bool { if case .delay = schedule.rhythm { true } else { false } }

    /// Whether it follows others.
    package var isFollower: Bool { if case .after = schedule.rhythm { true } else { false } }

    /// The jobs whose runs a claim looks at beside its own: those it needs, and itself where it looks at its whole flow.
    package var lookedAt: [String] { needs.keys.sorted() + (policies.overlapScope == .flow ? [name] : []) }

    /// Under which names its runs are given values: the jobs it follows, and an element of a list.
    package var valueNames: [String] {
        guard case .after(let parents) = schedule.rhythm else { return [] }
        return each == nil ? parents : parents + [Each.parent]
    }

    /// Whether claims and ends of its runs need the job to themselves.
    package var isGuarded: Bool { policies.effectiveLimit < .max || hasDelay }

    /// The definition itself, when its name and its figures are ones Onebeat can keep.
    /// - Throws: ``DefinitionError`` naming the job, the key, what was wrong and what would do.
    public func validated() throws(DefinitionError) -> JobDefinition {
        let allowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "/"):
                true
            default: false
            }
        }
        guard allowed, (1...200).contains(name.utf8.count) else {
            throw DefinitionError(
                job: name, key: "name",
                problem: "a job's name has 1 to 200 characters of letters, digits, '_', '-', '.' and '/'")
        }
        if let description, let scalar = description.controlCharacter(allowing: "\n\t") {
            throw DefinitionError(
                job: name, key: "description", problem: "has the control character \(scalar) in it; take it out")
        }
        if case .after(let jobs) = schedule.rhythm {
            guard (1...1000).contains(jobs.count), Set(jobs).count == jobs.count else {
                throw DefinitionError(
                    job: name, key: "after", problem: "1 to 1000 jobs can be followed, each named once")
            }
        }
        for (key, words) in tags.map({ ("tags", $0) }) + (owner.map { [("owner", $0)] } ?? []) {
            guard (1...100).contains(words.utf8.count), words.controlCharacter() == nil else {
                throw DefinitionError(
                    job: name, key: key, problem: "has 1 to 100 bytes a word, and no control characters")
            }
        }
        guard tags.count <= 20 else {
            throw DefinitionError(job: name, key: "tags", problem: "there are \(tags.count); 20 at most will do")
        }
        if case .celery(let call) = work { try call.validate(job: name) }
        guard needs.count <= 20 else {
            throw DefinitionError(job: name, key: "needs", problem: "there are \(needs.count); 20 at most will do")
        }
        for (needed, need) in needs {
            guard needed != name else {
                throw DefinitionError(
                    job: name, key: "needs", problem: "a job cannot wait for itself; name another one")
            }
            if case .within(let length) = need, length <= .zero {
                throw DefinitionError(job: name, key: "needs", problem: "within must be longer than zero, as in 26h")
            }
        }
        try each?.validate(self)
        try policies.validate(job: name)
        guard let signal else { return self }
        try signal.validate(job: name)
        // How many of its runs there are at one time is decided elsewhere.
        var job = self
        job.policies.overlap = .allow
        job.policies.limit = nil
        return job
    }
}

/// A definition that cannot be kept: which job, which key, what was wrong and what would do.
public struct DefinitionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The job the definition belongs to.
    public let job: String
    /// The key of the definition, as written in YAML.
    public let key: String
    /// What was wrong and what would do.
    public let problem: String

    /// Makes an error from its three parts.
    public init(job: String, key: String, problem: String) {
        self.job = job
        self.key = key
        self.problem = problem
    }

    /// The error in one line.
    public var description: String { "job \"\(job)\", \(key): \(problem)" }
}

extension Schedule {
    /// The schedule of a whole definition, read in full.
    /// - Throws: `ScheduleError`, also for a definition that this version cannot read.
    public init(of job: JobDefinition, zones: ZoneFiles = .system) throws(ScheduleError) {
        if let trouble = job.trouble { throw ScheduleError(setting: "job", text: job.name, message: trouble) }
        try self.init(job.schedule, jobName: job.name, zones: zones)
    }
}

extension String {
    /// The first control character, as in `U+1B`; none is part of a name or of words for people.
    package func controlCharacter(allowing allowed: String = "") -> String? {
        unicodeScalars.first { $0.properties.generalCategory == .control && !allowed.unicodeScalars.contains($0) }
            .map { "U+\(String($0.value, radix: 16, uppercase: true))" }
    }
}
