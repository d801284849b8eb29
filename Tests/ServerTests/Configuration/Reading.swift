import Onebeat

@testable import OnebeatServer

/// A moment that all of these tests take for now.
let noon = Timestamp(iso8601: "2026-11-23T12:00:00Z")!

/// Reads a configuration's text as the file `onebeat.yaml`.
func parseFile(_ text: String, environment: [String: String] = [:]) throws(ConfigurationError) -> ConfigurationFile {
    try ConfigurationFile.parse(text, path: "onebeat.yaml", environment: environment, now: noon)
}

/// The problems of a text, without the file's name before them; empty when it can be read.
func fileProblems(_ text: String, environment: [String: String] = [:]) -> [String] {
    do {
        _ = try parseFile(text, environment: environment)
        return []
    } catch {
        return error.problems.map { String($0.summary.dropFirst("onebeat.yaml".count)) }
    }
}

/// The only job of a text with these keys, one a line.
func parseJob(_ keys: String...) throws(ConfigurationError) -> JobDefinition {
    try parseFile("jobs:\n  a:\n" + keys.map { "    \($0)\n" }.joined()).jobs[0]
}

/// The problems of a job with these keys; a message starts with the line and column in the whole file, where the first
/// key is in line 3 and column 5.
func jobProblems(_ keys: String...) -> [String] {
    fileProblems("jobs:\n  a:\n" + keys.map { "    \($0)\n" }.joined())
}
