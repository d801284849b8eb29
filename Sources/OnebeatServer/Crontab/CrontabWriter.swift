import Onebeat

/// Gathers the jobs of a crontab and writes them as a configuration.
struct CrontabWriter {
    struct Job {
        var name: String
        var description: String?
        /// Lines of the crontab that are kept above the job.
        var comments: [String]
        var schedule: String
        var command: CrontabCommand
        var user: String?
        var shell: String
        var environment: [(name: String, value: String)]
        var directory: String?
        var timezone: String?
        var mail: Mailing?
    }

    /// Whom cron mailed a line's output, and from whom.
    struct Mailing: Hashable {
        var to: String
        var from: String?
    }

    let form: CrontabImport.Form
    let timezone: String?
    let home: String?
    let host: String?
    let zones: ZoneFiles
    private(set) var jobs: [Job] = []
    private(set) var remarks: [CrontabImport.Remark] = []
    private var names = UniqueNames()
    /// Comments since the last job or blank line, and those that stay comments.
    private var block: [String] = []
    private var kept: [String] = []
    private var environment: [(name: String, value: String)] = []
    private var shell = "/bin/sh"
    private var directory: String?
    private var zone: String?
    private var mail: Mailing?
    private var mailFrom: String?

    init(form: CrontabImport.Form, timezone: String?, home: String?, host: String?, zones: ZoneFiles) {
        self.form = form
        self.timezone = timezone
        self.home = home
        self.host = host
        self.zones = zones
    }

    mutating func add(_ lines: [CrontabLine]) {
        if timezone == nil {
            remark(nil, "cron runs in the machine's time zone, which was not found; set timezone, or all times are UTC")
        }
        for line in lines {
            switch line.content {
            case .blank: keepBlock()
            case .comment(let text): block.append(text)
            case .variable where line.text.utf8.contains(0), .entry where line.text.utf8.contains(0):
                keep(line, "it holds a NUL character, which no program can take; it stays as a comment")
            case .variable(let name, let value): set(name, to: value, line)
            case .entry(let entry): add(entry, line)
            case .unreadable:
                let fields = form == .system ? "five fields, a user and a command" : "five fields and a command"
                keep(line, "this is neither a variable nor \(fields); it stays as a comment")
            }
        }
        keepBlock()
        if form == .system, !jobs.isEmpty {
            remark(
                nil,
                "cron starts each command in its user's home folder, a node in its own; give a job that uses relative "
                    + "paths a dir")
        }
        if let host, !jobs.isEmpty {
            remark(
                nil,
                "its jobs are in the queue \(host), and run where that is served: start the node of that machine with "
                    + "--queue default --queue \(host)")
        }
    }

    private mutating func add(_ entry: CrontabLine.Entry, _ line: CrontabLine) {
        if entry.schedule == "@reboot" {
            return keep(
                line,
                "@reboot is no due moment, and a node may start many times a day; start it with a systemd unit "
                    + "instead. It stays as a comment")
        }
        var text = entry.rest
        var user: String?
        if form == .system {
            let words = text.split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count == 2 else {
                return keep(line, "there is no command after the user; it stays as a comment")
            }
            (user, text) = (String(words[0]), words[1].trimming(" \t"))
            guard words[0].isUserName, !Self.isField(words[0]) else {
                return keep(
                    line, "\(quoted(String(words[0]))) is no user, and cron refuses the line; it stays as a comment")
            }
        } else if let first = text.split(separator: " ", maxSplits: 1).first, Self.isField(first) {
            return keep(
                line,
                "it has a sixth field, and cron would run \(quoted(String(first))) as its command; it stays as a comment"
            )
        }
        if let problem = DebianFields.problem(with: entry.schedule) {
            return keep(line, "\(problem), and cron refuses the line; it stays as a comment")
        }
        let command = CrontabCommand(text)
        let plain = CrontabName.name(for: command.line)
        let name = host.map { "\($0)-\(plain)" } ?? plain
        do {
            _ = try Schedule(.cron(entry.schedule), jobName: name, zones: zones)
        } catch {
            return keep(line, "\(error.description); it stays as a comment")
        }
        if let range = DebianFields.reversedRange(in: entry.schedule) {
            remark(
                line.number,
                "\(range) never matches in Debian's cron, so this line may never have run; here it wraps "
                    + "around and the job fires")
        }
        for warning in StepWarning.all(in: entry.schedule) { remark(line.number, warning) }
        guard !command.line.isEmpty else {
            return keep(line, "there is no command before the %; it stays as a comment")
        }
        let description = takeDescription()
        var job = Job(
            name: names.take(name), description: description, comments: kept, schedule: entry.schedule,
            command: command,
            user: user, shell: shell, environment: environment, directory: directory, timezone: zone, mail: mail)
        kept = []
        if command.input != nil { carryInput(into: &job, line) }
        jobs.append(job)
    }

