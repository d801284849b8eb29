import Foundation
import Logging
import Onebeat
import OnebeatSQLite
import ServiceLifecycle

// A program with one closure that takes the whole process with it, and twenty that do not. Its arguments are the store, a
// file that gets a line for each closure that returned, and the second at which all of them are due.

let arguments = CommandLine.arguments
guard arguments.count == 4, let due = Int64(arguments[3]) else { exit(64) }
let done = arguments[2]

var settings = NodeSettings(name: "program", slots: 32)
settings.leases = LeaseLengths(node: .seconds(1), margin: .milliseconds(300), lead: .seconds(1))
let logger = Logger(label: "program") { StreamLogHandler.standardError(label: $0) }
let scheduler = Scheduler(
    store: try SQLiteStore(path: arguments[1]), settings: settings, source: "program", logger: logger)
let schedule = ScheduleDefinition.at(Timestamp(seconds: due))

try scheduler.register("poison", schedule) { _ in
    try await Task.sleep(for: .milliseconds(100))
    fatalError("as it always does")
}
for number in 1...20 {
    try scheduler.register("innocent-\(number)", schedule) { run in
        try await Task.sleep(for: .milliseconds(200))
        guard let file = FileHandle(forWritingAtPath: done) else { return }
        try file.seekToEnd()
        try file.write(contentsOf: Data("\(run.key)\n".utf8))
    }
}
let group = ServiceGroup(services: [scheduler], gracefulShutdownSignals: [.sigterm], logger: logger)
try await group.run()
