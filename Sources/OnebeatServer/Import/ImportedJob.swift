import Onebeat

// Import: from another scheduler's definitions to a configuration that does the same. A reader for each scheduler makes
// `ImportedJob`s and decides nothing else; `ImportedFile` writes them all. What cannot be carried over stays in the text as
// a comment, and a remark says why: nothing is dropped without a word. What is read is somebody else's: it is bounded, and
// no byte of it reaches the file other than through `YAMLWriter`.

/// A job of another scheduler, on its way into a configuration.
struct ImportedJob {
    /// Its name there.
    var name: String
    /// What it does there, to be told where the job is not carried over: `task app.tasks.add`.
    var what: String
    /// Why it is not carried over; empty where it is.
    var problems: [String] = []
    /// What of it is not carried over: `the option link='x'`.
    var left: [String] = []
    /// What has changed, or is to be done: comments above the job, and remarks.
    var notes: [String] = []
    /// Comments above the job, and no more.
    var comments: [String] = []
    /// Whether it is switched off there. Here it is a comment, so that nothing runs it.
    var isDisabled = false
    /// The jobs that it follows, by their names there.
    var after: [String] = []
    /// Its keys here, in their order.
    var keys: [ImportedKey] = []

    init(_ name: String, what: String) {
        self.name = name
        self.what = what
    }

    mutating func set(_ key: String, _ value: ImportedValue) { keys.append(ImportedKey(key, value)) }

    mutating func set(_ key: String, _ text: String) { keys.append(ImportedKey(key, .text(text))) }

    /// A description in one line; those of others have several, and characters that a description here may not have.
    mutating func describe(_ text: String?) {
        let printed = (text ?? "").unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        let words = String(String.UnicodeScalarView(printed)).split(separator: " ").joined(separator: " ")
        if !words.isEmpty { set("description", words.brief) }
    }

    /// What runs, where that is known to the other scheduler alone: a line that fails in words until somebody writes a better one.
    mutating func setNothingToRun() {
        set("run", "echo 'write in its configuration what this job runs' >&2; exit 78")
        notes.append("what it runs is known there alone; here it fails until you write it at run")
    }
}

/// A key of a job, and its value.
struct ImportedKey {
    var key: String
    var value: ImportedValue

    init(_ key: String, _ value: ImportedValue) {
        self.key = key
        self.value = value
    }
}

/// A value of a job's key.
enum ImportedValue {
    case text(String)
    case json(JSONValue)
    case list([String])
    case map([ImportedKey])
}

/// What is not what the other scheduler writes.
package struct ImportError: Error, CustomStringConvertible {
    /// What was wrong, where, and what would do.
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension String {
    /// Text of a program or a person as it is: what looks like a variable of the node is none.
    var literal: String { replacing("${", with: "$${") }

    /// As much of it as a comment should have.
    var brief: String {
        unicodeScalars.count > 300 ? String(String.UnicodeScalarView(unicodeScalars.prefix(300))) + "…" : self
    }

    /// As a shell's word.
    var shellWord: String {
        let isPlain = !isEmpty && utf8.allSatisfy { $0.isLetter || $0.isDigit || "_-./:=@%+,".utf8.contains($0) }
        return isPlain ? self : "'\(replacing("'", with: "'\\''"))'"
    }
}

extension JSONValue {
    /// With what a file would take for a variable as it is.
    var literal: JSONValue {
        switch self {
        case .null, .bool, .int, .large, .number: self
        case .string(let text): .string(text.literal)
        case .array(let elements): .array(elements.map(\.literal))
        case .object(let members): .object(members.mapValues(\.literal))
        }
    }
}
