import Foundation
import Logging

/// A log line for programs: `{"time":…,"level":…,"logger":…,"message":…,"metadata":{…}}`.
enum JSONLogLine {
    static func text(_ facts: LogFacts, label: String) -> String {
        let time = quoted(TextLogLine.milliseconds(facts.at))
        return "{\"time\":\(time),\"level\":\(quoted(facts.level.rawValue)),\"logger\":\(quoted(label)),"
            + "\"message\":\(quoted(facts.message)),\"metadata\":\(object(facts.metadata))}"
    }

    private static func object(_ pairs: [(key: String, value: Logger.MetadataValue)]) -> String {
        "{\(pairs.map { "\(quoted($0.key)):\(value($0.value))" }.joined(separator: ","))}"
    }

    private static func value(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .stringConvertible(let fact): quoted(fact.description)
        case .array(let values): "[\(values.map(self.value).joined(separator: ","))]"
        case .dictionary(let pairs):
            object(pairs.sorted { $0.key < $1.key })
        }
    }

    /// JSON's own rules, written out: an encoder for each value would cost more than the rest of the line.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            // Beside what JSON asks for, what would act on a terminal.
            case _ where scalar.isHarmful:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
