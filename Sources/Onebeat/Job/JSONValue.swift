import Foundation

/// A piece of JSON, for what is kept without being understood and for forms that are written by hand.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    /// A whole number that ``int(_:)`` does not hold, by its digits, with a minus or without.
    case large(String)
    /// One that was written with a point or an exponent, `1.0` as well: to programs in Python that is not 1.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

// As a part of what is decoded and encoded. Where numbers must stay as they are written, ``init(json:)`` reads and ``text`` or
// ``compactText`` writes: decoders and encoders make 1 of `1.0`.
extension JSONValue: Codable {
    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        // As a dictionary, whose keys are as they were written: those of a keyed container, decoders make others of.
        if (try? decoder.container(keyedBy: AnyKey.self)) != nil {
            self = .object(try value.decode([String: JSONValue].self))
            return
        }
        if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Int64.self) {
            self = .int(number)
        } else if let number = try? value.decode(UInt64.self) {
            self = .large("\(number)")
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if value.decodeNil() {
            self = .null
        } else {
            self = .array(try value.decode([JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let bool): try value.encode(bool)
        case .int(let number): try value.encode(number)
        case .large(let digits):
            // A decimal has 38 of them.
            if let number = Decimal(string: digits) {
                try value.encode(number)
            } else {
                try value.encode(Double(digits))
            }
        case .number(let number): try value.encode(number)
        case .string(let text): try value.encode(text)
        case .array(let elements): try value.encode(elements)
        case .object(let members): try value.encode(members)
        }
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension JSONValue {
    /// A number for which it does not matter whether it is written with a point.
    package static func amount(_ number: Double) -> JSONValue {
        Int64(exactly: number).map(JSONValue.int) ?? .number(number)
    }

    /// Its members, when it is an object.
    package var members: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }

    /// The value with what `other` has beside it; where both have a value that is no object, this one's stays.
    package func filled(from other: JSONValue) -> JSONValue {
        guard case .object(let own) = self, case .object(let others) = other else { return self }
        return .object(own.merging(others) { $0.filled(from: $1) })
    }
}
