import Onebeat

/// Makes a job's name from its command: `/usr/local/bin/backup.sh --full` is `backup`.
enum CrontabName {
    /// Commands that prepare for what the line is there for.
    private static let preparing: Set = [
        "cd", "test", "[", "[[", "command", "which", "type", "export", "umask", "set", "source", ".", ":", "true",
        "sleep",
        "ulimit", "wait",
    ]
    /// Words that stand before the program: the shell's own, and programs that start others.
    private static let leading: Set = [
        "if", "then", "else", "elif", "while", "do", "done", "fi", "!", "{", "(", "}", ")", "exec", "sudo", "nohup",
        "env", "nice", "ionice", "chronic", "time", "setsid", "flock", "timeout", "chrt", "cronic", "systemd-cat",
    ]
    private static let interpreters: Set = [
        "sh", "bash", "dash", "zsh", "ksh", "python", "python2", "python3", "perl", "php", "ruby", "node", "java",
    ]
    private static let endings = [".sh", ".bash", ".py", ".pl", ".rb", ".php", ".js", ".jar"]

    static func name(for command: String) -> String {
        let name = commands(of: command).lazy.compactMap(program).first ?? "job"
        let allowed = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) ? $0 : "-" }
        let trimmed = String(allowed.prefix(60)).trimming("-.")
        return trimmed.isEmpty ? "job" : trimmed
    }

    /// The words of each command of a line. A name needs no more of the shell's grammar than quotes and separators.
    private static func commands(of line: String) -> [[String]] {
        var commands: [[String]] = [[]]
        var word = ""
        var quote: Character?
        for character in line + " " {
            if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if "\"'`".contains(character) {
                quote = character
            } else if character.isWhitespace || ";|&".contains(character) {
                if !word.isEmpty { commands[commands.count - 1].append(word) }
                word = ""
                if !character.isWhitespace || character.isNewline { commands.append([]) }
            } else {
                word.append(character)
            }
        }
        return commands
    }

    private static func program(of command: [String]) -> String? {
        var words = command.map { $0.trimming("(){}") }.drop { $0.isEmpty || leading.contains($0) || isAssignment($0) }
        // What starts another program has options and arguments of its own; the program is the next path or word.
        while let word = words.first, word.hasPrefix("-") || Double(word) != nil || word.hasSuffix(".lock") {
            words = words.dropFirst().drop { leading.contains($0) || isAssignment($0) }
        }
        guard let first = words.first else { return nil }
        let program = baseName(first)
        if preparing.contains(program) { return nil }
        let arguments = words.dropFirst()
        if program == "run-parts" { return arguments.last { !$0.hasPrefix("-") }.map(baseName) ?? program }
        guard interpreters.contains(program) else { return withoutEnding(program) }
        if arguments.first == "-m", let module = arguments.dropFirst().first { return module }
        if arguments.first == "-c" || arguments.first == "-e" { return nil }
        return arguments.first { !$0.hasPrefix("-") }.map { withoutEnding(baseName($0)) } ?? program
    }

    private static func isAssignment(_ word: String) -> Bool {
        guard let sign = word.utf8.firstIndex(of: UInt8(ascii: "=")), let first = word.utf8.first, !first.isDigit else {
            return false
        }
        return sign > word.startIndex
            && word.utf8[..<sign].allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
    }

    private static func baseName(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    private static func withoutEnding(_ name: String) -> String {
        endings.first { name.hasSuffix($0) && name.count > $0.count }.map { String(name.dropLast($0.count)) } ?? name
    }
}
