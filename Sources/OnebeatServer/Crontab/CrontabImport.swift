import Onebeat

// Crontab: from a crontab to a configuration that does the same. Nothing is lost without a word: what cannot be
// carried over stays in the text as a comment, and a remark says why and what would do. The lines are read as Debian's
// cron reads them; what a schedule means is the library's business.

/// A crontab carried over to a configuration file.
package struct CrontabImport: Sendable, Equatable {
    /// Whose crontab it is.
    package enum Form: String, Sendable, CaseIterable {
        /// Five fields and a command, as `crontab -e` edits it.
        case user
        /// Five fields, a user and a command, as in `/etc/crontab` and `/etc/cron.d`.
        case system
    }

    /// Something a person should know about a line.
    package struct Remark: Sendable, Equatable, CustomStringConvertible {
        /// The crontab's line, from 1; `nil` when it is about the whole.
        package var line: Int?
        /// What was not carried over or has changed, and what would do.
        package var message: String

        /// The remark in one line: `line 7: …`.
        package var description: String { (line.map { "line \($0): " } ?? "") + message }
    }

    /// The configuration, ready to be written to a file.
    package var yaml: String
    /// How the crontab was read.
    package var form: Form
    /// How many jobs it gave.
    package var jobCount: Int
    /// What was not carried over or has changed, in the order of the crontab.
    package var remarks: [Remark]

    /// Reads a crontab.
    /// - Parameters:
    ///   - name: where it comes from, for the heading; a path in `/etc` also tells its form.
    ///   - form: its form; found out when left out.
    ///   - timezone: the machine's zone, in which cron runs; see ``MachineZone``.
    ///   - home: the home folder of a user crontab's owner, where cron starts commands.
    ///   - host: the machine that the crontab is of, where it is one of several: its jobs carry its name, and run where its
    ///     queue is served.
    package init(
        _ text: String, name: String, form: Form? = nil, timezone: String?, home: String?, host: String? = nil,
        zones: ZoneFiles = .system
    ) {
        let lines = CrontabLine.read(text)
        let found = form.map { FoundForm(form: $0, why: nil) } ?? FoundForm(lines, name: name)
        let form = found.form
        var writer = CrontabWriter(form: form, timezone: timezone, home: home, host: host, zones: zones)
        if let why = found.why { writer.remark(nil, why) }
        writer.add(lines)
        self.yaml = writer.yaml(heading: name)
        self.form = form
        self.jobCount = writer.jobs.count
        self.remarks = writer.remarks
    }
}
