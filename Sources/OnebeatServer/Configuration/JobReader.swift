import Onebeat

/// Reads one job.
struct JobReader {
    let name: String
    let nameMark: Position?
    let defaults: JobDefaults
    let now: Timestamp
    let zones: ZoneFiles
    let findings: Findings

    static let keys =
        WorkReader.keys + ScheduleReader.keys + PolicyReader.keys + [
            "description", "tags", "owner", "secret", "needs", "by", "each",
        ]

    private static let refused = [
        "pool": "pools are not in this version yet; limit bounds the runs of one job"
    ]

    /// The job, or `nil` when problems were reported.
    func read(_ node: YAMLNode) -> JobDefinition? {
        let place = Place(job: name)
        let before = findings.problemCount
        guard !node.isEmpty else {
            findings.problem(
                "it is empty; give it a schedule and run, exec, http or celery, or signal", at: nameMark, place)
            return nil
        }
        guard let map = MapReader(node, place, keys: Self.keys, refused: Self.refused, findings: findings) else {
            return nil
        }
        if map.has("signal") { return reporting(map) }
        let schedule = ScheduleReader(map: map, jobName: name, zones: zones).read(timezone: defaults.timezone)
        let work = WorkReader(map: map, defaults: defaults).read()
        let policies = PolicyReader.read(map, over: defaults.policies)
        let description = map.value("description", Read.words)
        let tags = map.value("tags", Read.list(of: Read.name)) ?? []
        let owner = map.value("owner", Read.name)
        let needs = needs(map)
        let secrets = map.value("secret", Read.list(of: Self.secret)) ?? []
        let by = map.value("by", Read.time)
        let list = map.value("each", Read.words)
        guard let schedule, let work, findings.problemCount == before else {
            checkName()
            return nil
        }
        var job = JobDefinition(
            name: name, schedule: schedule.definition, work: work, policies: policies, description: description)
        job.tags = tags
        job.owner = owner
        job.needs = needs
        job.hasSecretOutput = secrets.contains("output")
        job.by = by
        if let list {
            job.each = each(list, of: job, map)
            // What nobody bounded goes as wide as there are slots.
            if !map.has("overlap"), job.policies.limit == nil { job.policies.overlap = .allow }
        }
        if job.by != nil, case .manual = job.schedule.rhythm {
            map.warning("has no effect on a job that is never due", key: "by")
        }
        guard findings.problemCount == before else { return nil }
        do throws(DefinitionError) {
            job = try job.validated()
            if job.policies.overlapScope == .flow, job.isFollower, map.has("overlap") {
                map.warning("looks at the flow of the job that it begins with; write it there", key: "overlap")
            }
            if map.has("trigger_rule"), !job.isFollower {
                map.warning("has no effect on a job that follows no other", key: "trigger_rule")
            }
            if case .http(let call) = job.work { HTTPCallReader.checkTemplates(call, of: job, map) }
            if case .celery(let call) = job.work { CeleryReader.checkTemplates(call, of: job, map) }
            JobWarnings(map: map, job: job, schedule: schedule, now: now).find()
            return job
        } catch {
            let path = error.key.split(separator: ".").map(String.init)
            let mark = error.key == "name" ? nameMark : map.node(path.first ?? "")?.position ?? nameMark
            findings.problem(error.problem, at: mark, path.reduce(place) { $0.child($1) })
            return nil
        }
    }

    /// A job that runs elsewhere.
    private func reporting(_ map: MapReader) -> JobDefinition? {
        let before = findings.problemCount
        let watch = SignalReader.read(map, jobName: name, zones: zones, timezone: defaults.timezone)
        let description = map.value("description", Read.words)
        let tags = map.value("tags", Read.list(of: Read.name)) ?? []
        let owner = map.value("owner", Read.name)
        guard let watch, findings.problemCount == before else {
            checkName()
            return nil
        }
        var job = JobDefinition(name: name, schedule: .manual, work: .signal(watch), description: description)
        job.tags = tags
        job.owner = owner
        do throws(DefinitionError) {
            return try job.validated()
        } catch {
            findings.problem(error.problem, at: nameMark, Place(job: name, path: [error.key]))
            return nil
        }
    }

    private func needs(_ map: MapReader) -> [String: Need] {
        var needs: [String: Need] = [:]
        for (job, mark, node) in map.pairs("needs", example: "warehouse_load: {within: 26h}") {
            let place = map.place.child("needs").child(job)
            if case .scalar(let scalar) = node, scalar.string == Need.sameDayWord {
                needs[job] = .sameDay
            } else if case .mapping = node {
                let inner = MapReader(node, place, keys: ["within"], findings: findings)
                if let length = inner?.value("within", Read.positiveLength) {
                    needs[job] = .within(length)
                } else if inner?.has("within") == false {
                    findings.problem("within is missing, as in {within: 26h}", at: mark, place)
                }
            } else {
                findings.problem(
                    "is \(node.kind) where \(Need.sameDayWord) or {within: 26h} belongs", at: node.position,
                    place)
            }
        }
        return needs
    }

    /// A followed job's name, and where in its value the list is, with dots between. Names may hold dots too.
    private func each(_ text: String, of job: JobDefinition, _ map: MapReader) -> Each {
        if text.contains("..") || text.hasSuffix(".") {
            findings.problem(
                "is \(quoted(text)), which has nothing between two dots, or behind the last; write it like extract.files.0",
                at: map.node("each")?.position, map.place.child("each"))
        }
        let parents = job.valueNames.filter { text == $0 || text.hasPrefix("\($0).") }
        let parent = parents.max { $0.utf8.count < $1.utf8.count } ?? String(text.prefix { $0 != "." })
        return Each(in: parent, at: text.dropFirst(parent.count + 1).split(separator: ".").map(String.init))
    }

    private static func secret(_ node: YAMLNode) throws(Misfit) -> String {
        let word = try Read.words(node)
        guard word == "output" else {
            throw Misfit("is \(quoted(word)); output can be secret. Variables, headers and bodies are never shown")
        }
        return word
    }

    /// A bad name is told even where other problems keep the job from being made.
    private func checkName() {
        let probe = JobDefinition(name: name, schedule: .manual, work: .handler)
        do {
            _ = try probe.validated()
        } catch {
            findings.problem(error.problem, at: nameMark, Place(job: name, path: [error.key]))
        }
    }
}
