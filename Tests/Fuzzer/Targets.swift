import CGuardian
import Foundation
import Glibc
import Onebeat
import OnebeatCelery
import OnebeatPostgres
import OnebeatRedis
import OnebeatServer

private let now = Timestamp(seconds: 1_764_000_000)

extension [UInt8] {
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}

extension Target {
    /// Each kind of schedule; the first letter chooses.
    static let schedule = Target(
        "schedule", most: 512,
        [
            "* * * * *", "@daily", "@hourly", "@reboot", "H", "L", "LW", "W", "#", "5L", "1#2", "mon", "sun", "jan",
            "fri-sun",
            "*/", ",", "-", "/", " ", "R", "R/", "P1M", "PT1S", "2026-01-31T00:00:00Z", "/", "2026-12-24/2026-12-26",
            "Europe/Berlin", "Asia/Shanghai", "America/Sao_Paulo", "\t", "0 0 30 2 *",
        ]
    ) {
        { bytes in
            guard let kind = bytes.first else { return }
            let parts = String(decoding: bytes.dropFirst(), as: UTF8.self).split(
                separator: "|", omittingEmptySubsequences: false
            ).map(String.init)
            let text = parts.first ?? ""
            let rhythm: ScheduleDefinition.Rhythm
            switch kind {
            case UInt8(ascii: "c"), UInt8(ascii: "q"): rhythm = .cron(parts.first.map { [$0] } ?? [])
            case UInt8(ascii: "r"): rhythm = .repeat(text)
            case UInt8(ascii: "e"): rhythm = .every(Duration(text: text) ?? .seconds(1))
            case UInt8(ascii: "d"): rhythm = .delay(Duration(text: text) ?? .seconds(1))
            default: rhythm = .at([Timestamp(iso8601: text) ?? now])
            }
            var definition = ScheduleDefinition(
                rhythm, timezone: parts.count > 1 && !parts[1].isEmpty ? parts[1] : "UTC")
            if kind == UInt8(ascii: "q") { definition.dialect = .quartz }
            if parts.count > 2 { definition.except = [parts[2]] }
            if parts.count > 3 { definition.spread = Duration(text: parts[3]) ?? .zero }
            do throws(ScheduleError) {
                let schedule = try Schedule(definition, jobName: "fuzz")
                var moment = now
                for _ in 0..<4 {
                    guard let next = schedule.next(after: moment) else { break }
                    expect(next > moment, "\(next) is not after \(moment)")
                    expect(schedule.dueAt(for: next) >= next, "due before it is scheduled")
                    moment = next
                }
                expect(!schedule.words.isEmpty, "no words")
                _ = schedule.preview(after: now, count: 3)
            } catch {
                expect(!error.description.isEmpty, "no message")
                _ = error.picture
            }
        }
    }

    /// Moments and lengths of time, as files, flags, addresses and stores hold them.
    static let times = Target(
        "times", most: 128, ["2026-11-23T03:00:00Z", "+08:00", "1h30m", "250ms", "T", "Z", ".", "w", "d", "us", "-"]
    ) {
        { bytes in
            let text = bytes.text
            if let moment = Timestamp(iso8601: text) {
                expect(Timestamp(iso8601: moment.description) == moment, "\(moment) is read as another")
            }
            if let length = Duration(text: text) {
                expect(length <= Duration.longestText, "\(length) is too long")
                expect(length == .zero || Duration(text: length.text) == length, "\(length) is read as another")
            }
        }
    }

