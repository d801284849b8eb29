import Foundation
import Onebeat
import OnebeatRedis

// Celery: from an application's schedule to a configuration that does the same. `Exported` is what is known of an application,
// whoever found it out: its own Python (``CeleryExporter``), RedBeat's keys, or the tables of django-celery-beat.

/// A Celery application's schedule carried over to a configuration file.
package enum CeleryImport {
    /// - Parameters:
    ///   - export: what ``CeleryExporter/program`` printed.
    ///   - name: the application, for the heading.
    /// - Throws: ``ImportError`` when that is none.
    package static func file(_ export: String, name: String) throws(ImportError) -> ImportedFile {
        var app: Exported
        do {
            app = try JSONDecoder().decode(Exported.self, from: Data(export.utf8))
            // A decoder makes 1 of `1.0`, which is another argument in Python.
            let entries = try JSONValue(json: Array(export.utf8)).members?["entries"]?.elements ?? []
            for (index, entry) in zip(app.entries.indices, entries) {
                if let args = entry.members?["args"] { app.entries[index].args = args }
                if let kwargs = entry.members?["kwargs"] { app.entries[index].kwargs = kwargs }
                let headers = entry.members?["options"]?.members?["headers"]
                if let headers, headers != .null { app.entries[index].options.headers = headers }
            }
        } catch {
            throw ImportError("what the application's Python printed is no schedule: \(error)")
        }
        var remarks: [String] = []
        let isKnown = ["PersistentScheduler", "redbeat", "django"].contains { app.scheduler.contains($0) }
        if !isKnown {
            remarks.append(
                "the application's scheduler is \(app.scheduler); what entries of its own it keeps is not known, and only those of beat_schedule are here"
            )
        }
        return try file(app, heading: "From the Celery application \(name), by onebeat import celery.", remarks)
    }

    static func file(
        _ app: Exported, heading: String, _ remarks: [String] = []
    ) throws(ImportError) -> ImportedFile {
        var remarks = remarks
        var head = YAMLWriter()
        writeApplication(app, &head, &remarks)
        head.blank()
        head.comment("As beat has it. `overlap: skip` would keep a task that is slow from piling up.")
        head.pair("defaults", JSONValue.object(["overlap": "allow"]))
        if app.entries.contains(where: { $0.schedule.type == "crontab" }) {
            remarks.append(
                "where clocks are set back, beat leaves out the repeated hour of jobs that run every hour or more often; these run"
            )
        }
        return try ImportedFile(
            heading: heading, scheduler: "Celery", timezone: app.timezone, head: head,
            jobs: app.entries.map { job($0, of: app) }, remarks: remarks)
    }

    /// What the application says of itself.
    private static func writeApplication(_ app: Exported, _ writer: inout YAMLWriter, _ remarks: inout [String]) {
        writer.key("celery")
        writeAddress("broker", app.broker, variable: "CELERY_BROKER_URL", &writer, &remarks)
        if app.results == nil, app.knowsResults == false {
            writer.comment("results: where the application keeps them is not known here", depth: 1)
            remarks.append(
                "where results are kept is not known, so jobs end as soon as they are sent; with --results URL their end is seen"
            )
        } else {
            writeAddress("results", app.results, variable: "CELERY_RESULT_BACKEND", &writer, &remarks)
        }
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
        if let compression = app.compression, !compression.isEmpty {
            remarks.append("task_compression is \(compression); tasks are sent as they are, which workers take too")
        }
    }

    /// Passwords stay out of the file, and so does what is no Redis.
    private static func writeAddress(
        _ key: String, _ url: String?, variable: String, _ writer: inout YAMLWriter, _ remarks: inout [String]
    ) {
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
                remarks.append(
                    key == "results"
                        ? "the application keeps results in \(shown), which is not Redis, so no task's end is seen: jobs end as soon as they are sent"
                        : "\(key) is \(shown), which is not Redis: Onebeat can send tasks over Redis only")
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

    private static func job(_ entry: Exported.Entry, of app: Exported) -> ImportedJob {
        var job = ImportedJob(entry.name, what: "task \(entry.task)")
        job.problems = entry.problems
        job.isDisabled = entry.enabled == false
        job.left = entry.left.map { "the option \($0)" }
        if !entry.registered {
            job.notes.append("the application does not know the task \(entry.task); some worker has to")
        }
        if let last = entry.last_run { job.comments.append("Last sent by Celery at \(last).") }
        if entry.one_off == true, entry.schedule.type != "clocked" {
            job.problems.append("it is sent once and no more (one_off); write it with at: and a moment")
        }
        do {
            try write(entry, CelerySchedule(entry.schedule), of: app, to: &job)
        } catch {
            job.problems.append(error.description)
        }
        return job
    }

    private static func write(
        _ entry: Exported.Entry, _ schedule: CelerySchedule, of app: Exported, to job: inout ImportedJob
    ) {
        job.set(schedule.rhythm.key, schedule.rhythm.value)
        if schedule.isOfCelerysDialect { job.set("dialect", CronDialect.celery.rawValue) }
        if let zone = entry.schedule.timezone, zone != app.timezone { job.set("timezone", zone) }
        if let start = entry.start ?? schedule.start { job.set("start", start) }
        if let end = entry.end ?? schedule.end { job.set("end", end) }
        job.describe(entry.description)
        var celery = [ImportedKey("task", .text(entry.task))]
        if entry.args != .array([]) { celery.append(ImportedKey("args", .json(entry.args.literal))) }
        if entry.kwargs != .object([:]) { celery.append(ImportedKey("kwargs", .json(entry.kwargs.literal))) }
        if entry.queue != app.queue { celery.append(ImportedKey("queue", .text(entry.queue))) }
        if let priority = entry.options.priority {
            celery.append(ImportedKey("priority", .json(.int(Int64(priority)))))
        }
        var options = entry.options
        if let hard = options.time_limit, let soft = options.soft_time_limit, soft >= hard {
            // The worker kills it before the other is due, or just then.
            job.left.append("the option soft_time_limit=\(soft)")
            options.soft_time_limit = nil
        }
        let lengths = [
            ("expires", options.expires), ("countdown", options.countdown),
            ("time_limit", options.time_limit), ("soft_time_limit", options.soft_time_limit),
        ]
        for (key, seconds) in lengths {
            guard let seconds else { continue }
            if let text = CelerySchedule.length(seconds) {
                celery.append(ImportedKey(key, .text(text)))
            } else if key != "countdown" || seconds != 0 {
                job.left.append("the option \(key)=\(seconds)")
            }
        }
        if let headers = entry.options.headers, headers != .object([:]) {
            celery.append(ImportedKey("headers", .json(headers.literal)))
        }
        if !app.hasReadableResults { celery.append(ImportedKey("outcome", .text("dispatch"))) }
        job.set("celery", .map(celery))
    }
}

/// What is known of an application; what the exporter prints.
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
        var description: String?
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
        /// An ISO 8601 repeating interval; of RedBeat's `rrule`.
        var repeats: String?
        var until: String?
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
    var compression: String?
    var prefix: String?
    var results_prefix: String?
    var priority_steps: [Int]
    var separator: String
    var scheduler: String
    /// `false` where ``results`` could not be found out.
    var knowsResults: Bool?
    var entries: [Entry]

    /// Whether a task's end can be seen: what is no Redis (a database, a cache, `rpc://`) is not read here, and a run would wait for
    /// it in vain.
    var hasReadableResults: Bool { (results ?? "").lowercased().hasPrefix("redis") }
}
