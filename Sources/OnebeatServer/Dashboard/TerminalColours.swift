/// Colours of a terminal as classes of ours: `ESC [ … m` becomes a span, all else text. What there is no class for (256
/// colours, blinking) is left out.
struct TerminalColours {
    private static let names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]

    private var colour: String?
    private var isBold = false

    /// The classes in force, parted by blanks.
    var classes: String { [colour, isBold ? "bold" : nil].compactMap(\.self).joined(separator: " ") }

    /// The text, with what is in force at its start.
    mutating func html(_ text: String) -> HTML {
        var pieces: [HTML] = []
        var rest = text.unicodeScalars[...]
        while let escape = rest.firstIndex(of: "\u{1b}") {
            add(rest[..<escape], to: &pieces)
            rest = rest[rest.index(after: escape)...]
            guard rest.first == "[", let end = rest.firstIndex(where: { !"[0123456789;:".unicodeScalars.contains($0) }),
                rest[end] == "m"
            else { continue }
            apply(String(String.UnicodeScalarView(rest[rest.index(after: rest.startIndex)..<end])))
            rest = rest[rest.index(after: end)...]
        }
        add(rest, to: &pieces)
        return "\(pieces)"
    }

    private func add(_ text: Substring.UnicodeScalarView, to pieces: inout [HTML]) {
        guard !text.isEmpty else { return }
        let text: HTML = "\(String(String.UnicodeScalarView(text)))"
        pieces.append(classes.isEmpty ? text : "<span class=\"\(classes)\">\(text)</span>")
    }

    private mutating func apply(_ codes: String) {
        var codes = codes.split(separator: ";", omittingEmptySubsequences: false)[...]
        while let code = codes.popFirst() {
            switch Int(code) ?? (code.isEmpty ? 0 : -1) {
            case 0: (colour, isBold) = (nil, false)
            case 1: isBold = true
            case 22: isBold = false
            case 39: colour = nil
            case let code where (30...37).contains(code): colour = Self.names[code - 30]
            case let code where (90...97).contains(code): colour = Self.names[code - 90]
            // A colour out of 256, or out of all: its numbers are no codes.
            case 38, 48: codes = codes.dropFirst(codes.first == "5" ? 2 : codes.first == "2" ? 4 : 0)
            default: continue
            }
        }
    }
}
