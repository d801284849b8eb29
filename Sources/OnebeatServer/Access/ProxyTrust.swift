import Foundation
import HTTPTypes

/// A proxy that asks people who they are, and says so in a header. It is believed only where it asks from.
package struct ProxyTrust: Sendable, Equatable {
    /// The addresses it asks from.
    package var from: [AddressRange]
    /// The header that names the user; `nil` where the proxy only stands before the node.
    package var userHeader: String?

    package init(from: [AddressRange], userHeader: String? = nil) {
        self.from = from
        self.userHeader = userHeader
    }

    /// Whether a connection is the proxy's.
    func covers(_ address: String?) -> Bool {
        guard let address, let own = AddressRange.Bytes(address) else { return false }
        return from.contains { $0.contains(own) }
    }
}

/// An address, or all that begin with so many of its bits: `10.0.0.0/8`, `::1`.
package struct AddressRange: Sendable, Hashable {
    package let bits: Int
    private let bytes: Bytes

    /// `nil` for what is no address.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let bytes = Bytes(String(first)) else { return nil }
        self.bytes = bytes
        guard parts.count == 2 else {
            bits = bytes.values.count * 8
            return
        }
        guard let bits = Int(parts[1]), (0...bytes.values.count * 8).contains(bits), !parts[1].hasPrefix("+") else {
            return nil
        }
        self.bits = bits
    }

    func contains(_ other: Bytes) -> Bool {
        guard other.values.count == bytes.values.count else { return false }
        return zip(bytes.values, other.values).enumerated().allSatisfy { index, pair in
            let left = bits - index * 8
            if left <= 0 { return true }
            let mask: UInt8 = left >= 8 ? 0xff : ~(0xff >> UInt8(clamping: left))
            return pair.0 & mask == pair.1 & mask
        }
    }

    /// The four bytes of an IPv4 address, or the sixteen of another. One of the first kind that is written as one of the second
    /// is the first.
    struct Bytes: Sendable, Hashable {
        var values: [UInt8]

        init?(_ text: String) {
            let plain = text.split(separator: "%", maxSplits: 1).first.map(String.init) ?? ""
            if let values = Self.read(plain, AF_INET, 4) {
                self.values = values
            } else if let values = Self.read(plain, AF_INET6, 16) {
                let isMapped = values[0..<10].allSatisfy { $0 == 0 } && values[10] == 0xff && values[11] == 0xff
                self.values = isMapped ? Array(values[12...]) : values
            } else {
                return nil
            }
        }

        private static func read(_ text: String, _ family: Int32, _ count: Int) -> [UInt8]? {
            var values = [UInt8](repeating: 0, count: count)
            return inet_pton(family, text, &values) == 1 ? values : nil
        }

        /// What one customer of a provider has: an IPv4 address, or the first half of another.
        var place: String { values.prefix(values.count == 4 ? 4 : 8).map { String($0) }.joined(separator: ".") }
    }
}
