/// What a job does.
public enum Work: Sendable, Hashable {
    /// A line for `/bin/sh -c`.
    case shell(String, ProcessSettings)
    /// A program and its arguments, without a shell.
    case command([String], ProcessSettings)
    /// An HTTP call.
    case http(HTTPCall)
    /// A task for the workers of a Celery application.
    case celery(CeleryCall)
    /// A closure that the program registered under the job's name.
    case handler
    /// Telling people of other jobs.
    case alert(AlertRule)
    /// Something that is done elsewhere, and only reported.
    case signal(SignalWatch)
    /// Work that a newer version knows. This one leaves it alone.
    case unknown(String)

    /// The kind, as configuration and pages name it.
    public var kind: String {
        switch self {
        case .shell: "run"
        case .command: "exec"
        case .http: "http"
        case .celery: Self.celeryKind
        case .handler: "handler"
        case .alert: Self.alertKind
        case .signal: SignalWatch.kind
        case .unknown(let kind): kind
        }
    }

    static let celeryKind = "celery"
    package static let alertKind = "alert"

    /// Whether it is done by somebody else's workers: whoever watches it may leave, and another watch it on.
    package var isRemote: Bool { if case .celery = self { true } else { false } }
}

/// The surroundings of a job's process.
public struct ProcessSettings: Sendable, Hashable {
    /// What a process has in its environment before its job names anything.
    public enum Environment: String, Sendable, Hashable, CaseIterable {
        /// What cron gives: `HOME`, `LOGNAME`, `USER`, `SHELL`, `PATH`; and how the node writes text and times.
        case basic
        /// All that the node has, but for what is the node's own.
        case inherit
    }

    /// How the output of a process is kept.
    public enum Output: String, Sendable, Hashable, CaseIterable {
        /// Both streams as one, in the order in which they were written.
        case together
        /// Each for itself; how they lie between one another is not known then.
        case separate
    }

    /// What its environment begins with.
    public var base: Environment = .basic
    /// Variables added to that; `${NAME}` is replaced from the node's environment when the process starts, never before.
    public var environment: [String: String] = [:]
    /// The working directory; the node's own when left out.
    public var directory: String?
    /// The user to run as, when the node runs as root.
    public var user: String?
    /// The most address space the process may use, in bytes (`RLIMIT_AS`).
    public var memory: Int?
    /// The most processor time it may use, in seconds (`RLIMIT_CPU`).
    public var cpu: Int?
    /// Added to the node's niceness, −20 to 19.
    public var nice: Int?
    /// How long the process group has between TERM and KILL.
    public var grace: Duration = .seconds(10)
    /// Whether what the process started and left behind may live on after it has ended.
    public var leave = false
    /// How its output is kept.
    public var output: Output = .together

    /// The defaults: what cron gives, and the node's own directory and user.
    public init() {}
}

/// An HTTP call and what counts as its success.
public struct HTTPCall: Sendable, Hashable {
    /// Where to; `${NAME}` is replaced from the node's environment when the call is made, as in headers and body.
    public var url: String
    /// The method, `GET` unless told otherwise.
    public var method: String
    /// Headers to send, beside the run's key and fence.
    public var headers: [String: String]
    /// The body to send.
    public var body: String?
    /// The status codes that count as success; any 2xx when empty.
    public var expected: [Int]
    /// How long the call may take.
    public var timeout: Duration
    /// How many redirects are followed. One whose status is expected is never followed.
    public var redirects: Int
    /// The PEM file of the authorities that may have signed the server's certificate; the machine's when left out.
    public var authorities: String?
    /// What messages call the address where it holds a secret of its own; never stored.
    package var alias: String?

    /// Whether the body of an answer that is a success is what the run hands on: JSON of at most 64 KiB.
    public var handsOnBody = false

    /// A call.
    public init(
        url: String, method: String = "GET", headers: [String: String] = [:], body: String? = nil,
        expected: [Int] = [], timeout: Duration = .seconds(30), redirects: Int = 0, authorities: String? = nil
    ) {
        self.url = url
        self.method = method
        self.headers = headers
        self.body = body
        self.expected = expected
        self.timeout = timeout
        self.redirects = redirects
        self.authorities = authorities
    }
}
