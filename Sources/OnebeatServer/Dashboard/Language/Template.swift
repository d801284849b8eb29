import Synchronization

/// A sentence with places: `{}` for the next one, and `{2}` where a language has another order.
enum Template {
    enum Piece: Equatable {
        case literal(String)
        /// Which place, from 0.
        case place(Int)
    }

    /// What was taken apart: the sentences are ours and few, and a page says some of them a thousand times.
    private static let known = Mutex<[String: [Piece]]>([:])
    private static let mostKnown = 5000

    static func pieces(of template: String) -> [Piece] {
        if let pieces = known.withLock({ $0[template] }) { return pieces }
        let pieces = read(template)
        known.withLock { if $0.count < mostKnown { $0[template] = pieces } }
        return pieces
    }

    private static func read(_ template: String) -> [Piece] {
        var pieces: [Piece] = []
        var next = 0
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            if open > rest.startIndex { pieces.append(.literal(String(rest[..<open]))) }
            let name = rest[rest.index(after: open)..<close]
            let place = Int(name).map { $0 - 1 } ?? next
            next = place + 1
            pieces.append(.place(place))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.literal(String(rest))) }
        return pieces
    }
}
