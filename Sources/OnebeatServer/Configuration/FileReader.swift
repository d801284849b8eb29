import HTTPTypes
import Onebeat

/// Reads the top level of a file and hands each job to its readers.
struct FileReader {
    /// What variables stand for; they are left as they are written when `nil`.
    let environment: [String: String]?
    let mayBeEmpty: Bool
    let now: Timestamp
    let zones: ZoneFiles
    let findings: Findings

    private static let keys = [
        "store", "source", "revision", "complete", "redis", "locks", "celery", "timezone", "listen", "web", "metrics",
        "node",
        "defaults", "jobs", "alerts",
    ]

    func read(_ root: YAMLNode, into file: inout ConfigurationFile) {
        guard let top = MapReader(root, Place(), keys: Self.keys, findings: findings) else {
            return
        }
        file.store = top.value("store", expanded).map { SecretAddress($0) }
        file.namedSource = top.value("source", Read.name)
        file.revision = top.value("revision", Read.integer(0...Int.max))
        file.isComplete = top.value("complete", Read.truth) ?? false
        file.redis = top.value("redis", expanded).map { SecretAddress($0) }
        file.celery = CeleryReader.section(top, expanded)
        file.locks = top.value("locks", Read.choice(of: LockPolicy.self))
        file.listen = top.value("listen", Read.words)
        if let web = top.map("web", keys: ["hosts", "sign_in", "proxy", "tls"]) {
            file.webHosts = web.value("hosts", Read.list(of: Self.host)) ?? []
            file.signIn = web.value("sign_in", Read.choice(of: SignInMode.self))
            file.proxy = proxy(web)
            file.certificate = certificate(web)
        }
        if let metrics = top.map("metrics", keys: ["jobs"]) {
            file.metricsJobs = metrics.value("jobs", Read.list(of: Read.name)) ?? []
        }
        file.timezone = top.value("timezone", zone)
        file.node = nodeSection(top)
        let defaults = JobDefaults(top, timezone: file.timezone, zone: zone)
        let alerts =
            top.node("alerts").map {
                AlertReader(
                    findings: findings, timezone: file.timezone ?? "UTC",
                    zone: { (node) throws(Misfit) in try zone(node) }
                ).read($0)
            } ?? []
        defer {
            AlertReader.warn(of: alerts, among: file.jobs, at: top.node("alerts")?.position, findings)
            file.jobs += alerts
        }
        guard let jobs = top.node("jobs"), !jobs.holdsNothing else {
            // A file that was cut short looks like this: that is no order to remove every job. An empty map is one.
            let isCut = top.node("jobs").map(\.isEmpty) ?? file.isComplete
            if !mayBeEmpty, isCut {
                findings.problem(
                    "there is no job below it; write one, leave the key out in a file of settings, or remove all that the"
                        + " file brought by `onebeat apply --prune-all`", at: top.mark(ofKey: "jobs") ?? top.mark,
                    Place(path: ["jobs"]))
            } else if !mayBeEmpty, !top.has("alerts") {
                findings.warning("there are no jobs in this file", at: top.mark)
            }
            return
        }
        file.jobs = read(jobs: jobs, defaults: defaults)
    }

    private func read(jobs node: YAMLNode, defaults: JobDefaults) -> [JobDefinition] {
        guard case .mapping(let mapping) = node else {
            findings.problem(
                "is \(node.kind) where a map of jobs by name belongs, such as {backup: {cron: …, run: …}}",
                at: node.position, Place(path: ["jobs"]))
            return []
        }
        var jobs: [JobDefinition] = []
        let problems = findings.problemCount
        for pair in mapping.pairs {
            if findings.isFull { break }
            let reader = JobReader(
                name: pair.key.string, nameMark: pair.key.position, defaults: defaults, now: now, zones: zones,
                findings: findings)
            if let job = reader.read(pair.value) { jobs.append(job) }
        }
        // Who follows whom can be told once all jobs can be read.
        if findings.problemCount == problems { checkFlows(of: jobs, in: mapping) }
        return jobs
    }

