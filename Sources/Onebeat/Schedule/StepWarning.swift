/// Steps that do not do what they read as: `*/90` in the minutes fires at minute 0 of each hour, and not each ninety minutes.
package enum StepWarning {
    /// What to say of an expression that can be read: a sentence for each such field.
    package static func all(in expression: String) -> [String] {
        let texts = expression.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard texts.count == 5 || texts.count == 6 else { return [] }
        return zip(CronField.usual.suffix(texts.count), texts).compactMap { field, text in
            let steps = text.split(separator: ",").compactMap { part -> Int? in
                let halves = part.split(separator: "/")
                guard halves.count == 2, halves[0] == "*" else { return nil }
                return Int(halves[1])
            }
            guard let step = steps.first(where: { $0 >= field.cycle }) else { return nil }
            let every =
                field == .minute && step % 60 == 0
                ? "; every: \(step / 60)h fires each \(step / 60) h" : advice(field, step)
            return
                "\"\(text)\" matches the first \(field.name) alone, since \(field.plural) come round after \(field.cycle)\(every)"
        }
    }

    private static func advice(_ field: CronField, _ step: Int) -> String {
        let unit: String
        switch field {
        case .second: unit = "s"
        case .minute: unit = "m"
        case .hour: unit = "h"
        case .dayOfMonth, .month, .dayOfWeek, .year: return ""
        }
        return "; every: \(step)\(unit) fires each \(step) \(field.plural)"
    }
}
