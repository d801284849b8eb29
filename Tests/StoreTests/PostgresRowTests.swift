import Onebeat
import Testing

@testable import OnebeatPostgres

/// Bytes from a server are read as what they are, or as nothing: never past their end.
struct PostgresRowTests {
    @Test func anyBytesAreAValueOrNone() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                // Small numbers make lengths and counts that nearly fit.
                Bool.random(using: &random) ? 0 : UInt8.random(in: 0...8, using: &random)
            }
            if bytes.count > 4, Bool.random(using: &random) { bytes.replaceSubrange(0..<4, with: [0, 0, 0, 1]) }
            bytes.withUnsafeBytes { bytes in
                _ = Int64(column: bytes)
                _ = Int(column: bytes)
                _ = Bool(column: bytes)
                _ = String(column: bytes)
                _ = Timestamp(column: bytes)
                _ = [UInt8](column: bytes)
                _ = TextArray(column: bytes)
            }
        }
    }

    @Test(arguments: [[], [1], [0, 1, 2], [0, 0, 0, 0, 0], [UInt8](repeating: 0, count: 9)])
    func aNumberOfAnotherLengthIsNone(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            #expect(Int64(column: bytes) == nil)
            #expect(Timestamp(column: bytes) == nil)
        }
    }

    @Test func aNumberThatCountingOnWouldOverflowIsNone() {
        for value in [Int64.max, .min, 1 << 60] {
            withUnsafeBytes(of: value.bigEndian) { bytes in
                #expect(Int64(column: bytes) == value)
                #expect(Int(column: bytes) == nil)
                #expect(Timestamp(column: bytes) == nil)
            }
        }
    }

    @Test func aListIsReadAsItWasWritten() {
        for list in [[], [""], ["a", "安娜"]] {
            var bytes: [UInt8] = []
            #expect(Parameter.texts(list).encode(to: &bytes))
            bytes.withUnsafeBytes { #expect(TextArray(column: $0)?.values == list) }
            // Cut anywhere, it is none.
            for count in 0..<bytes.count {
                bytes.prefix(count).withUnsafeBytes { #expect(TextArray(column: $0)?.values == nil) }
            }
        }
    }
}
