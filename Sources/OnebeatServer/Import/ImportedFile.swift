import Foundation
import Onebeat

/// Another scheduler's jobs as a configuration file.
package struct ImportedFile: Sendable {
    /// The configuration, ready to be written to a file.
    package private(set) var yaml = ""
    /// How many jobs it gave.
    package private(set) var jobCount = 0
    /// What was not carried over or has changed.
    package private(set) var remarks: [String] = []

    /// More than any scheduler has; a file of ours holds fewer bytes than these would take.
    static let mostJobs = 20_000
    /// How many rows of a table are read: one more, so that what is too much is told.
    package static let mostRows = mostJobs + 1

    /// Writes jobs down.
    /// - Parameters:
    ///   - heading: the comment at the top.
    ///   - scheduler: whose jobs these are: `Celery`.
    ///   - timezone: the zone of jobs that name none.
    ///   - remarks: what is to be said of the whole.
    ///   - head: what goes before the jobs.
    init(
        heading: String, scheduler: String, timezone: String? = nil, head: YAMLWriter = YAMLWriter(),
        jobs: [ImportedJob], remarks: [String] = []
    ) throws(ImportError) {
        guard jobs.count <= Self.mostJobs else {
            throw ImportError(
                "there are \(jobs.count) jobs, and more than \(Self.mostJobs) are not carried over at once")
        }
        self.remarks = remarks
        var writer = YAMLWriter()
        writer.comment(heading)
        writer.blank()
        if let timezone { writer.pair("timezone", timezone) }
        writer.append(head)
        writer.blank()
        let prepared = PreparedJobs(jobs, timezone: timezone)
        jobCount = prepared.jobs.count { $0.job.problems.isEmpty && !$0.job.isDisabled }
        if jobs.isEmpty { writer.noEntries("jobs") } else { writer.key("jobs") }
        for (name, job) in prepared.jobs { write(job, name, of: scheduler, prepared.names, &writer) }
        yaml = writer.text
        if yaml.utf8.count > ConfigurationFile.largestSize {
            self.remarks.append("the file is larger than 4 MiB; split the jobs over several files")
        }
    }

    private mutating func write(
        _ job: ImportedJob, _ name: String, of scheduler: String, _ names: [String: String], _ writer: inout YAMLWriter
    ) {
        writer.blank()
        guard job.problems.isEmpty else {
            let what = job.what.isEmpty ? "" : " \(job.what.brief),"
            writer.comment("\(job.name.brief):\(what) not carried over:", depth: 1)
            for problem in job.problems {
                writer.comment("  \(problem)", depth: 1)
                remarks.append("\(job.name.brief) is not carried over: \(problem)")
            }
            for comment in job.comments { writer.comment(comment.brief, depth: 1) }
            return
        }
        for part in job.left {
            writer.comment("\(job.name.brief) has \(part.brief), which is not carried over", depth: 1)
            remarks.append("\(job.name.brief): \(part.brief) is not carried over")
        }
        for note in job.notes {
            writer.comment(note.first.map { $0.uppercased() + note.dropFirst() + "." } ?? "", depth: 1)
            remarks.append("\(job.name.brief): \(note)")
        }
        if name != job.name { writer.comment("In \(scheduler): \(job.name.brief)", depth: 1) }
        for comment in job.comments { writer.comment(comment.brief, depth: 1) }
        var text = YAMLWriter()
        Self.write(job, name, names, &text)
        if job.isDisabled {
            remarks.append("\(job.name.brief) is disabled in \(scheduler), so it is here as a comment")
            writer.comment("Disabled in \(scheduler):", depth: 1)
            for line in text.text.split(separator: "\n") { writer.comment(String(line.dropFirst(2)), depth: 1) }
        } else {
            writer.append(text)
        }
    }

    fileprivate static func write(
        _ job: ImportedJob, _ name: String, _ names: [String: String], _ writer: inout YAMLWriter
    ) {
        writer.key(name, depth: 1)
        let parents = job.after.compactMap { names[$0] }
        if !parents.isEmpty { writer.pair("after", JSONValue.array(parents.map { .string($0) }), depth: 2) }
        write(job.keys, 2, &writer)
    }

    private static func write(_ keys: [ImportedKey], _ depth: Int, _ writer: inout YAMLWriter) {
        for pair in keys {
            switch pair.value {
            case .text(let text): writer.pair(pair.key, text, depth: depth)
            case .json(let json): writer.pair(pair.key, json, depth: depth)
            case .list(let texts): writer.list(pair.key, texts, depth: depth)
            case .map(let inner):
                writer.key(pair.key, depth: depth)
                write(inner, depth + 1, &writer)
            }
        }
    }
}

