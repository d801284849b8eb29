/// Writes Prometheus' text format, version 0.0.4.
struct PrometheusText {
    private(set) var content = ""

    /// Opens a family: all its samples must follow before the next one opens.
    mutating func family(_ name: String, _ kind: MetricFamily.Kind) {
        if let help = MetricHelp.sentences[name] { content += "# HELP \(name) \(help)\n" }
        content += "# TYPE \(name) \(kind.rawValue)\n"
    }

    /// - Parameter labels: made by ``labels(_:)``.
    mutating func sample(_ name: String, labels: String = "", value: Double) {
        content += labels.isEmpty ? name : "\(name){\(labels)}"
        content += " \(Self.number(value))\n"
    }

    /// A family of one sample.
    mutating func single(_ name: String, _ kind: MetricFamily.Kind, labels: String = "", value: Double) {
        family(name, kind)
        sample(name, labels: labels, value: value)
    }

    /// The labels in order of their names, escaped, as they stand between the braces. Of two labels of one name the
    /// first counts, since Prometheus refuses a whole page that names one twice.
    static func labels(_ dimensions: [(String, String)]) -> String {
        Dictionary(dimensions.map { (labelName($0), $1) }) { first, _ in first }
            .sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(escape($0.value))\"" }
            .joined(separator: ",")
    }

    /// The name with everything that a metric's name may not hold replaced by `_`.
    static func name(_ text: String) -> String { plain(text, allowing: ":") }

    /// Whole numbers without a fraction; infinities and not-a-number in Prometheus' words.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return String(value)
    }

    private static func labelName(_ text: String) -> String { plain(text, allowing: "") }

    private static func plain(_ text: String, allowing more: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
            case "0"..."9": result += result.isEmpty ? "_\(scalar)" : "\(scalar)"
            case _ where more.unicodeScalars.contains(scalar): result.unicodeScalars.append(scalar)
            default: result += "_"
            }
        }
        return result.isEmpty ? "_" : result
    }

    private static func escape(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
