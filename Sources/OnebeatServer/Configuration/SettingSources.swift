/// Settles settings one by one and collects what is wrong with them.
struct SettingSources {
    let environment: [String: String]
    /// The configuration file's path.
    let file: String?
    private(set) var problems: [String] = []

    init(environment: [String: String], file: String?) {
        self.environment = environment
        self.file = file
    }

    /// Notes what is wrong with settings that do not fit each other.
    mutating func problem(_ words: String) { problems.append(words) }

    /// The first of flag, variable and file that says something; an empty variable says nothing.
    /// A value that is overruled is never read, so it cannot be wrong.
    mutating func settle<Value: Sendable & Equatable>(
        _ name: String, flagName: String? = nil, flag: String?, file text: String?, fileKey: String? = nil,
        standard: Value, read: (String) throws(Misfit) -> Value
    ) -> Setting<Value> {
        let variable = "ONEBEAT_" + name.uppercased().replacing("-", with: "_")
        let given: (text: String, origin: SettingOrigin)? =
            if let flag {
                (flag, .flag(flagName ?? "--" + name))
            } else if let value = environment[variable], !value.isEmpty {
                (value, .environment(variable))
            } else if let text {
                (text, .file(file ?? "the file", key: fileKey ?? name))
            } else {
                nil
            }
        guard let (text, origin) = given else { return Setting(standard, from: .standard) }
        do throws(Misfit) {
            guard !text.isEmpty else { throw Misfit("is empty; give it a value or leave it out") }
            return Setting(try read(text), from: origin)
        } catch {
            problems.append("\(origin): \(error.message)")
            return Setting(standard, from: origin)
        }
    }
}
