/// Reads Prometheus' text format as strictly as Prometheus does, so that tests find what it would refuse.
struct PrometheusFormat {
    /// By name and labels as written.
    private(set) var samples: [String: Double] = [:]
    private(set) var types: [String: String] = [:]

    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Broken(description: "the last line does not end") }
        var family = ""
        var helps: Set<String> = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let match = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)/) {
                guard helps.insert(String(match.1)).inserted, types[String(match.1)] == nil else {
                    throw Broken(description: "help out of place: \(line)")
                }
            } else if let match = line.wholeMatch(of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/) {
                family = String(match.1)
                guard types.updateValue(String(match.2), forKey: family) == nil else {
                    throw Broken(description: "two families of one name: \(line)")
                }
            } else if let match = line.wholeMatch(of: Self.sample) {
                let name = String(match.1)
                let suffixes = types[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                guard suffixes.contains(where: { name == family + $0 }) else {
                    throw Broken(description: "sample outside its family \(family): \(line)")
                }
                guard let value = Self.value(match.3) else { throw Broken(description: "no number: \(line)") }
                guard samples.updateValue(value, forKey: name + (match.2 ?? "")) == nil else {
                    throw Broken(description: "sample twice: \(line)")
                }
            } else {
                throw Broken(description: "not a line of the format: \(line)")
            }
        }
    }

    private static var sample: Regex<(Substring, Substring, Substring?, Substring)> {
        #/([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (\S+)/#
    }

    private static func value(_ text: Substring) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        default: Double(text)
        }
    }
}
