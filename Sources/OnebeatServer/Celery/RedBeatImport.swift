import Onebeat
import OnebeatRedis

/// RedBeat's entries: a sorted set names their keys, and each is a hash of `definition` and `meta`.
package enum RedBeatImport {
    /// Keys that are asked for in one flight.
    private static let flight = 100

    /// - Parameters:
    ///   - prefix: the application's `redbeat_key_prefix`.
    /// - Throws: ``ImportError`` when there is no schedule there; ``RedisError`` when Redis does not answer.
    package static func file(
        from client: RedisClient, prefix: String, guess: CeleryGuess
    ) async throws -> ImportedFile {
        let set = client.address.prefix + prefix + ":schedule"
        let place = "\(client.address)"
        let replies = try await client.send([RedisCommand("ZRANGE", set, "0", "\(ImportedFile.mostJobs)")])
        guard let reply = replies.first, case .array(let members) = reply else {
            throw ImportError("\(set) in \(place) is no sorted set of RedBeat's: \(replies.first?.kind ?? "no answer")")
        }
        let keys = members.compactMap(\.text)
        guard !keys.isEmpty else {
            throw ImportError(
                "there is no \(set) in \(place); is that the database of redbeat_redis_url, and \(quoted(prefix)) its redbeat_key_prefix?"
            )
        }
        var entries: [Exported.Entry] = []
        for start in stride(from: 0, to: keys.count, by: flight) {
            let some = keys[start..<min(start + flight, keys.count)]
            let hashes = try await client.send(some.map { RedisCommand("HMGET", $0, "definition", "meta") })
            entries += zip(some, hashes).map { entry(key: $0, $1, prefix: prefix) }
        }
        return try file(entries, heading: "From RedBeat's keys in \(place), by onebeat import redbeat.", guess)
    }

    static func file(
        _ entries: [Exported.Entry], heading: String, _ guess: CeleryGuess
    ) throws(ImportError) -> ImportedFile {
        var remarks = [CeleryGuess.routes]
        if entries.contains(where: { $0.schedule.type == "crontab" }) {
            remarks.append("crontabs are read in \(guess.timezone); --timezone says which zone the application has")
        }
        return try CeleryImport.file(
            guess.application(entries.sorted { $0.name < $1.name }, scheduler: "redbeat"), heading: heading, remarks)
    }

    private static func entry(key: String, _ reply: RedisReply, prefix: String) -> Exported.Entry {
        let name = key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key
        guard case .array(let parts) = reply, parts.count == 2 else {
            var entry = Exported.Entry(stored: name, task: "?")
            entry.problems.append("its key \(quoted(key)) holds no hash of RedBeat's: \(reply.kind)")
            return entry
        }
        return entry(name, definition: parts[0].text, meta: parts[1].text)
    }

    static func entry(_ name: String, definition: String?, meta: String?) -> Exported.Entry {
        guard let definition, let members = JSONValue.reading(definition)?.members else {
            var entry = Exported.Entry(stored: name, task: "?")
            entry.problems.append(
                definition == nil ? "it has no definition; RedBeat passes over it" : "its definition is no JSON object")
            return entry
        }
        var entry = Exported.Entry(stored: name, task: members["task"]?.string)
        entry.enabled = members["enabled"] != .bool(false)
        entry.take(arguments: members["args"], keywords: members["kwargs"])
        entry.take(options: members["options"]?.members ?? [:])
        do {
            entry.schedule = try schedule(members["schedule"]?.members ?? [:])
        } catch {
            entry.problems.append(error.description)
        }
        if members["schedule"]?.members?["relative"] == .bool(true) { entry.left.append("relative=true") }
        // Before its first run RedBeat has the moment of the entry's making there.
        let known = meta.flatMap(JSONValue.reading)?.members ?? [:]
        if (known["total_run_count"]?.int ?? 0) > 0 { entry.last_run = moment(known["last_run_at"]) }
        return entry
    }

    private static func schedule(
        _ members: [String: JSONValue]
    ) throws(CelerySchedule.Problem) -> Exported.When {
        switch members["__type__"]?.string {
        case "interval": return Exported.When(type: "interval", seconds: members["every"]?.double)
        case "crontab": return Exported.When(type: "crontab", sets: try CeleryCrontab.sets(members))
        case "rrule": return try rule(members)
        case let type:
            return Exported.When(type: "unknown", python: "\(type ?? "?") \(JSONValue.object(members).text)".brief)
        }
    }

    /// A rule without any `by…` is a repeating interval. Its start has an offset and no zone, so days are 24 hours long.
    private static func rule(_ members: [String: JSONValue]) throws(CelerySchedule.Problem) -> Exported.When {
        let names = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]
        let units = ["P%Y", "P%M", "P%W", "P%D", "PT%H", "PT%M", "PT%S"]
        let choosing = members.keys.filter { $0.hasPrefix("by") && members[$0] != .null }.sorted()
        guard choosing.isEmpty else {
            throw .init(
                description: "its rule (rrule) has \(choosing.joined(separator: ", ")); write it as cron, or as several"
            )
        }
        let number =
            members["freq"]?.int
            ?? members["freq"]?.string.flatMap { names.firstIndex(of: $0.uppercased()) }
            .map(Int64.init)
        let interval = members["interval"]?.int ?? 1
        guard let number, let unit = units.indices.contains(Int(number)) ? Int(number) : nil,
            let start = instant(members["dtstart"]), (1...1_000_000).contains(interval)
        else { throw .init(description: "its rule (rrule) has no frequency, or no start (dtstart)") }
        let shift = Int64(max(-1500, min(1500, members["dtstart_tz"]?.double ?? 0))) * 60
        let day = Int("\(Timestamp(seconds: Int64(start.seconds) + shift))".dropFirst(8).prefix(2)) ?? 0
        guard unit > 1 || day <= 28 else {
            throw .init(
                description: "its rule (rrule) is for day \(day), and leaves out months without; write it as cron")
        }
        let count = members["count"]?.int.map { "\($0)" } ?? ""
        let period = units[unit].replacing("%", with: "\(interval)")
        return Exported.When(
            type: "repeats", timezone: "UTC", repeats: "R\(count)/\(start)/\(period)",
            until: instant(members["until"])?.description)
    }

    /// Seconds since 1970, up to the year 9999.
    private static func instant(_ value: JSONValue?) -> Timestamp? {
        value?.int.flatMap { (0...253_402_300_799).contains($0) ? Timestamp(seconds: $0) : nil }
    }

    /// A moment in words: it goes into a comment and is not reckoned with.
    private static func moment(_ value: JSONValue?) -> String? {
        guard let members = value?.members else { return nil }
        let numbers = ["year", "month", "day", "hour", "minute", "second"].map { members[$0]?.int ?? 0 }
        guard numbers.allSatisfy({ (0...9999).contains($0) }) else { return nil }
        let parts = numbers.map { $0 < 10 ? "0\($0)" : "\($0)" }
        let zone = members["timezone"]?.string ?? members["timezone"]?.text ?? "UTC"
        return "\(parts[0])-\(parts[1])-\(parts[2])T\(parts[3]):\(parts[4]):\(parts[5])"
            + (zone == "UTC" ? "Z" : " \(zone)")
    }
}
