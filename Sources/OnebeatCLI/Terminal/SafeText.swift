/// Text out of a job, made harmless for a terminal: a job's output must not move the cursor, change the title or
/// answer back.
enum SafeText {
    /// The bytes as text; control characters other than newline and tab become visible ones.
    static func forTerminal(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0x0A, 0x09: text.append(scalar)
            case 0x0D: continue
            case 0..<0x20: text.append(Unicode.Scalar(0x2400 + scalar.value) ?? "?")
            case 0x7F..<0xA0: text.append("?")
            default: text.append(scalar)
            }
        }
        return String(text)
    }
}
