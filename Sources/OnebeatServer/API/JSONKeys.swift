import Foundation

/// The keys of JSON objects as they are written: readers keep one of two that are equal, and nobody knows which was meant.
enum JSONKeys {
    /// The first key that an object has twice, in bytes that were found to be JSON of a bounded size and depth.
    static func twice(in bytes: [UInt8]) -> String? {
        /// The keys of each object that is open; `nil` for a list.
        var open: [Set<String>?] = []
        // A text is a key where an object began or a comma parted its members.
        var isKeyNext = false
        var place = 0
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "{"):
                open.append([])
                isKeyNext = true
            case UInt8(ascii: "["):
                open.append(nil as Set<String>?)
                isKeyNext = false
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = open.popLast()
                isKeyNext = false
            case UInt8(ascii: ","): isKeyNext = open.last.map { $0 != nil } ?? false
            case UInt8(ascii: "\""):
                let end = end(ofTextAt: place, in: bytes)
                if isKeyNext, !open.isEmpty, let key = text(bytes[place..<end]) {
                    if open[open.count - 1]?.insert(key).inserted == false { return key }
                }
                isKeyNext = false
                place = end
                continue
            default: break
            }
            place += 1
        }
        return nil
    }

    /// The place behind the text that begins here.
    private static func end(ofTextAt start: Int, in bytes: [UInt8]) -> Int {
        var place = start + 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(place + 1, bytes.count)
    }

    /// What a text says, whichever way its characters are written.
    private static func text(_ literal: ArraySlice<UInt8>) -> String? {
        guard literal.contains(UInt8(ascii: "\\")) else {
            return String(decoding: literal.dropFirst().dropLast(), as: UTF8.self)
        }
        return try? JSONDecoder().decode(String.self, from: Data(literal))
    }
}
