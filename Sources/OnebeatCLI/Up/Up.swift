import ArgumentParser
import Foundation
import Logging
import Onebeat
import OnebeatServer

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a node: it stores the file's jobs, plans, runs and shows them.",
        discussion: """
            Any number of nodes may share one store; each due moment of each job still runs on one of them. SIGINT or \
            SIGTERM ends the node in good order: running jobs get --drain to end, the rest is handed back; a second \
            signal ends it at once. SIGHUP reads the file again; a bad file changes nothing.
            """)

    @Argument(help: "The configuration file. Otherwise ONEBEAT_CONFIG, then onebeat.yaml in the usual places.")
    var file: String?
    @Option(help: "The store, such as sqlite:onebeat.db.")
    var store: String?
    @Option(help: "Redis, for locks that other programs share, such as redis://cache:6379.")
    var redis: String?
    @Option(help: "Where to show health, metrics and pages, such as 127.0.0.1:8420.")
    var listen: String?
    @Option(help: "The node's name, unique among those that share the store.")
    var node: String?
    @Option(help: "A part it plays: beat, worker or web; may be given several times. All when left out.")
    var role: [String] = []
    @Option(help: "How many runs it runs at one time.")
    var slots: String?
    @Option(help: "A queue it serves; may be given several times.")
    var queue: [String] = []
    @Option(help: "How long running jobs may go on after a signal, such as 30s.")
    var drain: String?
    @Option(help: "Orders the file among those of its source, the higher the newer: a build number, say.")
    var revision: String?
    @Flag(
        help:
            "Write down what falls due and start nothing, while another scheduler does the work; until `onebeat take-over`."
    )
    var observe = false
    @Option(help: "The form of log lines: text or json.")
    var logFormat: String?
    @Option(help: "The least severe level that is logged: trace, debug, info, notice, warning, error.")
    var logLevel: String?

    func run() async throws {
        // Connections that go away are errors to handle here, and not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        guard let guardian = Main.guardian else { throw CommandFailure("the guardian was not started") }
        let flags = SettingFlags(
            store: store, redis: redis, listen: listen, node: node, roles: role, slots: slots, queues: queue,
            drain: drain, revision: revision, logFormat: logFormat, logLevel: logLevel)
        let surroundings = try Surroundings(argument: file, flags: flags)
        if let problem = surroundings.settings.accessProblem { throw CommandFailure(problem, .badSetting) }
        try await NodeProgram(surroundings, guardian: guardian, observes: observe).run()
    }
}
