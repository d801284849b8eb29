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

    static func < (a: Position, b: Position) -> Bool { (a.line, a.column) < (b.line, b.column) }
}
