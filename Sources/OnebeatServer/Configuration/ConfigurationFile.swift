import Foundation
import Onebeat

// Configuration: from a file's text and the surroundings of the process to values that the rest works with. Reading is
// pure: text in, values or problems out. All problems of a file are found in one go and each knows its line, job and
// key, since a file is mended faster than it is run again. Nothing here opens a store; what a setting means is decided
// once, in `Settings`, and what a job means is decided in the library.

/// What a file says of the Celery application whose tasks its jobs are.
package struct CelerySection: Sendable, Equatable {
    /// Where messages go, with `${NAME}` expanded, as all of these.
    package var broker: SecretAddress?
    /// Where results come from.
    package var results: SecretAddress?
    /// What the broker's keys get in front.
    package var prefix: String?
    /// What the keys of results get in front.
    package var resultsPrefix: String?
    /// The steps of priorities.
    package var prioritySteps: [Int]?
    /// What stands between a queue's name and its step.
    package var separator: String?
    /// The queue of tasks that name none.
    package var queue: String?

    /// A section in which nothing is set.
    package init() {}
}

/// What a configuration file says.
package struct ConfigurationFile: Sendable, Equatable {
    /// Settings of the node that are present in the file.
    package struct NodeSection: Sendable, Equatable {
        /// The node's name, unique in the cluster.
        package var name: String?
        /// The parts it plays.
        package var roles: [NodeRole]?
        /// How many runs it runs at one time, 1 to 10,000.
        package var slots: Int?
        /// The queues it serves.
        package var queues: [String]?
        /// How long running attempts may go on after the node was asked to stop.
        package var drain: Duration?
        /// How long ended runs stay in the history.
        package var keep: Duration?
        /// How many bytes of output are kept of each attempt.
        package var output: Int?

        /// A section in which nothing is set.
        package init() {}
    }

    /// The application whose workers do the jobs' Celery tasks.
    package var celery: CelerySection?
    /// The file's path, as it was given.
    package var path: String
    /// Where the store is, with `${NAME}` expanded.
    package var store: SecretAddress?
    /// The source the file names, when it names one.
    package var namedSource: String?
    /// The number that orders this file among those of its source, when it has one.
    package var revision: Int?
    /// Whether this is all that its source defines, so that jobs that it no longer names are removed.
    package var isComplete = false
    /// Where Redis is, with `${NAME}` expanded.
    package var redis: SecretAddress?
    /// What becomes of jobs that may not overlap while Redis does not answer.
    package var locks: LockPolicy?
    /// The zone of jobs that name none.
    package var timezone: String?
    /// The address and port to listen on.
    package var listen: String?
    /// Names under which a proxy asks for the pages.
    package var webHosts: [String] = []
    /// How people sign in on the pages.
    package var signIn: SignInMode?
    /// The proxy that stands before the pages.
    package var proxy: ProxyTrust?
    /// What the pages are shown over TLS by.
    package var certificate: CertificateFiles?
    /// Names, and patterns, of the jobs that have figures of their own.
    package var metricsJobs: [String] = []
    /// Settings of the node.
    package var node = NodeSection()
    /// The jobs, in the order of the file.
    package var jobs: [JobDefinition] = []
    /// What is allowed and yet probably not meant, in the order of the file.
    package var warnings: [ConfigurationProblem] = []

    /// The name under which the store keeps the file's jobs apart from others: the one it names, else `file:` and the
    /// absolute path.
    package var source: String { namedSource ?? Self.source(ofPath: path) }

    /// What a file is called that names no source.
    package static func source(ofPath path: String) -> String {
        "file:" + URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// The largest file that is read, in bytes.
    package static let largestSize = 4 << 20

    /// Reads and checks a file.
    /// - Parameters:
    ///   - environment: what `${NAME}` in `store` and `redis` stands for; left as it is written when `nil`.
    ///   - mayBeEmpty: whether `jobs:` without a job is meant, so that all jobs of a complete file go.
    ///   - now: what "never fires again" is measured by.
    /// - Throws: ``ConfigurationError`` with every problem of the file, in its order.
    package static func load(
        path: String, environment: [String: String]?, mayBeEmpty: Bool = false, now: Timestamp = Timestamp(Date()),
        zones: ZoneFiles = .system
    ) throws(ConfigurationError) -> ConfigurationFile {
        try parse(
            text(of: path), path: path, environment: environment, mayBeEmpty: mayBeEmpty, now: now, zones: zones)
    }

    /// Checks a file's text.
    /// - Throws: ``ConfigurationError`` with every problem of the text, in its order.
    package static func parse(
        _ text: String, path: String, environment: [String: String]?, mayBeEmpty: Bool = false, now: Timestamp,
        zones: ZoneFiles = .system
    ) throws(ConfigurationError) -> ConfigurationFile {
        let findings = Findings(file: path, text: text)
        var file = ConfigurationFile(path: path)
        if let root = YAMLText.compose(text, findings: findings) {
            let reader = FileReader(
                environment: environment, mayBeEmpty: mayBeEmpty, now: now, zones: zones, findings: findings)
            reader.read(root, into: &file)
        }
        guard findings.problems.isEmpty else { throw ConfigurationError(problems: findings.problems) }
        file.warnings = findings.warnings
        return file
    }

    /// The text of a file, for whoever has it read elsewhere.
    package static func text(of path: String) throws(ConfigurationError) -> String {
        do {
            return try contents(of: path)
        } catch {
            throw ConfigurationError(problems: [ConfigurationProblem(file: path, message: error.message)])
        }
    }

    private static func contents(of path: String) throws(Misfit) -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Misfit("cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { try? handle.close() }
        var bytes = Data()
        do {
            // A pipe hands out what it has, so one read is not always the whole file.
            while bytes.count <= largestSize, let part = try handle.read(upToCount: largestSize + 1 - bytes.count),
                !part.isEmpty
            {
                bytes += part
            }
        } catch {
            throw Misfit("cannot be read; is it a file?")
        }
        guard bytes.count <= largestSize else {
            throw Misfit("is larger than 4 MiB; split the jobs over several files")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let valid = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\u{FFFD}" }
            let line = valid.count(where: \.isNewline) + 1
            throw Misfit("line \(line) is not UTF-8 text; save the file as UTF-8")
        }
        return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
    }
}
