/// FNV-1a with 64 bits: the same on every node, in every release. The slots of `H` and the share of `spread` hang on it,
/// so it must never change.
enum StableHash {
    /// The hash of one byte `salt` (0 to 255), which keeps a job's slots from moving in step, then of the UTF-8 of `text`.
    static func of(_ text: String, salt: UInt8) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        hash = (hash ^ UInt64(salt)) &* 0x100_0000_01b3
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