    /// A configuration file.
    static let configuration = Target(
        "configuration", most: 8192,
        [
            "jobs:\n", "  a: {", "}", "cron: ", "run: ", "exec: [", "]", "http: {url: ", "\"", "'", "|\n", ">\n", "- ",
            ": ", "\n  ",
            "&a ", "*a", "<<: ", "!!str ", "!!binary ", "---\n", "...\n", "%YAML 1.2\n", "? ", "~", "null", "0x1F",
            "0o17", "1_000",
            ".inf", ".nan", "2026-01-01", "retry: {limit: ", "timeout: ", "env: {", "${HOME}", "$${", "after: [",
            "every: ", "except: [",
            "defaults:\n", "node:\n", "slots: ", "store: ", "redis: ", "\t", "\u{FEFF}", "\u{2028}", "# ",
        ]
    ) {
        { bytes in
            do throws(ConfigurationError) {
                let file = try ConfigurationFile.parse(
                    bytes.text, path: "fuzz.yaml", environment: ["HOME": "/root"], now: now)
                for job in file.jobs { expect(!job.name.isEmpty, "a job without a name") }
            } catch {
                expect(!error.problems.isEmpty, "no problem is named")
            }
        }
    }

    /// A crontab; what it becomes is a configuration without a problem.
    static let crontab = Target(
        "crontab", most: 2048,
        [
            "* * * * * ", "@daily ", "@reboot ", "root ", "MAILTO=", "SHELL=/bin/bash\n", "CRON_TZ=Asia/Tokyo\n",
            "HOME=/x\n", "PATH=",
            "%", "\\%", "\\", "\n", "# ", "fri-sun", "22-2", "*/90", "\"", "'", "${", "$", "run-parts /etc/cron.daily",
            "\t", "-", "~",
            "0 * * * * * ", "\u{301}", "é", "[ -x ", " ] && ", ">> /dev/null 2>&1", ": ", "#", "\r\n",
        ]
    ) {
        { bytes in
            let form: CrontabImport.Form? = bytes.count % 3 == 0 ? .system : bytes.count % 3 == 1 ? .user : nil
            let result = CrontabImport(
                bytes.text, name: "crontab", form: form, timezone: "Europe/Berlin", home: "/home/anna")
            do throws(ConfigurationError) {
                let file = try ConfigurationFile.parse(result.yaml, path: "fuzz.yaml", environment: [:], now: now)
                // MAILTO becomes alerts, which are jobs of their own.
                let count = file.jobs.count { $0.work.kind != "alert" }
                expect(count == result.jobCount, "\(count) jobs of \(result.jobCount)")
            } catch {
                expect(result.jobCount == 0, "the import is refused: \(error.problems)\n\(result.yaml)")
            }
        }
    }

    /// Definitions of other schedulers, the first letter says whose; what comes out can be read.
    static let imports = Target(
        "imports", most: 4096,
        [
            "{\"name\": \"a\", \"command\": \"b\", ", "\"schedule\": ", "\"R/2026-01-01T00:00:00Z/PT1H\"",
            "\"parents\": [\"a\"]",
            "\"epsilon\": \"PT15M\"", "\"retries\": 3", "\"disabled\": true", "\"environmentVariables\": [",
            "kind: CronJob\n",
            "kind: List\nitems:\n", "spec:\n", "  schedule: ", "\"*/5 * * * *\"\n", "@every 1h", "  timeZone: ",
            "  suspend: true\n",
            "---\n", "  concurrencyPolicy: Forbid\n", "  startingDeadlineSeconds: ", "0 0 3 ? * MON-FRI", " 2026-2030",
            "L-3W", "6#3",
            "<trigger><cron>", "</cron></trigger>", "<cron-expression>", "<![CDATA[", "]]>", "<!--", "-->", "&lt;",
            "</", "/>", "'\\",
            "\u{85}", "\u{2028}", "${A}", "\u{0}",
        ]
    ) {
        { bytes in
            guard let kind = bytes.first else { return }
            let rest = Array(bytes.dropFirst())
            do throws(ImportError) {
                let file =
                    switch kind {
                    case UInt8(ascii: "c"): try ChronosImport.file(rest.text, name: "fuzz")
                    case UInt8(ascii: "k"): try CronJobImport.file(rest.text, name: "fuzz")
                    case UInt8(ascii: "q"): try QuartzImport.file(rest.text, name: "fuzz", timezone: "Europe/Berlin")
                    default: try pickled(rest)
                    }
                guard file.jobCount > 0 else { return }
                do throws(ConfigurationError) {
                    let read = try ConfigurationFile.parse(file.yaml, path: "fuzz.yaml", environment: [:], now: now)
                    expect(read.jobs.count == file.jobCount, "\(read.jobs.count) jobs of \(file.jobCount)")
                } catch {
                    expect(false, "the import is refused: \(error.problems)\n\(file.yaml)")
                }
            } catch {
                expect(!error.description.isEmpty, "no message")
            }
        }
    }

