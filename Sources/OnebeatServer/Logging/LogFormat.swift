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
    /// - Parameter level: the least severe level that is written.
    public func handler(label: String, level: Logger.Level) -> any LogHandler {
        let isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
        let write = { @Sendable (line: String) in Self.writeToStandardError(line) }
        switch self {
        case .text: return LineLogHandler(level: level, write: write) { TextLogLine.text($0, isColoured: isTerminal) }
        case .json: return LineLogHandler(level: level, write: write) { JSONLogLine.text($0, label: label) }
        }
    }

    /// One call for the whole line, so that lines of several threads do not mix; what a full pipe leaves over follows.
    private static func writeToStandardError(_ line: String) {
        let bytes = Array(line.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            written += max(count, 0)
        }
    }
}