    private func checkFlows(of jobs: [JobDefinition], in mapping: YAMLMapping) {
        do throws(DefinitionError) {
            let graph = try FlowGraph(jobs)
            if let circle = NeedCircle.find(in: jobs) { throw circle }
            for job in jobs where job.policies.overlapScope == .flow && !job.isFollower {
                guard graph.children(of: job.name).isEmpty,
                    case .mapping(let keys)? = mapping.pairs.first(where: { $0.key.string == job.name })?.value,
                    let mark = keys.pairs.first(where: { $0.key.string == "overlap" })?.key.position
                else { continue }
                findings.warning(
                    "looks at its whole flow, and no job in this file follows it: it is as overlap: skip", at: mark,
                    Place(job: job.name, path: ["overlap"]))
            }
            let names = Set(jobs.map(\.name))
            for job in jobs {
                for needed in job.needs.keys.sorted() where !names.contains(needed) {
                    let mark = mapping.pairs.first { $0.key.string == job.name }?.key.position
                    findings.warning(
                        "there is no job \"\(needed)\" in this file; its runs wait until one of that name has succeeded",
                        at: mark, Place(job: job.name, path: ["needs", needed]))
                }
            }
        } catch {
            let job = mapping.pairs.first { $0.key.string == error.job }
            var mark = job?.key.position
            if case .mapping(let keys)? = job?.value {
                mark = keys.pairs.first { $0.key.string == error.key }?.value.position ?? mark
            }
            findings.problem(error.problem, at: mark, Place(job: error.job, path: [error.key]))
        }
    }

    private func nodeSection(_ top: MapReader) -> ConfigurationFile.NodeSection {
        var section = ConfigurationFile.NodeSection()
        let keys = ["name", "roles", "slots", "queues", "drain", "keep", "output"]
        guard let map = top.map("node", keys: keys) else { return section }
        section.name = map.value("name", Read.name)
        section.roles = map.value("roles", Read.list(of: Read.choice(of: NodeRole.self)))
        section.slots = map.value("slots", Read.integer(1...10_000))
        section.queues = map.value("queues", Read.list(of: Read.name))
        section.drain = map.value("drain", Read.length)
        section.keep = map.value("keep", Read.positiveLength)
        section.output = map.value("output", Read.size)
        return section
    }

    private func proxy(_ web: MapReader) -> ProxyTrust? {
        guard let map = web.map("proxy", keys: ["from", "user_header"]) else { return nil }
        guard map.has("from") else {
            map.problem("is left out: name the addresses that the proxy asks from, such as [127.0.0.1]", key: "from")
            return nil
        }
        let header = map.value("user_header", Self.header)
        return map.value("from", Read.list(of: Self.range)).map { ProxyTrust(from: $0, userHeader: header) }
    }

    private func certificate(_ web: MapReader) -> CertificateFiles? {
        guard let map = web.map("tls", keys: ["certificate", "key", "hsts"]) else { return nil }
        for key in ["certificate", "key"] where !map.has(key) {
            map.problem("is left out: name both files, certificate and key, in PEM form", key: key)
        }
        let (certificate, key) = (map.value("certificate", Read.words), map.value("key", Read.words))
        let isStrict = map.value("hsts", Read.truth) ?? true
        guard let certificate, let key else { return nil }
        return CertificateFiles(certificate: certificate, key: key, isStrict: isStrict)
    }

    private static func range(_ node: YAMLNode) throws(Misfit) -> AddressRange {
        let text = try Read.words(node)
        guard let range = AddressRange(text) else {
            throw Misfit("is \(quoted(text)); write an address, or a range of them, such as 10.0.0.7 or 10.0.0.0/8")
        }
        return range
    }

    private static func header(_ node: YAMLNode) throws(Misfit) -> String {
        let text = try Read.name(node)
        let others = ["host", "cookie", "authorization", "origin", "content-type", "content-length", "connection"]
        guard HTTPField.Name(text) != nil, !others.contains(text.lowercased()) else {
            throw Misfit(
                "is \(quoted(text)); write the header in which the proxy names the user, such as X-Forwarded-User")
        }
        return text
    }

    private static func host(_ node: YAMLNode) throws(Misfit) -> String {
        let name = try Read.name(node)
        guard !name.contains(where: { "/: ".contains($0) }) else {
            throw Misfit(
                "is \(quoted(name)); write the name alone, without scheme and port, such as onebeat.example.com")
        }
        return name
    }

    private func expanded(_ node: YAMLNode) throws(Misfit) -> String {
        let text = try Read.words(node)
        do {
            guard let environment else {
                _ = try EnvironmentExpansion.pieces(of: text)
                return text
            }
            return try EnvironmentExpansion.expand(text, environment: environment)
        } catch {
            throw Misfit(error.description)
        }
    }

    private func zone(_ node: YAMLNode) throws(Misfit) -> String {
        let name = try Read.words(node)
        do {
            _ = try Schedule(ScheduleDefinition(.manual, timezone: name), jobName: "", zones: zones)
        } catch {
            throw Misfit(error.message)
        }
        return name
    }
}
