import Foundation
import Onebeat
import OnebeatRedis

// Celery: from an application's schedule to a configuration that does the same. What cannot be carried over stays in the
// text as a comment, and a remark says why.

/// A Celery application's schedule carried over to a configuration file.
package struct CeleryImport: Sendable {
    /// The configuration, ready to be written to a file.
    package private(set) var yaml = ""
    /// How many jobs it gave.
    package private(set) var jobCount = 0
    /// What was not carried over or has changed.
    package private(set) var remarks: [String] = []
    private var names = UniqueNames()

    /// - Parameters:
    ///   - export: what ``CeleryExporter/program`` printed.
    ///   - name: the application, for the heading.
    /// - Throws: ``CeleryImportError`` when that is none.
    package init(_ export: String, name: String) throws {
        let app: Exported
        do {
            app = try JSONDecoder().decode(Exported.self, from: Data(export.utf8))
        } catch {
            throw CeleryImportError(description: "what the application's Python printed is no schedule: \(error)")
        }
        var writer = YAMLWriter()
        writer.comment("From the Celery application \(name), by onebeat import celery.")
        writer.blank()
        writer.pair("timezone", app.timezone)
        writeApplication(app, &writer)
        writer.blank()
        writer.comment("As beat has it. `overlap: skip` would keep a task that is slow from piling up.")
        writer.pair("defaults", JSONValue.object(["overlap": "allow"]))
        writer.blank()
        if app.entries.isEmpty { writer.noEntries("jobs") } else { writer.key("jobs") }
        for entry in app.entries { write(entry, of: app, &writer) }
        if app.entries.contains(where: { $0.schedule.type == "crontab" }) {
            remarks.append(
                "where clocks are set back, beat leaves out the repeated hour of jobs that run every hour or more often; these run"
            )
        }
        let isKnown = ["PersistentScheduler", "redbeat", "django"].contains { app.scheduler.contains($0) }
        if !isKnown {
            remarks.append(
                "the application's scheduler is \(app.scheduler); what entries of its own it keeps is not known, and only those of beat_schedule are here"
            )
        }
        yaml = writer.text
    }

    /// What the application says of itself.
    private mutating func writeApplication(_ app: Exported, _ writer: inout YAMLWriter) {
        writer.key("celery")
        writeAddress("broker", app.broker, variable: "CELERY_BROKER_URL", &writer)
        writeAddress("results", app.results, variable: "CELERY_RESULT_BACKEND", &writer)
        if let prefix = app.prefix, !prefix.isEmpty { writer.pair("prefix", prefix, depth: 1) }
        if let prefix = app.results_prefix, !prefix.isEmpty { writer.pair("results_prefix", prefix, depth: 1) }
        if app.queue != "celery" { writer.pair("queue", app.queue, depth: 1) }
        if app.priority_steps != [0, 3, 6, 9] {
            writer.pair("priority_steps", JSONValue.array(app.priority_steps.map { .int(Int64($0)) }), depth: 1)
        }
        if app.separator != "\u{6}\u{16}" { writer.pair("separator", JSONValue.string(app.separator), depth: 1) }
        if app.serializer != "json" {
            remarks.append("task_serializer is \(app.serializer); tasks are sent as JSON, which workers have to accept")
        }
    }

    /// Passwords stay out of the file, and so does what is no Redis.
    private mutating func writeAddress(_ key: String, _ url: String?, variable: String, _ writer: inout YAMLWriter) {
        guard let url, !url.isEmpty else {
            writer.comment("\(key): the application has none", depth: 1)
            if key == "results" {
                remarks.append(
                    "the application keeps no results, so no task's end is seen: jobs end as soon as they are sent")
            }
            return
        }
        let shown = "\(SecretAddress(url))"
        guard let address = try? RedisAddress(url) else {
            if url.lowercased().hasPrefix("redis") {
                writer.comment("\(key): \(shown) is not an address as Onebeat reads it", depth: 1)
                writer.pair(key, "${\(variable)}", depth: 1)
                remarks.append("celery.\(key) is to be looked at: set \(variable) to redis://HOST/DATABASE")
            } else {
                writer.comment("\(key): \(shown) is not Redis, and nothing else is spoken here", depth: 1)
                remarks.append("\(key) is \(shown), which is not Redis: Onebeat can send tasks over Redis only")
            }
            return
        }
        guard address.password == nil else {
            writer.pair(key, "${\(variable)}", depth: 1)
            remarks.append("celery.\(key) has a password: set \(variable) in the node's environment")
            return
        }
        writer.pair(key, url, depth: 1)
    }

    private mutating func write(_ entry: Exported.Entry, of app: Exported, _ writer: inout YAMLWriter) {
        writer.blank()
        var problems = entry.problems
        var schedule: CelerySchedule?
        do {
            schedule = try CelerySchedule(entry.schedule)
        } catch {
            problems.append(error.description)
        }
        if entry.one_off == true, entry.schedule.type != "clocked" {
            problems.append("it is sent once and no more (one_off); write it with at: and a moment")
        }
        let name = names.take(Self.jobName(entry.name))
        guard problems.isEmpty, let schedule else {
            writer.comment("\(entry.name): task \(entry.task), not carried over:", depth: 1)
            for problem in problems {
                writer.comment("  \(problem)", depth: 1)
                remarks.append("\(entry.name) is not carried over: \(problem)")
            }
            return
        }
        for option in entry.left {
            writer.comment("\(entry.name) has the option \(option), which is not carried over", depth: 1)
            remarks.append("\(entry.name): the option \(option) is not carried over")
        }
        if !entry.registered {
            writer.comment("The application itself does not know this task; some worker has to.", depth: 1)
            remarks.append("\(entry.name): the application does not know the task \(entry.task); some worker has to")
        }
        if name != entry.name { writer.comment("In Celery: \(entry.name)", depth: 1) }
        let comment = entry.last_run.map { "Last sent by Celery at \($0)." }
        if entry.enabled == false {
            remarks.append("\(entry.name) is disabled in Celery, so it is here as a comment")
            writer.comment("Disabled in Celery:", depth: 1)
            var text = YAMLWriter()
            writeJob(entry, name, schedule, of: app, &text)
            for line in text.text.split(separator: "\n") { writer.comment(String(line.dropFirst(2)), depth: 1) }
            return
        }
        if let comment { writer.comment(comment, depth: 1) }
        jobCount += 1
        writeJob(entry, name, schedule, of: app, &writer)
    }

    private func writeJob(
        _ entry: Exported.Entry, _ name: String, _ schedule: CelerySchedule, of app: Exported,
        _ writer: inout YAMLWriter
    ) {
        writer.key(name, depth: 1)
        switch schedule.rhythm.value {
        case .text(let text): writer.pair(schedule.rhythm.key, text, depth: 2)
        case .json(let value): writer.pair(schedule.rhythm.key, value, depth: 2)
        }
        if schedule.isOfCelerysDialect { writer.pair("dialect", CronDialect.celery.rawValue, depth: 2) }
        if let zone = entry.schedule.timezone, zone != app.timezone { writer.pair("timezone", zone, depth: 2) }
        if let start = entry.start { writer.pair("start", start, depth: 2) }
        if let end = entry.end { writer.pair("end", end, depth: 2) }
        writer.key("celery", depth: 2)
        writer.pair("task", entry.task, depth: 3)
        if entry.args != .array([]) { writer.pair("args", entry.args.literal, depth: 3) }
        if entry.kwargs != .object([:]) { writer.pair("kwargs", entry.kwargs.literal, depth: 3) }
        if entry.queue != app.queue { writer.pair("queue", entry.queue, depth: 3) }
        if let priority = entry.options.priority { writer.pair("priority", JSONValue.int(Int64(priority)), depth: 3) }
        let lengths = [
            ("expires", entry.options.expires), ("countdown", entry.options.countdown),
            ("time_limit", entry.options.time_limit), ("soft_time_limit", entry.options.soft_time_limit),
        ]
        for (key, seconds) in lengths {
            if let text = seconds.flatMap(CelerySchedule.length) { writer.pair(key, text, depth: 3) }
        }
        if let headers = entry.options.headers, headers != .object([:]) {
            writer.pair("headers", headers.literal, depth: 3)
        }
        if (app.results ?? "").isEmpty { writer.pair("outcome", "dispatch", depth: 3) }
    }

    /// `app.tasks.add(1, 2)` is `app.tasks.add-1-2`.
    private static func jobName(_ name: String) -> String {
        var text = ""
        for character in name {
            let isAllowed =
                character.isASCII && (character.isLetter || character.isNumber || "_-./".contains(character))
            if isAllowed { text.append(character) } else if !text.hasSuffix("-") { text.append("-") }
        }
        let trimmed = String(text.prefix(180)).trimming("-./")
        return trimmed.isEmpty ? "job" : trimmed
    }
}