    private static func pickled(_ bytes: [UInt8]) throws(ImportError) -> ImportedFile {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let row = ["id": "a", "next_run_time": "1", "job_state": "\\x\(digits)"]
        return try APSchedulerImport.file([row], of: "jobs", from: "sqlite:fuzz", python: "python3")
    }

    /// Answers of a Redis, in pieces, and all that is read from them.
    static let redis = Target(
        "redis", most: 2048,
        [
            "\r\n", "+OK\r\n", "-ERR no\r\n", "-READONLY\r\n", ":1\r\n", "$-1\r\n", "*-1\r\n", "$3\r\nabc\r\n",
            "*2\r\n", "*1\r\n", "$0\r\n\r\n",
            "$", "*", ":", "message", "inf", "a/b/c",
        ]
    ) {
        { bytes in
            let whole = RedisReading.replies(in: [bytes[...]])
            let cut = bytes.count / 2
            let pieces = RedisReading.replies(in: [bytes[..<cut], bytes[cut...]])
            expect(whole.replies == pieces.replies, "\(whole.replies) in one piece, \(pieces.replies) in two")
            expect(whole.isRefused == pieces.isRefused, "refused in one way only")
        }
    }

    /// What `MONITOR` writes of the commands of others, and the messages of a beat among them.
    static let monitor = Target(
        "monitor", most: 4096,
        [
            "1339518083.107412 ", "[0 127.0.0.1:60866] ", "[0 lua] ", "[0 [::1]:1] ", "\"lpush\" ", "\"LPUSH\" ",
            "\"q\" ",
            "\"", "\\\"", "\\x06", "\\n", "{", "}", "\\\"headers\\\": ", "\\\"task\\\": \\\"a\\\"",
            "\\\"id\\\": \\\"b\\\"",
            "\\\"celery_beat_task\\\": true", "\\\"body\\\": ", "W10=", "\\\"body_encoding\\\": \\\"base64\\\"", "[",
            "]", ", ",
        ]
    ) {
        { bytes in
            guard let place = try? RedisAddress("redis://cache/0"),
                let command = WatchedCommand(bytes.text, verb: "lpush")
            else { return }
            let settings = CelerySettings(broker: place, results: place)
            expect(command.words.first?.lowercased() == "lpush", "\(command.words)")
            let marked = BeatMessage(command, settings)
            let any = BeatMessage(command, settings, onlyMarked: false)
            expect(
                marked == nil || marked == any, "a message that bears a mark is one, too, where no mark is asked for")
        }
    }

