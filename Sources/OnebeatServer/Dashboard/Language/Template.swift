/// A sentence with places: `{}` for the next one, and `{2}` where a language has another order.
enum Template {
    enum Piece: Equatable {
        case literal(String)
        /// Which place, from 0.
        case place(Int)
    }

    static func pieces(of template: String) -> [Piece] {
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
