// Doctor: what the command and a node say of the surroundings of a store. What is looked at here can be looked at by both;
// what only one of them can look at, such as a store's file, it adds itself.

/// One line of the doctor: what was looked at, how it stands and what would do.
package struct Finding: Codable, Sendable, Equatable {
    package enum Level: String, Codable, Sendable { case ok, warn, fail }

    package var check: String
    package var level: Level
    package var text: String
    package var advice: String?

    package static func ok(_ check: String, _ text: String) -> Finding {
        Finding(check: check, level: .ok, text: text)
    }

    package static func warn(_ check: String, _ text: String, _ advice: String) -> Finding {
        Finding(check: check, level: .warn, text: text, advice: advice)
    }

    package static func fail(_ check: String, _ text: String, _ advice: String) -> Finding {
        Finding(check: check, level: .fail, text: text, advice: advice)
    }
}

/// What the doctor found, with the settings that it found it by.
package struct Examination: Codable, Sendable {
    package struct Setting: Codable, Sendable {
        package var name: String
        package var value: String
        package var origin: String
    }

    package var settings: [Setting]
    package var findings: [Finding]

    package init(_ settings: Settings?, _ findings: [Finding]) {
        self.settings = (settings?.table ?? []).map {
            Setting(name: $0.name, value: $0.value, origin: $0.origin.description)
        }
        self.findings = findings
    }

    /// Whether something fails.
    package var hasFailed: Bool { findings.contains { $0.level == .fail } }
}
