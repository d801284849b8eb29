extension Failure {
    /// How much of an error's words is kept, in bytes.
    static let length = 4000

    /// What an error that was thrown tells developers, since what some tell users hides what went wrong: a driver of a
    /// database, say, that keeps its queries out of logs. It may be kept and shown: it is bounded, and its control
    /// characters are visible ones.
    package init(_ error: any Error) {
        let words = String(reflecting: error)
        var text = String.UnicodeScalarView()
        var room = Self.length
        for scalar in words.unicodeScalars {
            let shown = Self.visible(scalar)
            room -= String(shown).utf8.count
            guard room >= 0 else {
                self.init("\(String(text)) … (\(words.utf8.count) bytes)")
                return
            }
            text.append(shown)
        }
        self.init(String(text))
    }

    private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case _ where !scalar.isHarmful: scalar
        case 0..<0x20: Unicode.Scalar(0x2400 + scalar.value) ?? "?"
        default: "?"
        }
    }
}
