import Onebeat

/// Celery's `crontab` as text, as RedBeat and django-celery-beat keep it, made the sets of numbers that Celery makes of it.
enum CeleryCrontab {
    static let fields = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week"]
    private static let ranges = [0...59, 0...23, 1...31, 1...12, 0...6]
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    /// More than a field of sixty numbers needs.
    private static let longest = 1000

    /// - Parameter values: of each of ``fields``, as it is kept; what is not there is every number.
    static func sets(_ values: [String: JSONValue]) throws(CelerySchedule.Problem) -> Exported.Sets {
        var sets: [[Int]] = []
        for (field, range) in zip(fields, ranges) {
            do {
                sets.append(try numbers(values[field] ?? "*", range))
            } catch {
                throw CelerySchedule.Problem(description: "its crontab's \(field) \(error.message)")
            }
        }
        return Exported.Sets(
            minute: sets[0], hour: sets[1], day_of_month: sets[2], month_of_year: sets[3], day_of_week: sets[4])
    }

    private static func numbers(_ value: JSONValue, _ range: ClosedRange<Int>) throws(Misfit) -> [Int] {
        switch value {
        case .string(let text): return try numbers(text, range)
        case .int(let number): return [try checked(Int(number), range)]
        case .array(let elements):
            guard elements.count <= longest else { throw Misfit("has \(elements.count) numbers") }
            var numbers: [Int] = []
            for element in elements {
                guard case .int(let number) = element else { throw Misfit("has \(quoted(element.text)) for a number") }
                numbers.append(try checked(Int(number), range))
            }
            return numbers
        case .null, .bool, .large, .number, .object: throw Misfit("is \(quoted(value.text))")
        }
    }

    private static func numbers(_ text: String, _ range: ClosedRange<Int>) throws(Misfit) -> [Int] {
        guard text.utf8.count <= longest else { throw Misfit("is \(text.utf8.count) bytes long") }
        var numbers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", omittingEmptySubsequences: false)
            var found = try stretch(String(halves.first ?? ""), range)
            if halves.count > 1 {
                // Celery takes a step behind a star or a range, and nowhere else.
                guard halves.count == 2, halves[0].contains("*") || halves[0].contains("-"),
                    let step = Int(halves[1]), step > 0
                else { throw Misfit("is \(quoted(text)), which Celery does not take") }
                found = stride(from: 0, to: found.count, by: step).map { found[$0] }
            }
            numbers.formUnion(found)
        }
        return numbers.sorted()
    }

    private static func stretch(_ text: String, _ range: ClosedRange<Int>) throws(Misfit) -> [Int] {
        let text = text.trimming(" ")
        if text == "*" { return Array(range) }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        let first = try number(String(ends.first ?? ""), range)
        guard ends.count > 1 else { return [first] }
        guard ends.count == 2 else { throw Misfit("has \(quoted(text)) for a range") }
        let last = try number(String(ends[1]), range)
        return last >= first
            ? Array(first...last) : Array(first...range.upperBound) + Array(range.lowerBound...last)
    }

    private static func number(_ text: String, _ range: ClosedRange<Int>) throws(Misfit) -> Int {
        if let number = Int(text.trimming(" ")) { return try checked(number, range) }
        let start = String(text.lowercased().prefix(3))
        if let month = months.firstIndex(of: start) { return try checked(month + 1, range) }
        if let day = weekdays.firstIndex(of: start) { return try checked(day, range) }
        throw Misfit("has \(quoted(text)), which is no number and no name")
    }

    private static func checked(_ number: Int, _ range: ClosedRange<Int>) throws(Misfit) -> Int {
        guard range.contains(number) else {
            throw Misfit("has \(number), and Celery takes \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
