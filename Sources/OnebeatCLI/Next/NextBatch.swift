import Foundation
import Onebeat

/// `next --batch`: a line of JSON in, a line of JSON out, until the input ends. No line can end it.
enum NextBatch {
    static func run() {
        var answers: [UInt8] = []
        while let line = readLine() {
            if line.allSatisfy(\.isWhitespace) { continue }
            answers += answer(to: line, now: .now).utf8
            answers.append(UInt8(ascii: "\n"))
            // Thousands of answers share a write; one that somebody may be waiting for does not wait.
            if answers.count > 1 << 16 || !hasMoreInput() {
                Output.bytes(answers)
                answers.removeAll(keepingCapacity: true)
            }
        }
        Output.bytes(answers)
    }

    private static func hasMoreInput() -> Bool {
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&input, 1, 0) > 0
    }

    /// The answer to one line.
    static func answer(to line: String, now: Timestamp) -> String {
        do {
            let question = try JSONDecoder().decode(Question.self, from: Data(line.utf8))
            return encode(Answer(next: try question.instants(now: now)))
        } catch let error as ScheduleError where error.neverFires {
            return encode(Answer(next: []))
        } catch let error as ScheduleError {
            return encode(Answer(error: error.description))
        } catch let error as CommandFailure {
            return encode(Answer(error: error.message))
        } catch let error as DecodingError {
            return encode(Answer(error: error.sentence))
        } catch {
            return encode(Answer(error: "\(error)"))
        }
    }

    private struct Question: Decodable {
        var cron: OneOrMore
        var timezone: String?
        var dialect: String?
        var after: String?
        var count: Int?

        private enum CodingKeys: String, CodingKey, CaseIterable { case cron, timezone, dialect, after, count }

        private struct AnyKey: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            // What is misspelt would otherwise be answered as if it had not been asked.
            let known = CodingKeys.allCases.map(\.rawValue)
            let others = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
                .filter { !known.contains($0) }
            if let key = others.min() {
                throw CommandFailure("there is no key \"\(key)\"; \(known.joined(separator: ", ")) will do", .badData)
            }
            let container = try decoder.container(keyedBy: CodingKeys.self)
            cron = try container.decode(OneOrMore.self, forKey: .cron)
            timezone = try container.decodeIfPresent(String.self, forKey: .timezone)
            dialect = try container.decodeIfPresent(String.self, forKey: .dialect)
            after = try container.decodeIfPresent(String.self, forKey: .after)
            count = try container.decodeIfPresent(Int.self, forKey: .count)
        }

        func instants(now: Timestamp) throws -> [String] {
            let count = count ?? 5
            guard (1...10_000).contains(count) else {
                throw CommandFailure("count is \(count); 1 to 10000 will do")
            }
            let schedule = try schedule(by: try rules())
            let start = try after.map { try moment($0, on: schedule, now: now) } ?? now
            return schedule.occurrences(after: start, through: .distantFuture, limit: count).map(schedule.format)
        }

        private func moment(_ text: String, on schedule: Schedule, now: Timestamp) throws(CommandFailure) -> Timestamp {
            if let moment = Moment.exact(text, on: schedule, now: now) { return moment }
            throw CommandFailure(
                "after \"\(text)\" is not a moment; write it like 2026-11-23T03:00, 2026-11-23T03:00:00+08:00 or 2h"
                    + " (so long ago)", .badData)
        }

        private func rules() throws(CommandFailure) -> CronDialect {
            guard let dialect else { return .debian }
            guard let found = CronDialect(rawValue: dialect) else {
                throw CommandFailure(
                    "dialect \"\(dialect)\" is not known; \(CronDialect.allCases.map(\.rawValue).joined(separator: ", ")) will do",
                    .badData)
            }
            return found
        }

        /// Of a list, those that ever fire: one that never does takes nothing from the others.
        private func schedule(by dialect: CronDialect) throws(ScheduleError) -> Schedule {
            let schedule = { (values: [String]) throws(ScheduleError) in
                var definition = ScheduleDefinition(.cron(values), timezone: timezone ?? "UTC")
                definition.dialect = dialect
                return try Schedule(definition, jobName: "next")
            }
            guard cron.values.count > 1 else { return try schedule(cron.values) }
            var firing: [String] = []
            for value in cron.values {
                do throws(ScheduleError) {
                    _ = try schedule([value])
                    firing.append(value)
                } catch  where error.neverFires {
                    continue
                }
            }
            return try schedule(firing.isEmpty ? cron.values : firing)
        }
    }

    private struct Answer: Encodable {
        var next: [String]?
        var error: String?
    }

    /// `"a"` or `["a", "b"]`.
    private struct OneOrMore: Decodable {
        var values: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                values = [one]
            } else {
                values = try container.decode([String].self)
            }
        }
    }

    private static func encode(_ answer: Answer) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        // A list of strings and a string always encode.
        guard let data = try? encoder.encode(answer) else { return #"{"error":"no answer"}"# }
        return String(decoding: data, as: UTF8.self)
    }
}

extension DecodingError {
    /// What was wrong with a line of JSON.
    fileprivate var sentence: String {
        switch self {
        case .keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            context.codingPath.first.map { "\"\($0.stringValue)\" has a value of the wrong type" }
                ?? "the line is not a JSON object"
        case .dataCorrupted: "the line is not JSON; write {\"cron\": \"0 3 * * *\"}"
        @unknown default: "the line cannot be read"
        }
    }
}
