import Onebeat

/// Values as Python would print them, for the logs of workers and for what looks at them. Nothing reads them back.
enum PythonText {
    private static let longest = 1024

    static func tuple(_ values: [JSONValue]) -> String {
        shortened("(" + values.map(text).joined(separator: ", ") + (values.count == 1 ? ",)" : ")"))
    }

    static func dictionary(_ members: [String: JSONValue]) -> String { shortened(text(.object(members))) }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "None"
        case .bool(let bool): bool ? "True" : "False"
        case .int, .large, .number: value.text
        case .string(let text): quoted(text)
        case .array(let elements): "[" + elements.map(text).joined(separator: ", ") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)): \(text($0.value))" }
                .joined(separator: ", ") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "'": "\\'"
            case "\\": "\\\\"
            case "\n": "\\n"
            default: scalar.properties.generalCategory == .control ? "·" : String(scalar)
            }
        }
        return "'" + escaped.joined() + "'"
    }

    private static func shortened(_ text: String) -> String {
        text.unicodeScalars.count <= longest ? text : String(text.unicodeScalars.prefix(longest)) + "…"
    }
}
