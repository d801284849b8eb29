import Foundation
import Onebeat

/// Words for people that were made where nobody knew who would read them: they name moments as ``Timestamp/words`` does, in UTC.
/// Whoever shows them puts these on the reader's clock. What a job said stands among them as it is, but for a moment in just
/// that form: it stays the same moment.
package enum MomentText {
    enum Piece: Equatable {
        case text(Substring)
        case moment(Timestamp)
    }

    /// - Parameter isExact: whether moments with a fraction of a second are meant as well. Many programs log in that form.
    static func pieces(of text: String, isExact: Bool = false) -> [Piece] {
        // Nearly all words have none.
        guard text.contains(" UTC") else { return text.isEmpty ? [] : [.text(text[...])] }
        var pieces: [Piece] = []
        var rest = text[...]
        while let found = rest.firstMatch(
            of: /[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})? UTC\b/)
        {
            let isMeant = isExact || found.output.1 == nil
            guard isMeant, let moment = Timestamp(iso8601: "\(found.output.0.dropLast(4))Z") else {
                pieces.append(.text(rest[..<found.range.upperBound]))
                rest = rest[found.range.upperBound...]
                continue
            }
            if found.range.lowerBound > rest.startIndex { pieces.append(.text(rest[..<found.range.lowerBound])) }
            pieces.append(.moment(moment))
            rest = rest[found.range.upperBound...]
        }
        if !rest.isEmpty { pieces.append(.text(rest)) }
        return pieces
    }

    /// The words, with moments on a clock: `2026-11-23 11:00:00 +08:00`.
    package static func text(_ text: String, on clock: Schedule, isExact: Bool = false) -> String {
        pieces(of: text, isExact: isExact).map { piece in
            switch piece {
            case .text(let text): String(text)
            case .moment(let moment): isExact ? ReadableTime.text(clock.format(moment)) : clock.readable(moment)
            }
        }.joined()
    }
}
