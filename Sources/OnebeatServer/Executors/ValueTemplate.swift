import Onebeat

/// Puts what other jobs handed on in the place of `{{ job.key }}` in the address, headers and body of an HTTP call, made
/// harmless for where it stands. Only jobs that follow others have templates; for all others the braces are text.
struct ValueTemplate {
    /// Where a value is put.
    enum Place: Sendable, Equatable { case address, header, json, form, plain }

    /// A stretch of a text.
    enum Piece: Sendable, Equatable {
        case text(Substring)
        /// A job's name and where in its value to go, with dots between.
        case value(String)
    }

    /// What cannot be put in.
    struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
        let description: String
    }

    /// The jobs that are followed.
    let parents: [String]
    /// What they handed on.
    let input: [String: RunValue]

    /// - Throws: ``Problem`` for braces that are not closed, or hold nothing.
    static func pieces(of text: String) throws(Problem) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "{{") {
            pieces.append(.text(rest[..<start.lowerBound]))
            guard let end = rest[start.upperBound...].firstRange(of: "}}") else {
                throw Problem(description: "\(quoted(String(rest[start.lowerBound...].prefix(40)))) has no }}")
            }
            let path = rest[start.upperBound..<end.lowerBound].trimmingCharacters(in: .whitespaces)
            guard !path.isEmpty else { throw Problem(description: "{{ }} names no job; write {{ job.key }}") }
            pieces.append(.value(path))
            rest = rest[end.upperBound...]
        }
        return pieces + [.text(rest)]
    }

    /// The text with a word in the place of each value.
    static func masked(_ text: String) -> String {
        guard let pieces = try? pieces(of: text) else { return text }
        return pieces.map { piece in
            switch piece {
            case .text(let text): String(text)
            case .value: "x"
            }
        }.joined()
    }

    /// What is wrong with the templates of a text, before there are values: braces, and jobs that are not followed.
    static func problem(in text: String, following parents: [String]) -> String? {
        do {
            for case .value(let path) in try pieces(of: text) {
                guard ValueTemplate(parents: parents, input: [:]).parent(of: path) != nil else {
                    return
                        "{{ \(path) }} is no value of a job that this one follows: \(parents.joined(separator: ", "))"
                }
            }
            return nil
        } catch {
            return error.description
        }
    }

    /// The text with all values in it.
    /// - Parameter expand: what becomes of the text between them; never of a value.
    func fill<Failure: Error>(
        _ text: String, for place: Place, expanding expand: (String) throws(Failure) -> String
    ) throws -> String {
        var filled = ""
        var isInText = false
        for piece in try Self.pieces(of: text) {
            switch piece {
            case .text(let text):
                if place == .json { Self.follow(text, &isInText) }
                filled += try expand(String(text))
            case .value(let path):
                filled += Self.write(try value(at: path), in: place, isInText: isInText)
            }
        }
        return filled
    }

    /// An address as people may see it: with the values of these jobs in it, and those of others as they were written.
    func shown(_ address: String, showing jobs: Set<String>) -> String {
        guard let pieces = try? Self.pieces(of: address) else { return address }
        let words = pieces.map { piece in
            switch piece {
            case .text(let text): return String(text)
            case .value(let path):
                guard let job = parent(of: path), jobs.contains(job), let value = try? value(at: path) else {
                    return "{{ \(path) }}"
                }
                return Self.write(value, in: .address, isInText: false)
            }
        }.joined()
        return words.count > Self.mostShown ? "\(words.prefix(Self.mostShown))…" : words
    }

    private static let mostShown = 500

    /// What a text of a task's arguments stands for: where it is one value and nothing else, that value as it is, a list or a
    /// number too; otherwise the text with all values in it.
    func value<Failure: Error>(
        of text: String, expanding expand: (String) throws(Failure) -> String
    ) throws -> JSONValue {
        let pieces = try Self.pieces(of: text).filter { $0 != .text("") }
        if case .value(let path)? = pieces.first, pieces.count == 1 { return try value(at: path) }
        return .string(try fill(text, for: .plain, expanding: expand))
    }

    /// Whether a text of JSON is open after `text`.
    private static func follow(_ text: Substring, _ isInText: inout Bool) {
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\"), isInText {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInText.toggle()
            }
        }
    }

    private static func write(_ value: JSONValue, in place: Place, isInText: Bool) -> String {
        let words: String
        switch value {
        case .string(let text): words = text
        case .null: words = ""
        case .bool, .int, .large, .number, .array, .object: words = value.text
        }
        switch place {
        case .address, .form: return words.percentEncoded
        case .header: return words.asFieldValue
        case .json where isInText: return String(JSONValue.string(words).text.dropFirst().dropLast())
        case .json: return value.text
        case .plain: return words
        }
    }

    /// The longest name of a followed job that the path begins with: names may hold dots.
    private func parent(of path: String) -> String? {
        parents.filter { path == $0 || path.hasPrefix("\($0).") }.max { $0.utf8.count < $1.utf8.count }
    }

    private func value(at path: String) throws(Problem) -> JSONValue {
        guard let job = parent(of: path) else { throw Problem(description: "{{ \(path) }}: no such job is followed") }
        guard let value = input[job]?.value else {
            throw Problem(description: "{{ \(path) }}: \(job) handed on nothing")
        }
        do {
            return try value.value(at: path.dropFirst(job.count + 1).split(separator: ".").map(String.init))
        } catch {
            throw Problem(description: "{{ \(path) }}: there is no \(quoted(error.key)) in it")
        }
    }
}

extension HTTPCall {
    /// What its body is, as far as values in it are concerned.
    var bodyPlace: ValueTemplate.Place {
        let type = headers.first { $0.key.lowercased() == "content-type" }?.value.lowercased() ?? ""
        if type.contains("json") { return .json }
        if type.contains("x-www-form-urlencoded") { return .form }
        let first = body?.first { !$0.isWhitespace }
        return type.isEmpty && (first == "{" || first == "[") ? .json : .plain
    }
}

extension String {
    /// With all but letters, digits and `-._~` as `%XX`.
    fileprivate var percentEncoded: String {
        utf8.reduce(into: "") { text, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
    }
}
