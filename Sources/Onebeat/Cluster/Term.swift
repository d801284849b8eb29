/// A leader's reign; each is higher than all before it.
public struct Term: Sendable, Hashable, Comparable, Codable {
    /// The number itself.
    public let value: Int64

    /// Wraps a number from the store.
    public init(_ value: Int64) { self.value = value }

    /// Orders by age: the lower is over.
    public static func < (a: Term, b: Term) -> Bool { a.value < b.value }
}
