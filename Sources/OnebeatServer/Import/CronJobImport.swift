import Onebeat

/// Kubernetes' CronJobs, as files and `kubectl get cronjobs -o yaml` have them.
package enum CronJobImport {
    /// How deep a list may be in a list.
    private static let deepest = 4

    /// - Parameter name: where the text is from.
    package static func file(_ text: String, name: String) throws(ImportError) -> ImportedFile {
        var found = Found()
        for document in Self.documents(of: text) {
            let root: YAMLNode?
            do {
                root = try YAMLComposer.compose(document.text)
            } catch {
                throw ImportError("\(name), line \(document.line + error.position.line): \(words(for: error.kind))")
            }
            if let root, !root.isEmpty { found.add(root, from: document.line, depth: 0) }
        }
        guard !found.jobs.isEmpty || !found.others.isEmpty else { throw ImportError("\(name) is empty") }
        var remarks = [
            "what is about Kubernetes itself is not carried over: images, volumes, resources, service accounts, labels, limits of its history"
        ]
        if found.lacksZone {
            remarks.append(
                "a CronJob without timeZone is in the zone of its cluster's controller, taken to be UTC here")
        }
        if found.lacksDeadline {
            remarks.append(
                "a CronJob without startingDeadlineSeconds starts however late it is, a job here within an hour; deadline says otherwise"
            )
        }
        return try ImportedFile(
            heading: "From the CronJobs in \(name), by onebeat import cronjob.", scheduler: "Kubernetes",
            jobs: found.jobs, remarks: remarks + found.others)
    }

    /// A file's documents, each with the number of lines before it. A line that starts with three hyphens is never part of a value.
    private static func documents(of text: String) -> [(line: Int, text: String)] {
        var documents: [(line: Int, lines: [Substring])] = [(0, [])]
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line == "---" || line.hasPrefix("--- ") || line.hasPrefix("---\r") {
                documents.append((number, [line]))
            } else {
                documents[documents.count - 1].lines.append(line)
            }
        }
        return documents.map { ($0.line, $0.lines.joined(separator: "\n")) }
    }

    private static func words(for kind: YAMLComplaint.Kind) -> String {
        switch kind {
        case .syntax(let words): "\(words); is it YAML, and no template?"
        case .character(let words, _): words
        case .anchor: "anchors and aliases are not read; kubectl get -o yaml writes none"
        case .tag: "tags are not read"
        case .keyIsNoText(let kind): "a key is \(kind)"
        case .givenTwice(let key, _): "\(quoted(key)) is given more than once"
        case .tooDeep: "it is nested too deeply"
        case .tooMuch: "it has more than \(YAMLComposer.most) values"
        case .secondDocument: "a second document starts without ---"
        }
    }

    /// What the documents held.
    private struct Found {
        var jobs: [ImportedJob] = []
        /// What is no CronJob.
        var others: [String] = []
        var lacksZone = false
        var lacksDeadline = false

        mutating func add(_ node: YAMLNode, from line: Int, depth: Int) {
            let kind = node["kind"]?.text ?? "without a kind"
            let place = "line \(line + node.position.line)"
            switch kind {
            case "CronJob": add(CronJobReader(node: node, place: place))
            case "List", "CronJobList":
                guard depth < deepest else { return others.append("\(place): lists in lists are not read so deep") }
                for item in node["items"]?.list ?? [] { add(item, from: line, depth: depth + 1) }
            default: others.append("\(place) is \(quoted(kind)) and no CronJob; it is passed over")
            }
        }

        private mutating func add(_ reader: CronJobReader) {
            jobs.append(reader.job)
            if reader.job.isDisabled { return }
            lacksZone = lacksZone || reader.node["spec"]?["timeZone"]?.text == nil
            lacksDeadline = lacksDeadline || reader.node["spec"]?["startingDeadlineSeconds"]?.text == nil
        }
    }
}

/// Reads one CronJob.
private struct CronJobReader {
    let node: YAMLNode
    let place: String

