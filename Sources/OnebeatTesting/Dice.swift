import Onebeat
import Synchronization

/// Chance that a seed decides: SplitMix64 (Steele, Lea and Flood, 2014). The same seed gives the same throws.
public final class Dice: Sendable {
    private let state: Mutex<UInt64>

    /// Dice of a seed.
    public init(seed: UInt64) { state = Mutex(seed) }

    /// The next 64 bits.
    public func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9e37_79b9_7f4a_7c15
            var word = state
            word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
            return word ^ (word >> 31)
        }
    }

    /// Other dice, so that what one part throws does not move the others.
    public func split() -> Dice { Dice(seed: next()) }

    /// From 0 up to, and without, 1.
    public func fraction() -> Double { Double(next() >> 11) / Double(1 << 53) }

    /// Yes, this often.
    public func says(_ chance: Double) -> Bool { chance > 0 && fraction() < chance }

    /// A number in the range.
    public func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    /// One of these.
    public func one<Value>(of values: [Value]) -> Value { values[number(0...values.count - 1)] }

    /// A length from zero to this, in whole microseconds.
    public func length(upTo most: Duration) -> Duration {
        if most <= .zero { return .zero }
        return .microseconds(Int64(most.inSeconds * 1e6 * fraction()))
    }

    /// A length in the range, in whole microseconds.
    public func length(_ least: Duration, _ most: Duration) -> Duration { least + length(upTo: most - least) }

    /// Sixteen characters.
    public func word() -> String {
        let digits = String(next(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
