import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct CrontabImportTests {
    private func imported(
        _ text: String, name: String = "crontab", form: CrontabImport.Form? = nil, timezone: String? = "UTC",
        home: String? = nil
    ) -> CrontabImport {
        CrontabImport(text, name: name, form: form, timezone: timezone, home: home)
    }

    /// What the configuration says once it is read as any other file is.
    private func jobs(_ result: CrontabImport) throws -> [JobDefinition] { try parseFile(result.yaml).jobs }

    private static let debian = """
        # /etc/crontab: system-wide crontab
        # Unlike any other crontab you don't have to run the `crontab'
        # command to install the new version when you edit this file
        # and files in /etc/cron.d. These files also have username fields,
        # that none of the other crontabs do.

        SHELL=/bin/sh
        PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

        # Example of job definition:
        # .---------------- minute (0 - 59)
        # |  .------------- hour (0 - 23)
        # |  |  .---------- day of month (1 - 31)
        # |  |  |  .------- month (1 - 12) OR jan,feb,mar,apr ...
        # |  |  |  |  .---- day of week (0 - 6) (Sunday=0 or 7) OR sun,mon,tue,wed,thu,fri,sat
        # |  |  |  |  |
        # *  *  *  *  * user-name command to be executed
        17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly
        25 6\t* * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }
        47 6\t* * 7\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }
        52 6\t1 * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.monthly; }
        #

        """

    private static let private_ = """
        # m h  dom mon dow   command
        MAILTO=anna@example.org
        SHELL=/bin/bash
        LANG = "C.UTF-8"

        # Nightly backup
        # of the shop
        0 3 * * * /home/anna/bin/backup.sh --full >/dev/null 2>&1
        #0 5 * * 1 tar -zcf /var/backups/home.tgz /home/
        */5 * * * * cd /srv/app && php artisan schedule:run >> /dev/null 2>&1
        @reboot /home/anna/start.sh
        61 * * * * nope
        MODE='fast one'
        @daily echo "it's #1: \\%" | tr a-z A-Z
        0 1 * * mon-fri mail -s "hi" bob%Dear Bob,%%it is 5\\% off.
        hello
        """

    @Test(arguments: [
        ("* * * * * backup --all\n0 3 * * * /usr/bin/x", CrontabImport.Form.user),
        ("0 3 * * * freeside /usr/bin/freeside-daily\n0 4 * * * freeside /usr/bin/x", .system),
        ("0 3 * * * root /bin/a\n0 4 * * * /bin/b", .user), ("0 3 * * * python3 /srv/x.py", .user),
        ("0 3 * * * shop sync", .user), ("0 3 * * * root tool", .system), ("0 3 * * * mail -s hi bob", .user),
    ])
    func theFormIsToldByEveryLine(_ text: String, _ form: CrontabImport.Form) {
        #expect(imported(text).form == form)
    }

    @Test func aGuessIsSaid() {
        #expect(imported("0 3 * * * freeside /usr/bin/a").remarks[0].message.contains("read as a system crontab"))
        #expect(imported("0 3 * * * shop sync").remarks[0].message.contains("--system"))
        #expect(imported("0 3 * * * /usr/bin/a").remarks == [])
        #expect(imported("0 3 * * * root /usr/bin/a", form: .user).remarks == [])
    }

    @Test func whereItLiesTellsTheForm() {
        #expect(imported("0 3 * * * shop sync", name: "/etc/cron.d/shop").form == .system)
        #expect(imported("0 3 * * * root /bin/a", name: "/var/spool/cron/crontabs/anna").form == .user)
    }

    @Test(arguments: [
        ("0 * * * * * /usr/bin/report", CrontabImport.Form.user), ("0 * * * * * /usr/bin/report", .system),
        ("0 0 L * * /bin/a", .user), ("H H * * * /bin/a", .user), ("0 0 * * 1#2 /bin/a", .user),
        ("0 0 15W * * /bin/a", .user), ("@every_minute /bin/a", .user), ("0 0 * * * /bin/a /bin/b", .system),
    ])
    func whatCronRefusesIsNotCarriedOver(_ line: String, _ form: CrontabImport.Form) {
        let result = imported(line, form: form)
        #expect(result.jobCount == 0, "\(result.yaml)")
        #expect(result.remarks.contains { $0.line == 1 && $0.message.contains("it stays as a comment") })
        #expect(result.yaml.contains("# \(line)"))
    }

    @Test(arguments: ["0 0 * * fri-sun /bin/a", "0 22-2 * * * /bin/a", "0 0 1 nov-feb * /bin/a"])
    func aRangeThatNeverRanThereIsSaid(_ line: String) {
        let result = imported(line)
        #expect(result.jobCount == 1)
        #expect(result.remarks.contains { $0.message.contains("never matches in Debian's cron") }, "\(result.remarks)")
    }

    @Test func aStepThatDoesNotDoWhatItSaysIsSaid() {
        #expect(imported("*/90 * * * * /bin/a").remarks.contains { $0.message.contains("first minute alone") })
    }

    @Test func severalMachinesKeepTheirJobsApart() throws {
        let result = CrontabImport(
            "0 3 * * * /usr/local/bin/backup.sh", name: "web1.tab", form: .user, timezone: "Asia/Tokyo", home: nil,
            host: "web1")
        let job = try #require(try jobs(result).first)
        #expect(job.name == "web1-backup")
        #expect(job.policies.queue == "web1")
        #expect(job.schedule.timezone == "Asia/Tokyo")
        #expect(result.remarks.contains { $0.message.contains("--queue default --queue web1") })
    }

    @Test func debiansOwnCrontabBecomesFourJobsOfRoot() throws {
        let result = imported(Self.debian, name: "/etc/crontab", timezone: "Europe/Berlin")
        #expect(result.form == .system)
        #expect(result.jobCount == 4)
        #expect(
            result.remarks.map(\.description) == [
                "cron starts each command in its user's home folder, a node in its own; give a job that uses relative paths "
                    + "a dir"
            ])
        let jobs = try jobs(result)
        #expect(jobs.map(\.name) == ["cron.hourly", "cron.daily", "cron.weekly", "cron.monthly"])
        #expect(jobs[2].schedule == .cron("47 6 * * 7", timezone: "Europe/Berlin"))
        var settings = ProcessSettings()
        settings.user = "root"
        settings.environment = [
            "SHELL": "/bin/sh", "PATH": "/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin",
        ]
        #expect(
            jobs[1].work
                == .shell("test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }", settings))
        #expect(jobs.allSatisfy { $0.description == nil })
    }

    @Test func aPrivateCrontabKeepsItsShellItsFolderAndItsComments() throws {
        let result = imported(Self.private_, home: "/home/anna")
        #expect(result.form == .user)
        let jobs = try jobs(result)
        #expect(jobs.map(\.name) == ["backup", "artisan", "echo", "mail", "alerts/mailto/email"])
        #expect(jobs[0].description == "Nightly backup of the shop")
        var settings = ProcessSettings()
        settings.directory = "/home/anna"
        settings.environment = ["SHELL": "/bin/bash", "LANG": "C.UTF-8"]
        #expect(
            jobs[0].work == .command(["/bin/bash", "-c", "/home/anna/bin/backup.sh --full >/dev/null 2>&1"], settings))
        settings.environment["MODE"] = "fast one"
        #expect(jobs[2].work == .command(["/bin/bash", "-c", "echo \"it's #1: %\" | tr a-z A-Z"], settings))
        #expect(
            jobs[3].work
                == .command(
                    [
                        "/bin/bash", "-c",
                        "{\nmail -s \"hi\" bob\n} <<'INPUT'\nDear Bob,\n\nit is 5% off.\nINPUT\n",
                    ], settings))
        for kept in [
            "0 5 * * 1 tar -zcf /var/backups/home.tgz /home/", "@reboot /home/anna/start.sh", "61 * * * * nope",
            "hello",
        ] {
            #expect(result.yaml.contains("# \(kept)\n"))
        }
        #expect(
            result.remarks.map(\.description) == [
                "line 2: MAILTO: an alert mails the end of the output of runs that fail; other output is kept with each run, and"
                    + " `onebeat logs` shows it",
                "line 11: @reboot is no due moment, and a node may start many times a day; start it with a systemd unit "
                    + "instead. It stays as a comment",
                "line 12: cron \"61 * * * *\": minute is 61, but minutes end at 59; it stays as a comment",
                "line 15: what follows the % is input for the command; it is carried over as a here-document",
                "line 16: this is neither a variable nor five fields and a command; it stays as a comment",
            ])
    }

    @Test func whoGotMailGetsAnAlertWithTheOutput() throws {
        let text =
            "MAILTO=a@x.example\n0 3 * * * /bin/one\n0 4 * * * /bin/two\nMAILFROM=c@x.example\nMAILTO=\"b@x.example, root\"\n"
            + "0 5 * * * /bin/three\nMAILTO=\"\"\n0 6 * * * /bin/four\nMAILTO=no good\n0 7 * * * /bin/five\n"
        let result = imported(text)
        let file = try parseFile(result.yaml)
        let alerts = file.jobs.compactMap { job -> (String, AlertRule)? in
            guard case .alert(let rule) = job.work else { return nil }
            return (job.name, rule)
        }
        #expect(alerts.map(\.0) == ["alerts/mailto-1/email", "alerts/mailto-2/email"])
        #expect(alerts.map(\.1.jobs) == [["one", "two"], ["three"]])
        #expect(alerts.map(\.1.output) == [50, 50])
        #expect(alerts[1].1.settings == ["to": "b@x.example, root", "from": "c@x.example"])
        #expect(result.remarks.map(\.description).contains { $0.hasPrefix("line 9: MAILTO has") })
    }

    @Test func whatLooksLikeAVariableInAnAddressIsNone() throws {
        let result = imported("MAILTO=ops@example.${com\n0 3 * * * /bin/one\n")
        #expect(result.yaml.contains("ops@example.$${com"))
        #expect(try parseFile(result.yaml).jobs.count == 2)
    }

    @Test func theFormIsFoundOut() {
        #expect(imported("0 3 * * * root /bin/x\n").form == .system)
        #expect(imported("0 3 * * * www-data /bin/x\n0 4 * * * shop /bin/y\n").form == .system)
        #expect(imported("0 3 * * * /bin/x\n0 4 * * * root\n").form == .user)
        #expect(imported("0 3 * * * make all\n").form == .user)
        #expect(imported("0 3 * * * make all\n", name: "/etc/cron.d/make").form == .system)
        #expect(imported("0 3 * * * root /bin/x\n", form: .user).form == .user)
    }

    @Test func theMachinesZoneIsCarriedOver() throws {
        #expect(try jobs(imported("0 3 * * * x", timezone: "Asia/Tokyo"))[0].schedule.timezone == "Asia/Tokyo")
        let unknown = imported("0 3 * * * x", timezone: nil)
        #expect(try jobs(unknown)[0].schedule.timezone == "UTC")
        #expect(
            unknown.remarks.map(\.message) == [
                "cron runs in the machine's time zone, which was not found; set timezone, or all times are UTC"
            ])
        let own = imported("0 1 * * * a\nCRON_TZ=Europe/Paris\n0 2 * * * b\nCRON_TZ=Mars/Base\n0 3 * * * c")
        #expect(try jobs(own).map(\.schedule.timezone) == ["UTC", "Europe/Paris", "Europe/Paris"])
        #expect(own.remarks.map(\.line) == [2, 4])
    }

    @Test func variablesCountForTheLinesBelowThem() throws {
        let jobs = try jobs(imported("A=1\n0 1 * * * a\nA=2\nHOME=/srv\nB=${X}\n0 2 * * * b"))
        var settings = ProcessSettings()
        settings.environment = ["A": "1"]
        #expect(jobs[0].work == .shell("a", settings))
        settings.environment = ["A": "2", "HOME": "/srv", "B": "$${X}"]
        settings.directory = "/srv"
        #expect(jobs[1].work == .shell("b", settings))
    }

    @Test func usersOfASystemCrontabAreKept() throws {
        let jobs = try jobs(imported("0 1 * * * root a\n0 2 * * * shop b c", form: .system))
        let users = jobs.map { job -> String? in
            if case .shell(_, let settings) = job.work { settings.user } else { nil }
        }
        #expect(users == ["root", "shop"])
        #expect(
            imported("0 1 * * * root\n", form: .system).remarks.map(\.description) == [
                "line 1: there is no command after the user; it stays as a comment"
            ])
    }

    @Test func aRangeThatCronNeverMatchesIsPointedOut() {
        #expect(
            imported("0 22-2 * * * x\n0 9-17 * * * y").remarks.map(\.description) == [
                "line 1: 22-2 never matches in Debian's cron, so this line may never have run; here it wraps around and the "
                    + "job fires"
            ])
    }

    @Test func aCrontabWithoutJobsIsStillAFile() throws {
        for text in ["", "# nothing\n", "@reboot x\n"] {
            let result = imported(text)
            #expect(result.jobCount == 0)
            #expect(try jobs(result).isEmpty)
        }
    }

    @Test func linesThatLookLikeYAMLSurvive() throws {
        let commands = [
            "echo 'a: b' # c", "- x", "[ -f x ] && y", "{ a; b; }", "*x", "&x", "!x", "| x", "> x", "@x", "`date`",
            "a\\nb",
            "\"a\" 'b'", "x: y", "? x", "null", "true", "é ü 漢", "a\tb", "'", "\"", "#x", "~", "---",
            "echo $HOME ${HOME}",
        ]
        let text = commands.map { "0 3 * * * \($0)\n" }.joined()
        let result = imported(text)
        let lines = try jobs(result).map { job -> String in
            if case .shell(let line, _) = job.work { line } else { "" }
        }
        #expect(lines == commands)
        #expect(Set(try jobs(result).map(\.name)).count == commands.count)
    }
}
