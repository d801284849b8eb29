/// The form of a crontab that nobody named: told by where it lies, else by all of its lines. One word wrong would make a user of
/// a command or a command of a user, so that a guess is always said.
struct FoundForm {
    var form: CrontabImport.Form
    /// What to say of it; `nil` where nothing was guessed.
    var why: String?

    init(form: CrontabImport.Form, why: String?) {
        self.form = form
        self.why = why
    }

    init(_ lines: [CrontabLine], name: String) {
        if name == "/etc/crontab" || name.hasPrefix("/etc/cron.d/") {
            self.init(form: .system, why: nil)
            return
        }
        if name.contains("/spool/cron/") {
            self.init(form: .user, why: nil)
            return
        }
        var signs: [Sign] = []
        for case .entry(let entry) in lines.lazy.map(\.content) { signs.append(Sign(entry.rest)) }
        guard !signs.isEmpty else {
            self.init(form: .user, why: nil)
            return
        }
        switch (signs.contains(.command), signs.contains(.user)) {
        case (false, true):
            self.init(
                form: .system,
                why:
                    "read as a system crontab, since each line names a user before its command; --user reads it otherwise"
            )
        case (true, true):
            self.init(
                form: .user,
                why:
                    "read as a user's crontab, though some lines seem to name a user before their command; --system reads it"
                    + " otherwise")
        case (true, false): self.init(form: .user, why: nil)
        case (false, false):
            self.init(
                form: .user,
                why:
                    "read as a user's crontab; if the first word of each command is a user's name, --system reads it so"
            )
        }
    }

    /// What the words behind a schedule begin with.
    private enum Sign {
        /// A command, and no user's name.
        case command
        /// A user's name, and a command after it.
        case user
        /// It may be either.
        case open

        /// Users that own lines of Debian's system crontabs.
        private static let users: Set = [
            "root", "www-data", "nobody", "daemon", "mail", "man", "news", "list", "postgres", "mysql",
        ]
        /// Programs that no user is called after.
        private static let programs: Set = [
            "bash", "cat", "cd", "certbot", "chown", "cp", "curl", "docker", "echo", "env", "find", "flock", "if",
            "java",
            "kill", "logrotate", "ls", "make", "mysqldump", "nice", "node", "nohup", "perl", "php", "ping", "pg_dump",
            "python", "python3", "reboot", "rm", "rsync", "ruby", "run-parts", "service", "sh", "sleep", "sudo",
            "systemctl", "tar", "test", "timeout", "touch", "true", "wget",
        ]

        init(_ text: String) {
            let words = text.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
            guard let first = words.first, words.count > 1, first.isUserName, first == first.lowercased(),
                first.first?.isNumber == false, !first.contains("."),
                !Self.programs.contains(String(first))
            else {
                self = .command
                return
            }
            let second = words[1]
            // An option, an end of the command, a redirection: the first word is the command.
            if second.hasPrefix("-") || second.first.map({ "|&;<>0123456789".contains($0) }) ?? false {
                self = .command
            } else if second.hasPrefix("/") || second == "[" || Self.programs.contains(String(second))
                || Self.users.contains(String(first))
            {
                self = .user
            } else {
                self = .open
            }
        }
    }
}
