import ArgumentParser
import Foundation
import Logging
import Onebeat
import OnebeatServer

struct Once: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command on one machine of many, once a slot: for lines in existing crontabs.",
        discussion: """
            Put the same line into the crontab of every machine: `* * * * * onebeat once NAME -- CMD`. One of them runs \
            CMD, with this command's own input and output, and its exit code; the others end with 0 and say nothing. \
            With --state that is as sure as any run of Onebeat's; with --redis alone it holds as long as Redis does not \
            forget.
            """)

    @Argument(help: "What the machines call it: the job's name.")
    var name: String
    @Option(
        help: "How long CMD may go on without word from the store or Redis, and others wait for a lost machine.")
    var ttl = "30s"
    @Option(help: "How long a slot is: in each CMD runs once. No longer than the line's own period.")
    var slot = "1m"
    @Option(
        name: [.customLong("state"), .customLong("store")],
        help: "The store, such as postgres://USER@HOST/DATABASE. Otherwise ONEBEAT_STORE, then `store` in the file.")
    var state: String?
    @Option(help: "Redis, for locks that other programs share, or in place of a store.")
    var redis: String?
    @Option(help: "The configuration file. Otherwise ONEBEAT_CONFIG, then onebeat.yaml in the usual places.")
    var config: String?
    @Flag(name: .shortAndLong, help: "Say why CMD did not run.")
    var verbose = false
    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    private static let shortestTTL = Duration.seconds(5)
    /// A machine that vanished keeps the others waiting for as long.
    private static let longestTTL = Duration.seconds(7 * 86_400)

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        guard let guardian = Main.guardian else { throw CommandFailure("the guardian was not started") }
        guard !command.isEmpty else {
            throw ValidationError("there is no command to run: write it after --, as in `onebeat once \(name) -- CMD`")
        }
        let lengths = try (
            slot: length(slot, of: "--slot", Slot.shortest...Slot.longest),
            ttl: length(ttl, of: "--ttl", Self.shortestTTL...Self.longestTTL)
        )
        let definition = try OnceNode.definition(name, slot: lengths.slot)
        let surroundings = try Surroundings(config: config, flags: SettingFlags(store: state, redis: redis))
        let level: Logger.Level = verbose ? .warning : .error
        let lines = LogLines()
        defer { lines.flush() }
        LoggingSystem.bootstrap { LogFormat.text.handler(label: $0, level: level, to: lines) }
        let work = OnceWork(command, name: name, guardian: guardian)
        let settings = surroundings.settings
        let end: OnceVerdict
        if settings.store.origin != .standard {
            end = try await OnceStore(surroundings, guardian, work).run(definition, lease: lengths.ttl)
        } else if let address = settings.redis.value {
            end = try await OnceRedis(address, guardian, work).run(definition, lease: lengths.ttl)
        } else {
            throw CommandFailure(
                "there is nowhere to agree with the other machines: name a store that they share with --state,"
                    + " ONEBEAT_STORE or `store` in the file, or a Redis with --redis", .badSetting)
        }
        // Before the last words: whatever of CMD went on in the background is ended by then.
        await guardian.shutdown()
        try finish(end, work)
    }

    private func finish(_ verdict: OnceVerdict, _ work: OnceWork) throws {
        switch verdict {
        case .notMine(let why):
            if verbose { Output.note("onebeat: \(name): \(why)") }
        case .ran(let trouble):
            if let words = work.words { Output.note("onebeat: \(name): \(words)") }
            if let trouble { Output.note("onebeat: \(name): \(trouble)") }
            if work.exitCode != 0 { throw ExitCode(work.exitCode) }
        case .stopped(let why):
            throw CommandFailure("\(name): \(why)", .tryLater)
        }
    }

    private func length(_ text: String, of flag: String, _ bounds: ClosedRange<Duration>) throws -> Duration {
        guard let length = Duration(text: text) else {
            throw CommandFailure("\(flag): is \"\(text)\"; write a length of time, such as 90s or 1h", .badSetting)
        }
        guard bounds.contains(length) else {
            throw CommandFailure(
                "\(flag): is \(length.text); \(bounds.lowerBound.text) to \(bounds.upperBound.text) will do",
                .badSetting)
        }
        return length
    }
}

/// What a call came to.
enum OnceVerdict: Sendable {
    /// CMD was not run here; why.
    case notMine(String)
    /// CMD ran here; what went wrong around it, if anything did.
    case ran(trouble: String?)
    /// CMD was stopped, or not started, since this machine could not be sure of the others any more.
    case stopped(String)
}