/// What was printed is not what the exporter prints.
package struct CeleryImportError: Error, CustomStringConvertible {
    package let description: String
}

extension JSONValue {
    /// With what a file would take for a variable as it is.
    fileprivate var literal: JSONValue {
        switch self {
        case .null, .bool, .int, .unsigned, .number: self
        case .string(let text): .string(text.replacing("${", with: "$${"))
        case .array(let elements): .array(elements.map(\.literal))
        case .object(let members): .object(members.mapValues(\.literal))
        }
    }
}

/// What the exporter prints.
struct Exported: Decodable {
    struct Entry: Decodable {
        var name: String
        var task: String
        var schedule: When
        var args: JSONValue
        var kwargs: JSONValue
        var queue: String
        var options: Options
        var left: [String]
        var registered: Bool
        var problems: [String]
        /// Of RedBeat and django-celery-beat.
        var enabled: Bool?
        var last_run: String?
        var one_off: Bool?
        var start: String?
        var end: String?
    }

    struct Options: Decodable {
        var priority: Int?
        var expires: Double?
        var countdown: Double?
        var time_limit: Double?
        var soft_time_limit: Double?
        var headers: JSONValue?
    }

    struct When: Decodable {
        var type: String
        var sets: Sets?
        var nowfun: Bool?
        var seconds: Double?
        var event: String?
        var latitude: Double?
        var longitude: Double?
        var python: String?
        var timezone: String?
        var at: String?
    }

    struct Sets: Decodable {
        var minute: [Int]
        var hour: [Int]
        var day_of_month: [Int]
        var month_of_year: [Int]
        var day_of_week: [Int]
    }

    var timezone: String
    var broker: String?
    var results: String?
    var queue: String
    var serializer: String
    var prefix: String?
    var results_prefix: String?
    var priority_steps: [Int]
    var separator: String
    var scheduler: String
    var entries: [Entry]
}
