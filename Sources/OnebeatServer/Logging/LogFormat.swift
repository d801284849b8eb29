import Foundation
import Logging

// Logging: how log lines look. Messages are constant and facts stand in the metadata, so that both forms can be
// searched. A line is always one line: whatever a value holds is escaped.

/// The form of log lines.
public enum LogFormat: String, Sendable, CaseIterable {
    /// For people: time, level, message, `key=value`.
    case text
    /// For programs: one JSON object a line.
    case json

    /// A handler that writes this form to standard error, coloured where that is a terminal.
    /// - Parameters:
    ///   - level: the least severe level that is written.
    ///   - lines: takes the lines.
    public func handler(label: String, level: Logger.Level, to lines: LogLines) -> any LogHandler {
        let isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
        let write = { @Sendable (line: String) in lines.write(line) }
        switch self {
        case .text: return LineLogHandler(level: level, write: write) { TextLogLine.text($0, isColoured: isTerminal) }
        case .json: return LineLogHandler(level: level, write: write) { JSONLogLine.text($0, label: label) }
        }
    }
}
