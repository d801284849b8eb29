import Foundation
import Onebeat

/// Chronos' jobs, as `GET /v1/scheduler/jobs` gives them, and as they were posted.
package enum ChronosImport {
    /// What Chronos counts and notes, and what has no counterpart and is the default of most jobs.
    private static let passedOver: Set = [
        "successCount", "errorCount", "lastError", "errorsSinceLastSuccess", "cpus", "mem", "disk", "gpus",
        "lastSuccess",
        "taskInfoData", "executorFlags", "async", "dataProcessingJobType", "ownerName", "executor", "softError", "uris",
        "fetch", "constraints", "arguments", "shell", "highPriority", "concurrent", "container", "labels", "type",
    ]
    private static let read: Set = [
        "name", "description", "command", "epsilon", "retries", "disabled", "environmentVariables", "runAsUser",
        "owner",
        "schedule", "scheduleTimeZone", "parents",
    ]

    /// - Parameter name: where the text is from.
    package static func file(_ text: String, name: String) throws(ImportError) -> ImportedFile {
        let value: JSONValue
        do {
            value = try JSONValue(json: Array(text.utf8))
        } catch {
            throw ImportError("\(name) is no JSON: \(text.jsonProblem)")
        }
        let entries = value.elements ?? [value]
        var jobs: [ImportedJob] = []
        for (index, entry) in entries.enumerated() {
            guard let members = entry.members, let own = members["name"]?.string else {
                throw ImportError(
                    "\(name): entry \(index + 1) is no job of Chronos with a name; read GET /v1/scheduler/jobs of it")
            }
            jobs.append(job(own, members))
        }
        return try ImportedFile(
            heading: "From Chronos' jobs in \(name), by onebeat import chronos.", scheduler: "Chronos", jobs: jobs,
            remarks: entries.contains { $0.members?["mem"] != nil || $0.members?["cpus"] != nil }
                ? [
                    "what Mesos was asked to set aside (cpus, mem, disk, gpus) is not carried over; limits.memory bounds a job's memory"
                ]
                : [])
    }

    private static func job(_ name: String, _ members: [String: JSONValue]) -> ImportedJob {
        var job = ImportedJob(name, what: members["command"]?.string ?? "")
        job.isDisabled = members["disabled"] == .bool(true)
        setSchedule(members, &job)
        setWork(members, &job)
        job.describe(members["description"]?.string)
        if let owner = owner(members) { job.set("owner", owner) }
        let limit = members["retries"]?.int ?? 2
        if limit != 0 { job.set("retry", .json(.object(["limit": .int(limit)]))) }
        if let epsilon = members["epsilon"]?.string, !epsilon.isEmpty {
            if let length = Duration(iso8601: epsilon), length > .zero {
                job.set("deadline", length.text)
            } else {
                job.left.append("epsilon=\(epsilon)")
            }
        }
        // Chronos starts no second run beside one that goes on, unless told.
        if members["concurrent"] == .bool(true) { job.set("overlap", "allow") }
        if members["highPriority"] == .bool(true) { job.set("priority", .json(.int(1))) }
        if let last = members["lastSuccess"]?.string, !last.isEmpty {
            job.comments.append("Last success in Chronos: \(last).")
        }
        tellWhatIsLeft(members, &job)
        return job
    }

    private static func setSchedule(_ members: [String: JSONValue], _ job: inout ImportedJob) {
        let parents = members["parents"]?.elements ?? []
        job.after = parents.compactMap(\.string)
        if job.after.count != parents.count { job.problems.append("its parents are no list of names") }
        let schedule = members["schedule"]?.string
        switch (schedule, job.after.isEmpty) {
        case (let text?, true):
            guard let zone = members["scheduleTimeZone"]?.string, !zone.isEmpty else { return job.set("repeat", text) }
            // The zone's clock shows what is written, whatever offset stands behind it.
            job.set("repeat", text.replacing(#/(?:Z|[+-]\d\d:?\d\d)(?=\/P)/#, with: ""))
            job.set("timezone", zone)
        case (nil, false): break
        case (nil, true): job.problems.append("it has neither schedule nor parents")
        case (_?, false): job.problems.append("it has both schedule and parents; make them two jobs")
        }
    }

    private static func setWork(_ members: [String: JSONValue], _ job: inout ImportedJob) {
        let command = members["command"]?.string ?? ""
        let arguments = (members["arguments"]?.elements ?? []).map { $0.string ?? $0.text }
        if let container = members["container"]?.members {
            let image = container["image"]?.string ?? "an image without a name"
            let words = ([command] + arguments.map(\.shellWord)).filter { !$0.isEmpty }.joined(separator: " ")
            job.comments.append("In Chronos, in a container of \(image.brief): \(words.brief)")
            job.setNothingToRun()
            return
        }
        if command.isEmpty { job.problems.append("it has no command") }
        if members["shell"] == .bool(false) {
            job.set("exec", .list([command] + arguments))
        } else {
            job.set("run", command)
            if !arguments.isEmpty {
                job.left.append(
                    "arguments=\(JSONValue.array(arguments.map { .string($0) }).text) beside a shell's line")
            }
        }
        if let user = members["runAsUser"]?.string, !user.isEmpty { job.set("user", user) }
        setEnvironment(members["environmentVariables"]?.elements ?? [], &job)
    }

    private static func setEnvironment(_ variables: [JSONValue], _ job: inout ImportedJob) {
        var environment: [ImportedKey] = []
        for variable in variables {
            let name = variable.members?["name"]?.string ?? ""
            let value = variable.members?["value"].map { $0.string ?? $0.text } ?? ""
            if !EnvironmentExpansion.isName(name) || WorkReader.reserved.contains(name) {
                job.left.append("the variable \(quoted(name)), reserved or no name")
            } else {
                environment.removeAll { $0.key == name }
                environment.append(ImportedKey(name, .text(value.literal)))
            }
        }
        if !environment.isEmpty { job.set("env", .map(environment)) }
    }

    private static func owner(_ members: [String: JSONValue]) -> String? {
        [members["owner"], members["ownerName"]].compactMap { $0?.string }.first { !$0.isEmpty }
    }

    /// What Chronos fills in where nobody said anything says nothing.
    private static func tellWhatIsLeft(_ members: [String: JSONValue], _ job: inout ImportedJob) {
        let telling = [
            "async", "dataProcessingJobType", "softError", "uris", "fetch", "constraints", "labels", "executor",
            "executorFlags", "taskInfoData",
        ]
        let unknown = members.keys.filter { !passedOver.contains($0) && !read.contains($0) }
        for key in (telling + unknown).sorted() {
            switch members[key] {
            case nil, .null?, .bool(false)?, .string("")?, .array([])?, .object([:])?: break
            case let value?: job.left.append("\(key)=\(value.text)")
            }
        }
    }
}

extension String {
    /// What keeps it from being JSON, with the line where that is known: `JSONDecoder` says neither.
    fileprivate var jsonProblem: String {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(utf8), options: .fragmentsAllowed)
            return "it has a value that is not read"
        } catch {
            let words = (error as NSError).userInfo["NSDebugDescription"] as? String ?? "it cannot be read"
            guard let match = words.firstMatch(of: /^(.*) around character (\d+)/), let offset = Int(match.2) else {
                return words
            }
            return "line \(utf8.prefix(offset).count { $0 == UInt8(ascii: "\n") } + 1): \(match.1)"
        }
    }
}
