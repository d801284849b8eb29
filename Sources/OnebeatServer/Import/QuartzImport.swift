import Onebeat

/// Quartz: lines of cron expressions, with or without a name before them, or the XML of its job scheduling data. Its tables, and
/// what a program schedules by itself, are not read.
package enum QuartzImport {
    /// - Parameters:
    ///   - name: where the text is from.
    ///   - timezone: the zone of triggers that name none; Quartz takes its machine's.
    package static func file(_ text: String, name: String, timezone: String) throws(ImportError) -> ImportedFile {
        let isXML = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.hasPrefix("<")
        let jobs = isXML ? try QuartzXML.jobs(text, name: name) : lines(text)
        guard !jobs.isEmpty else {
            throw ImportError("\(name) has no cron expression and no trigger; write a line like nightly = 0 0 3 * * ?")
        }
        return try ImportedFile(
            heading: "From Quartz' triggers in \(name), by onebeat import quartz.", scheduler: "Quartz",
            timezone: timezone, jobs: jobs,
            remarks: [
                "triggers without a zone are in that of Quartz' machine, taken to be \(timezone); --timezone says which"
            ])
    }

    /// `nightly = 0 0 3 * * ?`, or the expression alone.
    private static func lines(_ text: String) -> [ImportedJob] {
        var jobs: [ImportedJob] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.trimming(" \t\u{FEFF}")
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix("!") { continue }
            let halves = line.split(separator: "=", maxSplits: 1).map { $0.trimming(" \t\"';") }
            let isNamed = halves.count == 2
            var job = ImportedJob(
                isNamed ? halves[0] : "line-\(index + 1)", what: "line \(index + 1), \(quoted(line))")
            setCron(isNamed ? halves[1] : line.trimming("\"';"), &job)
            job.setNothingToRun()
            jobs.append(job)
            if jobs.count > ImportedFile.mostJobs { break }
        }
        return jobs
    }

    static func setCron(_ text: String, _ job: inout ImportedJob) {
        job.set("cron", text)
        job.set("dialect", CronDialect.quartz.rawValue)
    }
}

/// The XML of Quartz' job scheduling data: as much of XML as it takes, without entities of its own.
private struct QuartzXML {
    private static let deepest = 32
    private static let triggers: Set = ["cron", "simple", "calendar-interval"]

    /// A job or a trigger: texts of its elements by their names.
    private struct Item {
        var kind: String
        var line: Int
        var values: [String: String] = [:]
    }

    private var items: [Item] = []
    private var open: [String] = []
    /// How deep the item is that is being read.
    private var itemDepth: Int?
    private var text = ""
    private var line = 1

    static func jobs(_ text: String, name: String) throws(ImportError) -> [ImportedJob] {
        var reader = QuartzXML()
        try reader.read(text[...], name: name)
        return reader.jobs
    }

    private mutating func read(_ whole: Substring, name: String) throws(ImportError) {
        var rest = whole
        while let start = rest.firstIndex(of: "<") {
            add(String(rest[..<start]))
            rest = rest[start...]
            if rest.hasPrefix("<!--") {
                rest = skip(rest, past: "-->")
            } else if rest.hasPrefix("<![CDATA[") {
                let end = rest.range(of: "]]>")
                text += rest[rest.index(rest.startIndex, offsetBy: 9)..<(end?.lowerBound ?? rest.endIndex)]
                rest = skip(rest, past: "]]>")
            } else if rest.hasPrefix("<?") {
                rest = skip(rest, past: "?>")
            } else if rest.hasPrefix("<!") {
                throw ImportError("\(name), line \(line): a document type is not read; take it out")
            } else {
                let tag = rest.prefix { $0 != ">" }
                guard tag.endIndex < rest.endIndex else {
                    throw ImportError("\(name), line \(line): a tag is not closed")
                }
                try take(tag.dropFirst(), name: name)
                rest = skip(rest, past: ">")
            }
        }
        guard open.isEmpty else { throw ImportError("\(name): <\(open.last ?? "")> is not closed") }
    }

    private mutating func skip(_ rest: Substring, past mark: String) -> Substring {
        let end = rest.range(of: mark)?.upperBound ?? rest.endIndex
        line += rest[..<end].count(where: \.isNewline)
        return rest[end...]
    }

