import Yams

/// A place in a file.
struct Position: Sendable, Hashable, Comparable {
    /// From 1.
    var line: Int
    /// From 1, in Unicode scalars.
    var column: Int

    init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    init(_ mark: Yams.Mark) { self.init(line: mark.line, column: mark.column) }

    static func < (a: Position, b: Position) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

extension Yams.Node {
    /// Where the value starts.
    var position: Position? { mark.map(Position.init) }
}

extension Yams.Node.Scalar {
    /// Where the scalar starts, its quote included.
    var position: Position? { mark.map(Position.init) }
}
