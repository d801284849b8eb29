import Onebeat

/// What jobs of the file share unless they say otherwise.
struct JobDefaults {
    var policies = JobPolicies()
    var timezone = "UTC"
    var environment: [String: String] = [:]
    var base: ProcessSettings.Environment = .basic
    var directory: String?
    var user: String?

    /// Reads `defaults`; its `timezone` goes before the file's.
    init(_ top: MapReader, timezone fileZone: String?, zone: (YAMLNode) throws(Misfit) -> String) {
        if let fileZone { timezone = fileZone }
        guard
            let map = top.map("defaults", keys: PolicyReader.keys + ["timezone", "env", "environment", "dir", "user"])
        else {
            return
        }
        policies = PolicyReader.read(map, over: JobPolicies())
        if let own = map.value("timezone", zone) { timezone = own }
        environment = WorkReader.environment(map)
        if let given = map.value("environment", WorkReader.base) { base = given }
        directory = map.value("dir", Read.words)
        user = map.value("user", Read.words)
    }
}
