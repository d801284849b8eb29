import Foundation
import OnebeatServer

/// Asks for a password: twice and unseen at a terminal, once where a program writes it.
enum PasswordPrompt {
    /// - Throws: ``CommandFailure`` for one that will not do.
    static func read(for name: String) throws -> String {
        let password: String
        if isatty(STDIN_FILENO) == 1 {
            password = try unseen("Password of \(name): ")
            guard try unseen("The same again: ") == password else {
                throw CommandFailure("the two are not the same; nothing was changed", .badData)
            }
        } else {
            guard let line = readLine() else {
                throw CommandFailure("standard input is empty; write the password on its first line", .badData)
            }
            password = line
        }
        if let problem = Password.problem(password) { throw CommandFailure(problem, .badData) }
        return password
    }

    /// One that goes to a node.
    /// - Throws: ``CommandFailure`` where it could be read on the way, before it is asked for.
    static func read(for name: String, sentTo node: RemoteNode) throws -> String {
        guard node.isPrivate else {
            throw CommandFailure(
                "a password that goes to \(node.origin) can be read on the way; use https://", .badData)
        }
        return try read(for: name)
    }

    private static func unseen(_ question: String) throws -> String {
        FileHandle.standardError.write(Data(question.utf8))
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else {
            throw CommandFailure(
                "the terminal cannot be told to hide the password; write it to standard input", .badData)
        }
        let before = settings
        settings.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        defer {
            var before = before
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        guard let line = readLine() else { throw CommandFailure("no password was written", .badData) }
        return line
    }
}
