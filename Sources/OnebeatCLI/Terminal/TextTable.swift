/// Rows in aligned columns, two spaces apart. Trailing blanks are left out; the last column may be as long as it likes.
struct TextTable {
    /// One piece of text and its colour.
    struct Cell: ExpressibleByStringInterpolation {
        var text: String
        var colour: Colour?

        init(_ text: String, _ colour: Colour? = nil) {
            // A tab or a newline out of a job's own words would break the columns.
            self.text = TerminalText(String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })).text
            self.colour = colour
        }

        init(stringLiteral text: String) { self.init(text) }
    }

    private let titles: [String]
    /// Columns whose text ends at the right, as figures do.
    private let rightAligned: Set<Int>
    private var rows: [[Cell]] = []

    init(_ titles: String..., rightAligned: Set<Int> = []) {
        self.titles = titles
        self.rightAligned = rightAligned
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: Cell...) { rows.append(cells) }

    /// The table as lines, cut to the terminal's width so that no row takes two lines.
    func lines(for terminal: Terminal) -> [TerminalText] {
        let header = titles.map { Cell($0.uppercased(), .quiet) }
        let all = titles.allSatisfy(\.isEmpty) ? rows : [header] + rows
        var widths: [Int] = []
        for row in all {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.text.columns)
            }
        }
        return all.map { line($0, widths, terminal) }
    }

    private func line(_ row: [Cell], _ widths: [Int], _ terminal: Terminal) -> TerminalText {
        var line: TerminalText = ""
        var room = terminal.width ?? .max
        for (column, cell) in row.enumerated() {
            let isLast = row[(column + 1)...].allSatisfy { $0.text.isEmpty }
            let text = cell.text.cut(to: room)
            let padding = TerminalText(
                String(repeating: " ", count: max(0, min(widths[column], room) - text.columns)))
            let painted = terminal.paint(TerminalText(text), cell.colour)
            line = line + (rightAligned.contains(column) ? padding + painted : painted + (isLast ? "" : padding))
            room = max(0, room - widths[column] - 2)
            if isLast || room == 0 { break }
            line = line + "  "
        }
        return line
    }
}

extension String {
    /// How many columns the text takes on a terminal: two for wide East Asian signs and emoji, none for marks that
    /// sit on the sign before them.
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// The beginning that fits, with `…` for what does not.
    func cut(to columns: Int) -> String {
        guard self.columns > columns else { return self }
        var room = columns - 1
        let head = prefix { character in
            room -= character.columns
            return room >= 0
        }
        return columns > 0 ? head + "…" : ""
    }
}

extension Character {
    fileprivate var columns: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: return 0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
