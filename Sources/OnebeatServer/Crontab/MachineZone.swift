import Foundation

/// The time zone in which the machine's cron runs.
package enum MachineZone {
    /// The zone's name, or `nil` where neither `/etc/localtime` nor `/etc/timezone` tells it.
    package static func name() -> String? {
        name(
            link: try? FileManager.default.destinationOfSymbolicLink(atPath: "/etc/localtime"),
            file: try? String(contentsOfFile: "/etc/timezone", encoding: .utf8))
    }

    /// - Parameters:
    ///   - link: where `/etc/localtime` points to.
    ///   - file: what `/etc/timezone` holds.
    static func name(link: String?, file: String?) -> String? {
        if let link, let range = link.range(of: "zoneinfo/", options: .backwards) {
            let name = String(link[range.upperBound...])
            return ["Etc/UTC", "Etc/UCT", "Zulu", "Universal"].contains(name) ? "UTC" : name
        }
        guard let name = file?.split(whereSeparator: \.isNewline).first?.trimming(" \t"), !name.isEmpty else {
            return nil
        }
        return name == "Etc/UTC" ? "UTC" : name
    }
}