/// Jobs with the names they have here, and with every reason why one of them cannot be.
private struct PreparedJobs {
    private(set) var jobs: [(name: String, job: ImportedJob)] = []
    /// Names here by names there.
    private(set) var names: [String: String] = [:]

    init(_ imported: [ImportedJob], timezone: String?) {
        var unique = UniqueNames()
        for job in imported {
            let name = unique.take(Self.name(job.name))
            if names[job.name] == nil { names[job.name] = name }
            jobs.append((name, job))
        }
        for index in jobs.indices where jobs[index].job.problems.isEmpty {
            jobs[index].job.problems = Self.problems(with: jobs[index].job, jobs[index].name, timezone)
        }
        findFollowers()
    }

    /// What the configuration's own reader says of the job: whatever the other scheduler had, what is written can be read.
    private static func problems(with job: ImportedJob, _ name: String, _ timezone: String?) -> [String] {
        var writer = YAMLWriter()
        if let timezone { writer.pair("timezone", timezone) }
        writer.key("jobs")
        ImportedFile.write(job, name, [:], &writer)
        do {
            // Long past, so that a moment that has passed since is none to complain of.
            let long = Timestamp(seconds: 0)
            _ = try ConfigurationFile.parse(writer.text, path: "", environment: [:], now: long)
            return []
        } catch {
            return error.problems.prefix(5).map { problem in
                [problem.key, problem.message].compactMap(\.self).joined(separator: " ")
            }
        }
    }

    /// A job can follow only what is here, and what leads to one schedule; found from the roots on, so that a circle, too, is a
    /// way that leads to none.
    private mutating func findFollowers() {
        var roots: [String: String] = [:]
        var place: [String: Int] = [:]
        var children: [String: [Int]] = [:]
        var missing = jobs.map { Set($0.job.after).count }
        var ready: [Int] = []
        for (index, (_, job)) in jobs.enumerated() {
            if place[job.name] == nil { place[job.name] = index }
            for parent in Set(job.after) { children[parent, default: []].append(index) }
            if missing[index] == 0 { ready.append(index) }
        }
        while let index = ready.popLast() {
            let job = jobs[index].job
            let above = Set(job.after.compactMap { roots[$0] })
            if above.count > 1 {
                let (first, second) = (above.min() ?? "", above.max() ?? "")
                jobs[index].job.problems.append(
                    "it follows two schedules, \(first) and \(second); write needs: for the one whose success it waits for"
                )
            }
            guard jobs[index].job.problems.isEmpty, !job.isDisabled, place[job.name] == index else { continue }
            roots[job.name] = above.first ?? jobs[index].name
            for child in children[job.name] ?? [] {
                missing[child] -= 1
                if missing[child] == 0 { ready.append(child) }
            }
        }
        for index in jobs.indices where missing[index] > 0 {
            let lost = Set(jobs[index].job.after.filter { roots[$0] == nil }).sorted()
            let why = lost.prefix(5).map { parent in
                guard let found = place[parent] else { return "\(parent.brief), which is not there" }
                if jobs[found].job.isDisabled { return "\(parent.brief), which is disabled" }
                return jobs[found].job.problems.isEmpty
                    ? "\(parent.brief), which no schedule leads to" : "\(parent.brief), which is not carried over"
            }
            jobs[index].job.problems.append("it follows \(why.joined(separator: "; "))")
        }
    }

    /// `app.tasks.add(1, 2)` is `app.tasks.add-1-2`.
    private static func name(_ name: String) -> String {
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
