/// Rows in aligned columns, two spaces apart. Trailing blanks are left out. Where a terminal is too narrow, long names give
/// way first, then the columns that the table can do without; the last column, which says why, goes last.
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
    /// Columns that are left out where there is no room, the first of them first.
    private let optional: [Int]
    private var rows: [[Cell]] = []

    init(_ titles: String..., rightAligned: Set<Int> = [], optional: [Int] = []) {
        self.titles = titles
        self.rightAligned = rightAligned
        self.optional = optional
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: Cell...) { rows.append(cells) }

    /// What a column keeps when it gives way, and what the last one gets before others are left out.
    private static let (narrow, reasons) = (12, 28)
    /// How long a moment with its zone is.
    private static let moment = 27

    /// The table as lines, no wider than the terminal, so that no row takes two lines.
    func lines(for terminal: Terminal) -> [TerminalText] {
        let header = titles.map { Cell($0.uppercased(), .quiet) }
        let all = titles.allSatisfy(\.isEmpty) ? rows : [header] + rows
        var natural: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == natural.count { natural.append(0) }
                natural[column] = max(natural[column], cell.text.columns)
            }
        }
        // A column that can be done without, and has not a word in it, is left out.
        let shown = natural.indices.filter { natural[$0] > 0 || !optional.contains($0) }
        for column in shown where column < titles.count { natural[column] = max(natural[column], titles[column].count) }
        let (columns, widths) = fit(shown, natural, terminal.width)
        return all.map { line($0, columns, widths, terminal) }
    }

    /// Which columns are shown, and how wide.
    private func fit(_ shown: [Int], _ natural: [Int], _ room: Int?) -> ([Int], [Int]) {
        var (columns, widths) = (shown, natural)
        guard let room, let last = columns.last else { return (columns, widths) }
        func need() -> Int { columns.dropLast().reduce(0) { $0 + widths[$1] + 2 } + min(widths[last], Self.reasons) }
        func giveWay(to floor: Int, from least: Int = 0) {
            func isFit(_ column: Int) -> Bool { !rightAligned.contains(column) && natural[column] > least }
            while need() > room,
                let widest = columns.dropLast().filter(isFit).max(by: { widths[$0] < widths[$1] }),
                widths[widest] > floor
            {
                widths[widest] = max(floor, widths[widest] - max(1, need() - room))
            }
        }
        // What is longer than a moment with its zone is a name.
        giveWay(to: Self.moment, from: Self.moment)
        for column in optional where need() > room && column != last { columns.removeAll { $0 == column } }
        giveWay(to: Self.narrow, from: Self.moment)
        giveWay(to: Self.narrow)
        return (columns, widths)
    }

    private func line(_ row: [Cell], _ columns: [Int], _ widths: [Int], _ terminal: Terminal) -> TerminalText {
        var line: TerminalText = ""
        var room = terminal.width ?? .max
        for (place, column) in columns.enumerated() where column < row.count {
            let isLast = columns[(place + 1)...].allSatisfy { $0 >= row.count || row[$0].text.isEmpty }
            let isEnd = place == columns.count - 1
            let text = row[column].text.cut(to: isEnd ? room : min(widths[column], room))
            let padding = TerminalText(
                String(repeating: " ", count: max(0, min(widths[column], room) - text.columns)))
            let painted = terminal.paint(TerminalText(text), row[column].colour)
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
