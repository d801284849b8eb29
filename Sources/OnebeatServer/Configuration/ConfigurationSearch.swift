/// Where the configuration file is looked for.
package enum ConfigurationSearch {
    /// The file that counts: the argument, `--config`, `ONEBEAT_CONFIG`, then the first of the usual places that is
    /// there; `nil` when there is none. Only usual places are probed: a file that was named must exist.
    package static func find(
        argument: String? = nil, flag: String? = nil, environment: [String: String], exists: (String) -> Bool
    ) -> Setting<String>? {
        if let argument { return Setting(argument, from: .argument) }
        if let flag { return Setting(flag, from: .flag("--config")) }
        if let path = environment["ONEBEAT_CONFIG"], !path.isEmpty {
            return Setting(path, from: .environment("ONEBEAT_CONFIG"))
        }
        return usualPlaces(environment).first(where: exists).map { Setting($0, from: .usualPlace) }
    }

    /// `onebeat.yaml` in the working directory, in the user's configuration folder and in `/etc/onebeat`.
    package static func usualPlaces(_ environment: [String: String]) -> [String] {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : "\($0)/.config" }
        // The specification of these folders says that a relative one counts as not set.
        let folder = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home
        return ["onebeat.yaml"] + (folder.map { ["\($0)/onebeat/onebeat.yaml"] } ?? []) + ["/etc/onebeat/onebeat.yaml"]
    }
}
