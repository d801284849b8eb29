import Onebeat

/// Rows of somebody else's table: each a map from columns to texts, without those that are NULL.
package typealias ForeignRows = [[String: String]]

/// The entries of django-celery-beat, as it keeps them in tables of its own.
package enum DjangoImport {
    private static let prefix = "django_celery_beat_"

    /// - Parameters:
    ///   - place: the database, for the heading; no password is in it.
    ///   - rows: those of a table; `nil` where there is no such table.
    package static func file(
        from place: String, guess: CeleryGuess, rows: (String) async throws -> ForeignRows?
    ) async throws -> ImportedFile {
        guard let entries = try await rows("\(prefix)periodictask") else {
            throw ImportError(
                "there is no table \(prefix)periodictask in \(place); is that the database of Django's settings?")
        }
        var schedules: [String: [String: [String: String]]] = [:]
        for kind in ["interval", "crontab", "solar", "clocked"] {
            let found = try await rows("\(prefix)\(kind)schedule") ?? []
            schedules[kind] = Dictionary(found.map { ($0["id"] ?? "", $0) }) { first, _ in first }
        }
        let read = entries.map { entry($0, schedules) }.sorted { $0.name < $1.name }
        var remarks = [CeleryGuess.routes]
        if place.hasPrefix("sqlite"), read.contains(where: { ($0.start ?? $0.end ?? $0.schedule.at) != nil }) {
            remarks.append("moments are read as UTC, as Django keeps them where USE_TZ is true")
        }
        return try CeleryImport.file(
            guess.application(read, scheduler: "django"),
            heading: "From django-celery-beat's tables in \(place), by onebeat import django.", remarks)
    }

    private static func entry(
        _ row: [String: String], _ schedules: [String: [String: [String: String]]]
    ) -> Exported.Entry {
        var entry = Exported.Entry(stored: row["name"] ?? "?", task: row["task"])
        entry.description = row["description"]
        entry.enabled = isTrue(row["enabled"])
        entry.one_off = isTrue(row["one_off"])
        entry.take(
            arguments: json(row["args"], "args", "[]", &entry), keywords: json(row["kwargs"], "kwargs", "{}", &entry))
        var options: [String: JSONValue] = [:]
        for key in ["queue", "exchange", "routing_key"] { options[key] = row[key].map { .string($0) } }
        options["priority"] = row["priority"].flatMap(Int64.init).map { .int($0) }
        options["expires"] = row["expire_seconds"].flatMap(Int64.init).map { .int($0) }
        options["headers"] = json(row["headers"], "headers", "{}", &entry)
        entry.take(options: options)
        entry.start = moment(row["start_time"], "start_time", &entry)
        entry.end = moment(row["expires"], "expires", &entry)
        entry.last_run = moment(row["last_run_at"], "last_run_at", &entry)
        do {
            entry.schedule = try schedule(row, schedules, &entry)
        } catch {
            entry.problems.append(error.description)
        }
        return entry
    }

    private static func schedule(
        _ row: [String: String], _ schedules: [String: [String: [String: String]]], _ entry: inout Exported.Entry
    ) throws(CelerySchedule.Problem) -> Exported.When {
        let given = ["interval", "crontab", "solar", "clocked"].filter { row["\($0)_id"] != nil }
        guard let kind = given.first, given.count == 1 else {
            throw .init(
                description: given.isEmpty ? "it has no schedule" : "it has \(given.joined(separator: " and "))")
        }
        guard let found = schedules[kind]?[row["\(kind)_id"] ?? ""] else {
            throw .init(description: "its \(kind) is not in the table of those")
        }
        switch kind {
        case "interval":
            let units = ["days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1, "microseconds": 1e-6]
            let unit = found["period"].flatMap { units[$0] }
            let every = found["every"].flatMap(Double.init)
            return Exported.When(type: "interval", seconds: unit.flatMap { unit in every.map { $0 * unit } })
        case "crontab":
            let fields = found.filter { CeleryCrontab.fields.contains($0.key) }.mapValues { JSONValue.string($0) }
            return Exported.When(
                type: "crontab", sets: try CeleryCrontab.sets(fields), timezone: found["timezone"] ?? "UTC")
        case "solar":
            return Exported.When(
                type: "solar", event: found["event"], latitude: found["latitude"].flatMap(Double.init),
                longitude: found["longitude"].flatMap(Double.init))
        default:
            return Exported.When(type: "clocked", at: moment(found["clocked_time"], "clocked_time", &entry))
        }
    }

    private static func isTrue(_ text: String?) -> Bool { ["1", "t", "true"].contains(text) }

    private static func json(
        _ text: String?, _ column: String, _ blank: String, _ entry: inout Exported.Entry
    ) -> JSONValue? {
        guard let text, !text.isEmpty, text != blank else { return nil }
        if let value = JSONValue.reading(text) { return value }
        entry.problems.append("its \(column) are no JSON: \(quoted(text))")
        return nil
    }

    /// `2026-01-02 03:04:05.678+00`, as SQLite and PostgreSQL (in UTC) have it.
    private static func moment(_ text: String?, _ column: String, _ entry: inout Exported.Entry) -> String? {
        guard let text else { return nil }
        let whole = text.prefix(19).replacing(" ", with: "T")
        let rest = text.dropFirst(19).drop { $0 == "." || $0.isNumber }
        if ["", "+00", "+00:00", "Z"].contains(rest), let moment = Timestamp(iso8601: whole + "Z") {
            return moment.description
        }
        entry.problems.append("its \(column) is \(quoted(text)), which is no moment")
        return nil
    }
}
