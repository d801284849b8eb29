/// A task of a Celery application, sent to its workers over Redis, and what counts as the end of its run.
public struct CeleryCall: Sendable, Hashable {
    /// When the run of a task has ended.
    public enum End: String, Sendable, Hashable, CaseIterable {
        /// When a worker has said how the task ended.
        case result
        /// When the message is in the broker; what becomes of it is not asked.
        case dispatch
    }

    /// The task's name, as the workers know it.
    public var task: String
    /// Its positional arguments. `${NAME}` in texts is replaced from the node's environment when the task is sent.
    package var arguments: [JSONValue] = []
    /// Its arguments by name.
    package var keywords: [String: JSONValue] = [:]
    /// The queue of the broker; the application's default when left out.
    public var queue: String?
    /// The message's priority. Over Redis 0 is the most urgent.
    public var priority: Int?
    /// For how long after it was sent a worker may still begin it.
    public var expires: Duration?
    /// How long a worker holds it back before it begins.
    public var countdown: Duration?
    /// When its worker kills it.
    public var timeLimit: Duration?
    /// When its worker interrupts it.
    public var softTimeLimit: Duration?
    /// Headers added to those of the message.
    package var headers: [String: JSONValue] = [:]
    /// When the run has ended.
    public var outcome = End.result

    /// A call of a task without arguments.
    public init(task: String) { self.task = task }

    /// How long a run is watched that has no time-out: for as long as Celery keeps results unless told otherwise.
    package static let longestWatch = Duration.seconds(86_400)
    /// The longest countdown: workers hold the task in memory meanwhile, and Redis hands it out again after an hour.
    package static let longestCountdown = Duration.seconds(1800)
    /// How large the arguments may be in all, in bytes of JSON.
    package static let mostBytes = 256 * 1024
    /// How deep values may lie in one another.
    private static let deepest = 32

    /// Headers that Celery's own messages have, and ours.
    package static let reserved: Set = [
        "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id",
        "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting", "stamped_headers",
        "stamps", "onebeat_job", "onebeat_run_key", "onebeat_scheduled_at", "onebeat_fence",
    ]

    /// - Throws: ``DefinitionError`` where workers could not take a message of it: some stop at one they cannot read.
    func validate(job: String) throws(DefinitionError) {
        func require(_ holds: Bool, _ key: String, _ problem: String) throws(DefinitionError) {
            if !holds { throw DefinitionError(job: job, key: "celery.\(key)", problem: problem) }
        }
        func requireName(_ name: String, _ key: String) throws(DefinitionError) {
            try require((1...255).contains(name.utf8.count), key, "has \(name.utf8.count) bytes; 1 to 255 will do")
            if let scalar = name.controlCharacter() {
                throw DefinitionError(
                    job: job, key: "celery.\(key)",
                    problem: "has the control character \(scalar) in it; a name has none")
            }
        }
        try requireName(task, "task")
        if let queue { try requireName(queue, "queue") }
        try require(
            (0...255).contains(priority ?? 0), "priority", "is \(priority ?? 0); 0, the most urgent, to 255 will do")
        try require((expires ?? .seconds(1)) > .zero, "expires", "must be longer than zero, as in 10m")
        try require(
            (.zero...Self.longestCountdown).contains(countdown ?? .zero), "countdown",
            "is \((countdown ?? .zero).text); up to \(Self.longestCountdown.text) will do, as a worker holds the task in"
                + " memory meanwhile; let the schedule wait instead")
        try require((timeLimit ?? .seconds(1)) > .zero, "time_limit", "must be longer than zero, as in 10m")
        try require((softTimeLimit ?? .seconds(1)) > .zero, "soft_time_limit", "must be longer than zero, as in 10m")
        if let timeLimit, let softTimeLimit {
            try require(
                softTimeLimit < timeLimit, "soft_time_limit", "is not below time_limit, which kills the task before it")
        }
        let all = JSONValue.array([.array(arguments), .object(keywords), .object(headers)])
        try require(
            !all.isDeeper(than: Self.deepest), "args", "are more than \(Self.deepest) values deep in one another")
        let size = all.text.utf8.count
        try require(
            size <= Self.mostBytes, "args",
            "have \(size) bytes with kwargs and headers; \(Self.mostBytes) will do: send a place to read from instead")
        for name in headers.keys.sorted() {
            try requireName(name, "headers")
            try require(!Self.reserved.contains(name), "headers.\(name)", "is set by the message itself; leave it out")
        }
    }
}
