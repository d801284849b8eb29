import Onebeat

/// Reads what a job does.
struct WorkReader {
    static let keys = kinds + processKeys
    private static let kinds = ["run", "exec", "http", "celery", "signal"]
    /// What goes with a process.
    private static let processKeys = [
        "env", "environment", "dir", "user", "limits", "grace", "leave", "output",
    ]
    /// Set by the node for each attempt.
    static let reserved: Set = [
        "ONEBEAT_JOB", "ONEBEAT_RUN_ID", "ONEBEAT_RUN_KEY", "ONEBEAT_SCHEDULED_AT", "ONEBEAT_ATTEMPT", "ONEBEAT_FENCE",
    ]

    let map: MapReader
    let defaults: JobDefaults

    /// The work, or `nil` when problems were reported.
    func read() -> Work? {
        let given = Self.kinds.filter(map.has)
        guard let kind = given.first else {
            map.findings.problem(
                "it has nothing to do; give it run (a shell line), exec (a program and its arguments), http, celery or signal",
                at: map.mark, map.place)
            return nil
        }
        if given.count > 1 {
            map.problem(
                "\(kind) is given too, but a job does one thing; make them two jobs", key: given[1],
                at: map.mark(ofKey: given[1]))
        }
        switch kind {
        case "run":
            let settings = processSettings()
            return map.value("run", shellLine).map { .shell($0, settings) }
        case "exec":
            let settings = processSettings()
            return map.value("exec", arguments).map { .command($0, settings) }
        default:
            for key in Self.processKeys where map.has(key) {
                map.problem("a job of \(kind) has no process; leave it out", key: key, at: map.mark(ofKey: key))
            }
            if kind == "celery" { return CeleryReader.read(map).map { .celery($0) } }
            return HTTPCallReader.read(map).map { .http($0) }
        }
    }

    private func shellLine(_ node: YAMLNode) throws(Misfit) -> String {
        guard case .scalar = node else {
            throw Misfit("is \(node.kind) where a shell line belongs; exec takes a list of arguments")
        }
        return try Read.words(node)
    }

    private func arguments(_ node: YAMLNode) throws(Misfit) -> [String] {
        guard case .sequence(let sequence) = node else {
            throw Misfit("is \(node.kind) where a list belongs, such as [python3, etl.py]; run takes a shell line")
        }
        guard !sequence.nodes.isEmpty else {
            throw Misfit("is an empty list; the program comes first, as in [python3, etl.py]")
        }
        var arguments: [String] = []
        for argument in sequence.nodes {
            do {
                arguments.append(try Read.text(argument))
            } catch {
                throw Misfit("argument \(arguments.count) \(error.message)", at: argument.position)
            }
        }
        guard !arguments[0].isEmpty else { throw Misfit("the program's name is blank") }
        return arguments
    }

    private func processSettings() -> ProcessSettings {
        var settings = ProcessSettings()
        settings.environment = defaults.environment.merging(Self.environment(map)) { _, own in own }
        settings.base = map.value("environment", Self.base) ?? defaults.base
        settings.directory = map.value("dir", Read.words) ?? defaults.directory
        settings.user = map.value("user", Read.words) ?? defaults.user
        if let grace = map.value("grace", Read.length) { settings.grace = grace }
        if let leave = map.value("leave", Read.truth) { settings.leave = leave }
        if let output = map.value("output", Read.choice(of: ProcessSettings.Output.self)) { settings.output = output }
        guard let limits = map.map("limits", keys: ["memory", "cpu", "nice"]) else { return settings }
        settings.memory = limits.value("memory", Read.size)
        settings.cpu = limits.value("cpu", Read.seconds)
        settings.nice = limits.value("nice", Read.integer(-20...19))
        return settings
    }

    /// What `environment` says; who means variables is told where they go.
    static func base(_ node: YAMLNode) throws(Misfit) -> ProcessSettings.Environment {
        if case .mapping = node {
            throw Misfit("is a map; variables go under env, and environment is basic or inherit")
        }
        return try Read.choice(of: ProcessSettings.Environment.self)(node)
    }

    /// The variables under `env`.
    static func environment(_ map: MapReader) -> [String: String] {
        var variables: [String: String] = [:]
        for (name, mark, node) in map.pairs("env", example: "PATH: /usr/bin") {
            let place = map.place.child("env").child(name)
            if !EnvironmentExpansion.isName(name) {
                map.findings.problem(
                    "is not a variable's name; letters, digits and _ will do, not a digit first", at: mark, place)
            } else if reserved.contains(name) {
                map.findings.problem("is set by Onebeat for each attempt; choose another name", at: mark, place)
            } else if let value = map.expandable(node, keyMark: mark, place) {
                variables[name] = value
                if value.contains(/\$[A-Za-z_]/) {
                    map.findings.warning(
                        "$NAME is taken as it stands; write ${NAME} for a variable's value", at: node.position, place)
                }
            }
        }
        return variables
    }
}
