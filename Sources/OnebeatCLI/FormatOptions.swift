import ArgumentParser

/// How an answer is written.
struct FormatOptions: ParsableArguments {
    @Flag(help: "Answer in JSON: stable keys, times as RFC 3339, lengths in seconds.")
    var json = false
}
