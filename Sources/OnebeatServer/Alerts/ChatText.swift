/// Text on its way to a chat: no longer than the service takes, and nothing in it calls anybody or becomes markup. What a job
/// says is never ours.
extension String {
    /// As much of its beginning as costs no more than that with the mark that stands for the rest.
    private func cut(most: Int, mark: Int, _ cost: (Character) -> Int) -> String {
        var room = most - mark
        return prefix { character in
            room -= cost(character)
            return room >= 0
        } + "…"
    }

    /// The most of it that has so many bytes.
    func bytes(most: Int) -> String {
        utf8.count <= most ? self : cut(most: most, mark: 3) { $0.utf8.count }
    }

    /// The most of it that has so many units of UTF-16, as chats count that say *characters*.
    func units(most: Int) -> String {
        utf16.count <= most ? self : cut(most: most, mark: 1) { $0.utf16.count }
    }

    /// The most of it that has so many bytes as JSON.
    func json(most: Int) -> String {
        jsonLength <= most ? self : cut(most: most, mark: 3) { $0.unicodeScalars.reduce(0) { $0 + $1.jsonLength } }
    }

    /// How many bytes it has as JSON.
    var jsonLength: Int { unicodeScalars.reduce(0) { $0 + $1.jsonLength } }

    /// Names with an `@` before them as they are read, and not as those whom they call: there is something between that nobody
    /// sees. Addresses of mail stay as they are.
    var callingNobody: String {
        guard utf8.contains(UInt8(ascii: "@")) else { return self }
        var result = UnicodeScalarView()
        var before: Unicode.Scalar?
        var isCall = false
        for scalar in unicodeScalars {
            if isCall, scalar.isInName { result.append("\u{200b}") }
            isCall = scalar == "@" && !(before?.isInName ?? false)
            result.append(scalar)
            before = scalar
        }
        return String(result)
    }
}

extension Unicode.Scalar {
    fileprivate var isInName: Bool { properties.isAlphabetic || properties.numericType != nil || self == "_" }

    fileprivate var jsonLength: Int {
        switch self {
        case "\"", "\\", "\n", "\r", "\t": 2
        case _ where value < 0x20: 6
        default: UTF8.width(self)
        }
    }
}
