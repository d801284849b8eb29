/// A command as Debian's cron runs it: the first `%` ends the line for the shell and starts its input.
struct CrontabCommand: Equatable {
    /// What the shell is given.
    var line: String
    /// What the shell reads; `nil` when there is no `%`. Ends with the end of a line.
    var input: String?

    /// Takes a command apart.
    ///
    /// A backslash saves a `%`. In the line it saves a backslash, too: cron gives the shell one for two. In the input
    /// it saves only a `%`, and each `%` that is not saved ends a line.
    init(_ text: String) {
        var line = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == "%" {
                input = Self.input(rest)
                break
            }
            let saved = character == "\\" ? rest.first.flatMap { "%\\".contains($0) ? $0 : nil } : nil
            if saved != nil { rest.removeFirst() }
            line.append(saved ?? character)
        }
        self.line = line.trimming(" \t")
    }

    private static func input(_ text: Substring) -> String {
        var input = ""
        var rest = text
        while let character = rest.popFirst() {
            if character == "\\", rest.first == "%" {
                rest.removeFirst()
                input.append("%")
            } else {
                input.append(character == "%" ? "\n" : character)
            }
        }
        return input.hasSuffix("\n") || input.isEmpty ? input : input + "\n"
    }
}
