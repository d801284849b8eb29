extension Unicode.Scalar {
    /// Whether it acts on whatever shows it, turns the direction of text, or is not to be seen: none of it is shown as it
    /// is, wherever words of others are. Newlines and tabs are not among them, which each place has its own way with.
    package var isHarmful: Bool {
        switch value {
        case 0x0a, 0x09: false
        case 0..<0x20, 0x7f..<0xa0, 0x061c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfff9...0xfffb,
            0xe0000...0xe007f:
            true
        default: false
        }
    }
}