    // MARK: Variables

    private mutating func set(_ name: String, to value: String, _ line: CrontabLine) {
        keepBlock()
        switch name {
        case "MAILTO", "MAILFROM": setMail(name, value, line)
        case "CRON_TZ":
            do {
                _ = try Schedule(ScheduleDefinition(.manual, timezone: value), jobName: "", zones: zones)
                zone = value
                remark(
                    line.number,
                    "CRON_TZ is taken as the zone of the jobs below it; Debian's cron ignores it, others do not")
            } catch {
                remark(line.number, "CRON_TZ: \(error.message); it is left out")
            }
        case "RANDOM_DELAY":
            remark(line.number, "RANDOM_DELAY is left out; spread: \(value)m puts fires off in the same way")
        case "LOGNAME": remark(line.number, "LOGNAME is left out: cron does not let a crontab set it")
        case "SHELL" where value.isEmpty: remark(line.number, "SHELL is empty; it is left out")
        case "SHELL":
            shell = value
            setVariable(name, value)
        case "HOME":
            directory = value
            setVariable(name, value)
        case _ where !EnvironmentExpansion.isName(name) || WorkReader.reserved.contains(name):
            remark(line.number, "\(quoted(name)) cannot be set for a job; it is left out")
        default: setVariable(name, value)
        }
    }

    private mutating func setMail(_ name: String, _ value: String, _ line: CrontabLine) {
        let value = value.trimming(" \t")
        if name == "MAILFROM" {
            mailFrom = (try? Mailbox(value)) == nil ? nil : value
            mail?.from = mailFrom
            return
        }
        mail = nil
        guard !value.isEmpty else { return }
        do {
            _ = try Mailbox.list(value)
        } catch {
            return remark(line.number, "MAILTO \(error); it is left out")
        }
        mail = Mailing(to: value, from: mailFrom)
        remark(
            line.number,
            "MAILTO: an alert mails the end of the output of runs that fail; other output is kept with each run, and"
                + " `onebeat logs` shows it")
    }

    private mutating func setVariable(_ name: String, _ value: String) {
        environment.removeAll { $0.name == name }
        environment.append((name, value.replacing("${", with: "$${")))
    }

    // MARK: Input and comments

    private mutating func carryInput(into job: inout Job, _ line: CrontabLine) {
        guard let input = job.command.input else { return }
        let known = ["sh", "bash", "dash", "ksh", "zsh", "ash"].contains {
            job.shell == $0 || job.shell.hasSuffix("/" + $0)
        }
        guard known else {
            job.comments.append(line.text)
            return remark(
                line.number,
                "what follows the % is input for the command, which \(job.shell) is not given here; let the "
                    + "command read a file")
        }
        var end = "INPUT"
        while input.contains(end) { end += "_" }
        job.command.line = "{\n\(job.command.line)\n} <<'\(end)'\n\(input)\(end)\n"
        remark(line.number, "what follows the % is input for the command; it is carried over as a here-document")
    }

    /// A short comment right above a line says what it is for; a long one, or one that is a line switched off, does not.
    private mutating func takeDescription() -> String? {
        let isProse = (1...3).contains(block.count) && !block.contains { isSwitchedOff($0) || $0.isEmpty }
        guard isProse else {
            kept += block
            block = []
            return nil
        }
        defer { block = [] }
        // A description may hold no control character, and a comment may.
        let text = block.joined(separator: " ")
        let kept = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        return String(String.UnicodeScalarView(kept))
    }

    private func isSwitchedOff(_ comment: String) -> Bool {
        guard let entry = CrontabLine.entry(comment) else { return false }
        return (try? Schedule(.cron(entry.schedule), jobName: "", zones: zones)) != nil || entry.schedule == "@reboot"
    }

    private mutating func keepBlock() {
        kept += block
        block = []
    }