    private mutating func add(_ part: String) {
        line += part.count(where: \.isNewline)
        var part = part
        for (entity, character) in [("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'"), ("amp", "&")] {
            part = part.replacing("&\(entity);", with: character)
        }
        text += part
    }

    private mutating func take(_ tag: Substring, name file: String) throws(ImportError) {
        let isEnd = tag.hasPrefix("/")
        let full = tag.drop { $0 == "/" }.prefix { !$0.isWhitespace && $0 != "/" }
        let name = String(full.split(separator: ":").last ?? full)
        if isEnd {
            guard open.last == name else {
                throw ImportError("\(file), line \(line): </\(name)> closes <\(open.last ?? "")>; is it XML?")
            }
            if itemDepth == open.count { itemDepth = nil } else { keep(name) }
            open.removeLast()
        } else if !tag.hasSuffix("/") {
            open.append(name)
            guard open.count <= Self.deepest else {
                throw ImportError("\(file), line \(line): it is nested too deeply")
            }
            let isTrigger = Self.triggers.contains(name) && open.dropLast().last == "trigger"
            if itemDepth == nil, isTrigger || name == "job" {
                items.append(Item(kind: name, line: line))
                itemDepth = open.count
            }
        }
        text = ""
    }

    /// An element within a job or a trigger has ended.
    private mutating func keep(_ name: String) {
        guard let itemDepth, !items.isEmpty else { return }
        let isDeep = open.count > itemDepth + 1
        items[items.count - 1].values[isDeep ? open[itemDepth] : name] = text.trimming(" \t\r\n")
    }

    private var jobs: [ImportedJob] {
        let definitions = items.filter { $0.kind == "job" }
        let known = Dictionary(definitions.map { (Self.name($0.values, "name", "group"), $0.values) }) { first, _ in
            first
        }
        var triggered: Set<String> = []
        var jobs: [ImportedJob] = []
        for item in items where item.kind != "job" {
            let name = Self.name(item.values, "job-name", "job-group")
            triggered.insert(name)
            jobs.append(Self.job(name, item, known[name] ?? [:]))
        }
        for item in definitions {
            let name = Self.name(item.values, "name", "group")
            guard !triggered.contains(name) else { continue }
            var job = ImportedJob(name, what: "the job at line \(item.line)")
            job.problems.append("no trigger of this file starts it")
            jobs.append(job)
        }
        return jobs
    }

    private static func name(_ values: [String: String], _ key: String, _ group: String) -> String {
        let name = values[key] ?? "?"
        return values[group].map { $0 == "DEFAULT" || $0.isEmpty ? name : "\($0)/\(name)" } ?? name
    }

    private static func job(_ name: String, _ trigger: Item, _ definition: [String: String]) -> ImportedJob {
        let values = trigger.values
        var job = ImportedJob(name, what: "the \(trigger.kind) trigger at line \(trigger.line)")
        switch (trigger.kind, values["cron-expression"]) {
        case ("cron", let text?): QuartzImport.setCron(text, &job)
        case ("simple", _) where values["repeat-count"] == "-1":
            job.set("every", "\(values["repeat-interval"] ?? "0")ms")
        default: job.problems.append("its trigger is \(trigger.kind); write it as repeat: or at:")
        }
        if let zone = values["time-zone"] { job.set("timezone", zone) }
        if let start = values["start-time"] { job.set("start", start) }
        if let end = values["end-time"] { job.set("end", end) }
        switch values["misfire-instruction"] {
        case "MISFIRE_INSTRUCTION_DO_NOTHING": job.set("missed", "skip")
        case "MISFIRE_INSTRUCTION_IGNORE_MISFIRE_POLICY": job.set("missed", "all")
        case nil, "MISFIRE_INSTRUCTION_SMART_POLICY", "MISFIRE_INSTRUCTION_FIRE_ONCE_NOW": break
        case let other?: job.left.append("misfire-instruction \(other)")
        }
        for key in ["calendar-name", "priority", "job-data-map", "start-time-seconds-in-future"]
        where values[key] != nil {
            job.left.append(key == "job-data-map" ? "a job-data-map" : "\(key) \(values[key] ?? "")")
        }
        if definition["job-data-map"] != nil { job.left.append("a job-data-map") }
        job.describe(values["description"] ?? definition["description"])
        if let program = definition["job-class"] { job.comments.append("In Quartz it runs \(program).") }
        job.setNothingToRun()
        return job
    }
}
