import Foundation

/// What this process was started with, without the program's own name.
enum Arguments {
    static let given = Array((ofProcess ?? CommandLine.arguments).dropFirst())

    /// As the kernel keeps them. On Linux `CommandLine.arguments` looks for them in memory, before the environment, and
    /// finds nothing once anybody has moved that: a preloaded library that sets a variable does (libfaketime, some agents
    /// of APM services).
    private static var ofProcess: [String]? {
        guard let bytes = FileManager.default.contents(atPath: "/proc/self/cmdline"), bytes.last == 0 else {
            return nil
        }
        return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