    private mutating func keep(_ line: CrontabLine, _ message: String) {
        keepBlock()
        kept.append(line.text)
        remark(line.number, message)
    }

    /// Whether a word is made as a field of a schedule is, and no command or user.
    private static func isField(_ word: Substring) -> Bool {
        guard let first = word.utf8.first, first == UInt8(ascii: "*") || first.isDigit else { return false }
        return word.utf8.allSatisfy { $0.isDigit || "*,/-".utf8.contains($0) }
    }

    mutating func remark(_ line: Int?, _ message: String) {
        remarks.append(CrontabImport.Remark(line: line, message: message))
    }
}

extension CrontabWriter {
    /// The configuration.
    func yaml(heading name: String) -> String {
        var writer = YAMLWriter()
        writer.comment(
            "From \(name). Unlike cron, a job is not started while its last run goes on (overlap: skip), and")
        writer.comment("after an outage the newest fire of the last hour is made up for (missed: latest).")
        if let timezone, timezone != "UTC" { writer.pair("timezone", timezone) }
        // What all jobs share is said once.
        let user = Set(jobs.map(\.user)).count == 1 ? jobs[0].user : nil
        let shared = Set(jobs.map { $0.environment.map { "\($0.name)=\($0.value)" } }).count == 1
        let variables = shared ? jobs[0].environment : []
        let directories = Set(jobs.map(\.directory))
        let directory = directories.count == 1 ? (directories.first ?? nil) ?? (form == .user ? home : nil) : nil
        if user != nil || directory != nil || host != nil || !variables.isEmpty {
            writer.blank()
            writer.key("defaults")
            if let host { writer.pair("queue", host, depth: 1) }
            if let user { writer.pair("user", user, depth: 1) }
            if let directory { writer.pair("dir", directory, depth: 1) }
            write(variables, &writer, depth: 1)
        }
        writer.blank()
        if jobs.isEmpty { writer.noEntries("jobs") } else { writer.key("jobs") }
        for job in jobs {
            for comment in job.comments { writer.comment(comment, depth: 1) }
            writer.key(job.name, depth: 1)
            if let description = job.description { writer.pair("description", description, depth: 2) }
            writer.pair("cron", job.schedule, depth: 2)
            if let zone = job.timezone { writer.pair("timezone", zone, depth: 2) }
            if job.shell == "/bin/sh" {
                writer.pair("run", job.command.line, depth: 2)
            } else {
                writer.list("exec", [job.shell, "-c", job.command.line], depth: 2)
            }
            if user == nil, let own = job.user { writer.pair("user", own, depth: 2) }
            if directory == nil, let own = job.directory ?? (form == .user ? home : nil) {
                writer.pair("dir", own, depth: 2)
            }
            if !shared { write(job.environment, &writer, depth: 2) }
            writer.blank()
        }
        if let alerts {
            writer.pair("alerts", alerts)
            writer.blank()
        }
        for comment in kept where !comment.isEmpty { writer.comment(comment, depth: jobs.isEmpty ? 0 : 1) }
        return writer.text.trimming("\n") + "\n"
    }

    /// An alert for each that cron mailed output to.
    private var alerts: JSONValue? {
        var mailings: [Mailing] = []
        for job in jobs { if let mail = job.mail, !mailings.contains(mail) { mailings.append(mail) } }
        if mailings.isEmpty { return nil }
        return .array(
            mailings.enumerated().map { index, mailing in
                // No variable of the node's is meant.
                func text(_ address: String) -> JSONValue { .string(address.replacing("${", with: "$${")) }
                var email: [String: JSONValue] = ["to": text(mailing.to)]
                if let from = mailing.from { email["from"] = text(from) }
                return .object([
                    "name": .string(mailings.count == 1 ? "mailto" : "mailto-\(index + 1)"),
                    "on": .array(["failed", "lost", "dead"]), "output": .int(50), "email": .object(email),
                    "jobs": .array(jobs.filter { $0.mail == mailing }.map { .string($0.name) }),
                ])
            })
    }

    private func write(_ variables: [(name: String, value: String)], _ writer: inout YAMLWriter, depth: Int) {
        guard !variables.isEmpty else { return }
        writer.key("env", depth: depth)
        for variable in variables { writer.pair(variable.name, variable.value, depth: depth + 1) }
    }
}