    var job: ImportedJob {
        let metadata = node["metadata"]
        let name = metadata?["name"]?.text ?? metadata?["generateName"]?.text ?? "cronjob"
        let namespace = metadata?["namespace"]?.text.flatMap { $0 == "default" ? nil : $0 }
        var job = ImportedJob(namespace.map { "\($0)/\(name)" } ?? name, what: "the CronJob at \(place)")
        guard let spec = node["spec"] else {
            job.problems.append("it has no spec")
            return job
        }
        job.isDisabled = spec["suspend"]?.text == "true"
        setSchedule(spec, &job)
        setPolicies(spec, &job)
        let run = spec["jobTemplate"]?["spec"]
        setLimits(run, &job)
        let pod = run?["template"]?["spec"]
        for key in ["initContainers", "containers"] {
            for container in pod?[key]?.list ?? [] { job.comments.append(words(for: container)) }
        }
        job.setNothingToRun()
        return job
    }

    private func setSchedule(_ spec: YAMLNode, _ job: inout ImportedJob) {
        guard var text = spec["schedule"]?.text?.trimming(" \t") else {
            job.problems.append("it has no schedule")
            return
        }
        var zone = spec["timeZone"]?.text
        if let match = text.firstMatch(of: #/^(?:CRON_)?TZ=(\S+)\s+/#) {
            zone = zone ?? String(match.1)
            text = String(text[match.range.upperBound...])
        }
        if text.lowercased().hasPrefix("@every ") {
            job.set("every", text.dropFirst(7).trimming(" "))
        } else {
            job.set("cron", DayFields.listed(text))
        }
        if let zone { job.set("timezone", zone == "Local" ? "UTC" : zone) }
    }

    private func setPolicies(_ spec: YAMLNode, _ job: inout ImportedJob) {
        switch spec["concurrencyPolicy"]?.text ?? "Allow" {
        case "Allow": job.set("overlap", "allow")
        case "Forbid": job.set("overlap", "skip")
        case "Replace": job.set("overlap", "cancel")
        case let policy: job.problems.append("its concurrencyPolicy is \(quoted(policy))")
        }
        setSeconds("deadline", spec["startingDeadlineSeconds"], &job)
    }

    private func setLimits(_ run: YAMLNode?, _ job: inout ImportedJob) {
        // Kubernetes waits 10 s, 20 s and so on, and 6 min at most; without a word it tries six times more.
        let limit = run?["backoffLimit"]?.text ?? "6"
        if let limit = Int64(limit), limit >= 0 {
            if limit > 0 {
                job.set("retry", .json(.object(["limit": .int(min(limit, 1000)), "backoff": "10s", "max": "6m"])))
            }
        } else {
            job.problems.append("its backoffLimit is \(quoted(limit))")
        }
        if run?["activeDeadlineSeconds"]?.text != nil {
            job.notes.append("activeDeadlineSeconds is for all attempts together there, timeout for each of them")
            setSeconds("timeout", run?["activeDeadlineSeconds"], &job)
        }
        for key in ["completions", "parallelism"] {
            if let count = run?[key]?.text, count != "1" { job.left.append("\(key) \(count)") }
        }
    }

    private func setSeconds(_ key: String, _ node: YAMLNode?, _ job: inout ImportedJob) {
        guard let text = node?.text else { return }
        if let seconds = Int64(text), (1...10_000_000_000).contains(seconds) {
            job.set(key, Duration.seconds(seconds).text)
        } else {
            job.problems.append("the seconds for its \(key) are \(quoted(text))")
        }
    }

    private func words(for container: YAMLNode) -> String {
        let words = ["command", "args"].flatMap { container[$0]?.list ?? [] }.map { ($0.text ?? "?").shellWord }
        let command = words.isEmpty ? "the image's own command" : words.joined(separator: " ")
        return "In Kubernetes, in a container of \(container["image"]?.text ?? "?"): \(command)"
    }
}

extension YAMLNode {
    /// The value of a map's key.
    fileprivate subscript(key: String) -> YAMLNode? {
        guard case .mapping(let mapping) = self else { return nil }
        return mapping.pairs.first { $0.key.string == key }?.value
    }

    /// What is written, where it is text and something is written.
    fileprivate var text: String? { isEmpty ? nil : scalar?.string }

    fileprivate var list: [YAMLNode]? { if case .sequence(let list) = self { list.nodes } else { nil } }
}