    /// Answers of a mail server, and whom mail is for.
    static let mail = Target(
        "mail", most: 2048,
        [
            "220 ", "250-", "250 ", "354\r\n", "\r\n", "\n", "AUTH PLAIN", "@", "<", ">", ",", "\"", "=?utf-8?B?",
            "smtp://", ":",
        ]
    ) {
        { bytes in
            var whole = SMTPReplyReader()
            let reply = try? whole.read(bytes)
            if let reply { expect((200..<600).contains(reply.code) && reply.words.count <= 200, "\(reply)") }
            if let list = try? Mailbox.list(bytes.text) {
                let mail = Mail(from: list[0], to: list, subject: bytes.text, lines: [bytes.text], identity: "a")
                let head = mail.text(at: now).components(separatedBy: "\r\n\r\n")[0].components(separatedBy: "\r\n")
                let names = head.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != ":" } }
                expect(names.count == 9 && Set(names).count == 9, "\(names)")
            }
            _ = try? SMTPAddress(bytes.text)
        }
    }

    /// Columns of a PostgreSQL.
    static let row = Target("row", most: 512, ["\0\0\0\u{1}", "\0\0\0\0", "\0\0\0\u{19}", "\u{7f}"]) {
        { bytes in bytes.withUnsafeBytes { ColumnReading.readAll($0) } }
    }

    /// What stores hold of jobs.
    static let definition = Target(
        "definition", most: 4096,
        [
            "{", "}", "[", "]", ":", ",", "\"", "null", "true", "\"name\"", "\"schedule\"", "\"cron\"", "\"work\"",
            "\"policies\"", "\\u0000", "\\ud800", "1e309",
        ]
    ) {
        { bytes in
            let text = bytes.text
            var definition = DefinitionText.decode(text, of: "fuzz")
            if definition.trouble?.contains("another job") == true {
                let name = (try? JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8)))?["name"]
                guard case .string(let name)? = name else { return }
                definition = DefinitionText.decode(text, of: name)
            }
            guard definition.trouble == nil else { return }
            do {
                let text = try DefinitionText.encode(definition)
                let again = DefinitionText.decode(text, of: definition.name)
                expect(again == definition, "\(text) is read as another")
                try expect(try DefinitionText.encode(again) == text, "\(text) is written as another")
            } catch {
                expect(false, "\(error)")
            }
        }
    }

    /// Compiled zone files, those of this machine among them.
    static let zone = Target(
        "zone", most: 16_384,
        [
            "TZif2", "TZif", "\n", "CET-1CEST,M3.5.0,M10.5.0/3", "<+03>-3", "EST5EDT", ",J60/0", ",0", "/167", "/-167",
            "M13.6.7",
        ]
    ) {
        { bytes in ZoneReading.read(bytes) }
    }

    /// Where stores and Redis servers are.
    static let address = Target(
        "address", most: 512,
        [
            "redis://", "rediss://", "postgres://", "sqlite:", "user", ":", "@", "/", "?", "password=", "%40", "%",
            "[::1]", "prefix=",
            "ssl_ca_certs=", "&", "#", "localhost", ":6379", "\0",
        ]
    ) {
        { bytes in
            let text = bytes.text
            if let address = try? RedisAddress(text) { _ = "\(address) \(address.place)" }
            if let place = try? StoreLocation.read(text) { _ = "\(place)" }
        }
    }

    /// What comes over the guardian's channel.
    static let report = Target("report", most: 256, ["\0\0\0\0\0\0\0\u{1}"]) {
        var ends: [CInt] = [0, 0]
        guard socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends) == 0 else { exit(70) }
        let (ours, theirs) = (ends[0], ends[1])
        return { bytes in
            var report = guardian_report()
            guard !bytes.isEmpty, send(theirs, bytes, bytes.count, CInt(MSG_DONTWAIT)) > 0 else { return }
            let answer = guardian_receive(ours, &report)
            if answer == 1 {
                _ = ProcessReport(request: ProcessRequest(["true"]), end: ProcessEnd(report)).outcome
            }
            expect(answer >= 0, "a report was not taken")
        }
    }

    /// What follows the question mark in an address of the API.
    static let query = Target(
        "query", most: 512,
        [
            "job=", "state=", "from=", "before=", "after=", "limit=", "&", "%", "%2B", "%00", "+", "succeeded", ",",
            "?", "#", "2026-11-23T03:00:00Z",
        ]
    ) {
        { bytes in QueryReading.read(bytes.text) }
    }

    /// What a form or a wish carries, and who says that they send it.
    static let body = Target(
        "body", most: 1024,
        [
            "{", "}", "[", "\"", ":", ",", "\\u0000", "\\ud800", "true", "null", "1e999", "request_id", "proof=", "&",
            "=", "+",
            "%", "%00", "%2f", "then=/", "//", "\\", "10.0.0.0/8", "::1/64", "onebeat_", "\u{feff}",
        ]
    ) {
        { bytes in BodyReading.read(bytes) }
    }
}
