import Testing

@testable import OnebeatServer

@Suite struct CrontabPartsTests {
    @Test(arguments: [
        ("/usr/local/bin/backup.sh --full", "backup"),
        ("cd / && run-parts --report /etc/cron.hourly", "cron.hourly"),
        ("test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }", "cron.daily"),
        (
            "[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi",
            "sessionclean"
        ),
        ("test -e /run/systemd/system || SERVICE_MODE=1 /sbin/e2scrub_all -A -r", "e2scrub_all"),
        ("command -v debian-sa1 > /dev/null && debian-sa1 1 1", "debian-sa1"),
        ("perl -e 'sleep int(rand(43200))' && certbot -q renew", "certbot"),
        (
            "if [ -x /usr/share/mdadm/checkarray ] && [ $(date +%d) -le 7 ]; then /usr/share/mdadm/checkarray --cron; fi",
            "checkarray"
        ),
        ("/usr/bin/python3 /opt/etl/load.py --all", "load"), ("python3 -m etl.load", "etl.load"),
        ("cd /srv && php artisan schedule:run", "artisan"), ("nice -n 10 ionice -c3 /bin/updatedb", "updatedb"),
        ("flock -n /tmp/x.lock /opt/sync.sh", "sync"), ("FOO=\"a b\" BAR=1 make report", "make"), ("wall %", "wall"),
        ("'/opt/my tool'", "my-tool"), ("", "job"), ("cd /", "job"), ("sleep 30; curl -s http://x", "curl"),
    ])
    func aNameIsMadeFromTheProgramThatMatters(command: String, name: String) {
        #expect(CrontabName.name(for: command) == name)
    }

    /// Each looks for its number from where the last one found his.
    @Test func thousandsOfLinesOfOneProgramAreNamedInOneGo() {
        var names = UniqueNames()
        var last = ""
        for _ in 0..<20_000 { last = names.take("report") }
        #expect(last == "report-20000")
    }

    @Test func aTakenNameGetsANumber() {
        var names = UniqueNames()
        #expect(["a", "a", "a-3", "a", "b", "a-2"].map { names.take($0) } == ["a", "a-2", "a-3", "a-4", "b", "a-2-2"])
    }

    @Test(arguments: [
        ("date +\\%F", "date +%F", nil), ("mail bob%Dear Bob,%%bye", "mail bob", "Dear Bob,\n\nbye\n"),
        ("cat%50\\% off\\n%", "cat", "50% off\\n\n"), ("a\\\\b \\n", "a\\b \\n", nil), ("a\\\\%b", "a\\", "b\n"),
        ("a%", "a", ""),
        ("x\\", "x\\", nil),
    ])
    func aPercentSignEndsTheCommandUnlessItIsSaved(text: String, line: String, input: String?) {
        let command = CrontabCommand(text)
        #expect(command.line == line)
        #expect(command.input == input)
    }

    @Test(
        arguments: [
            ("../usr/share/zoneinfo/Europe/Berlin", nil, "Europe/Berlin"), ("/usr/share/zoneinfo/Etc/UTC", nil, "UTC"),
            (nil, "America/New_York\n", "America/New_York"), (nil, "\n", nil), (nil, nil, nil),
            ("/etc/other", "Asia/Tokyo", "Asia/Tokyo"),
        ] as [(String?, String?, String?)])
    func theMachinesZoneIsReadFromWhereDebianKeepsIt(link: String?, file: String?, name: String?) {
        #expect(MachineZone.name(link: link, file: file) == name)
    }

    @Test(arguments: [
        ("plain words", "plain words"), ("/a:/b", "/a:/b"), ("-c", "-c"), ("", "\"\""), ("yes", "\"yes\""),
        ("12", "\"12\""),
        ("a: b", "\"a: b\""), ("a #b", "\"a #b\""), ("say \"x\"", "'say \"x\"'"), ("it's", "\"it's\""),
        ("\"it's\"", "\"\\\"it's\\\"\""), ("a\u{7}b\u{85}", "\"a\\U00000007b\\U00000085\""), ("a ", "\"a \""),
        ("- a", "\"- a\""),
    ])
    func textIsQuotedOnlyWhereItMustBe(text: String, yaml: String) {
        #expect(YAMLWriter.scalar(text) == yaml)
    }
}
