import Foundation
import Logging
import Onebeat

/// What a log line is made of.
struct LogFacts {
    var at: Timestamp
    var level: Logger.Level
    var message: String
    /// By key, in order.
    var metadata: [(key: String, value: Logger.MetadataValue)]
}

/// Writes each event as one line.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let time: any TimeSource
    private let write: @Sendable (String) -> Void
    private let format: @Sendable (LogFacts) -> String

    init(
        level: Logger.Level, time: any TimeSource = SystemTime(), write: @escaping @Sendable (String) -> Void,
        format: @escaping @Sendable (LogFacts) -> String
    ) {
        logLevel = level
        self.time = time
        self.write = write
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        let facts = LogFacts(
            at: time.now(), level: event.level, message: "\(event.message)",
            metadata: all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        write(format(facts) + "\n")
    }
}
