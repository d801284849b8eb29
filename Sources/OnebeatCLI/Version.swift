import ArgumentParser
import Onebeat

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")
    static let text = "onebeat \(OnebeatVersion.current)"
    @OptionGroup var format: FormatOptions

    func run() throws {
        if format.json {
            try Output.json([
                "version": OnebeatVersion.current, "timezone_database": ZoneFiles.system.version ?? "unknown",
            ])
        } else {
            Output.line("\(Self.text)")
        }
    }
}
