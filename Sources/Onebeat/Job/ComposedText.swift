import Foundation

extension String {
    /// The text with each letter and its accents as one character (NFC), as names are kept: stores compare bytes, and
    /// one keyboard's `é` is not the other's.
    package var composed: String { utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping }
}
