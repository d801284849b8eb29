import Onebeat

extension Duration {
    /// The length in its one or two largest units, which is what a reader wants to know: `2h 5m`, `34s`, `1.24s`, `8ms`.
    package var brief: String {
        let seconds = abs(inSeconds)
        let sign = self < .zero ? "-" : ""
        switch seconds {
        case ..<0.000_5: return "0s"
        case ..<0.999_5: return "\(sign)\(Int(saturating: (seconds * 1000).rounded()))ms"
        case ..<9.995: return "\(sign)\(Self.trimmed((seconds * 100).rounded() / 100))s"
        case ..<59.5: return "\(sign)\(Int(saturating: seconds.rounded()))s"
        default: return sign + Self.largestUnits(Int(saturating: seconds.rounded()))
        }
    }

    private static func trimmed(_ figure: Double) -> String {
        figure == figure.rounded() ? "\(Int(figure))" : "\(figure)"
    }

    private static func largestUnits(_ seconds: Int) -> String {
        let units = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
        guard let first = units.firstIndex(where: { seconds >= $0.1 }) else { return "0s" }
        let (name, size) = units[first]
        let whole = "\(seconds / size)\(name)"
        guard first + 1 < units.count else { return whole }
        let (smaller, smallerSize) = units[first + 1]
        let rest = seconds % size / smallerSize
        return rest > 0 ? "\(whole) \(rest)\(smaller)" : whole
    }
}

extension Timestamp {
    /// How far away the moment is: `in 2h 5m`, `34s ago`, `now`.
    package func relative(to now: Timestamp) -> String {
        let distance = duration(since: now)
        if abs(distance.inSeconds) < 1 { return "now" }
        let length = Duration.seconds(distance.components.seconds)
        return length > .zero ? "in \(length.brief)" : "\((.zero - length).brief) ago"
    }

    /// The moment without its fraction of a second, rounded down.
    package var wholeSecond: Timestamp {
        let remainder = microseconds % 1_000_000
        return Timestamp(microseconds: microseconds - (remainder < 0 ? remainder + 1_000_000 : remainder))
    }
}

extension Schedule {
    /// The moment on the schedule's wall clock, to the second, for people: `2026-11-23 03:00:00 +08:00`.
    package func readable(_ moment: Timestamp) -> String { ReadableTime.text(format(moment.wholeSecond)) }

    /// A wall clock of this zone; UTC where the zone is unknown on this machine.
    package static func clock(of timezone: String) -> Schedule {
        if let clock = try? Schedule(ScheduleDefinition(.manual, timezone: timezone), jobName: "") { return clock }
        do {
            return try Schedule(.manual, jobName: "")
        } catch {
            // Ours: UTC is made in code.
            preconditionFailure("UTC needs no file")
        }
    }
}

/// RFC 3339 with blanks where a reader wants them.
package enum ReadableTime {
    /// `2026-11-23T03:00:00+08:00` as `2026-11-23 03:00:00 +08:00`, and UTC by its name.
    package static func text(_ rfc3339: String) -> String {
        let parts = rfc3339.split(separator: "T", maxSplits: 1)
        guard parts.count == 2 else { return rfc3339 }
        guard let zone = parts[1].firstIndex(where: { "+-Z".contains($0) }) else { return "\(parts[0]) \(parts[1])" }
        let offset = parts[1][zone...]
        return "\(parts[0]) \(parts[1][..<zone]) \(offset == "Z" || offset == "+00:00" ? "UTC" : String(offset))"
    }
}
