import Onebeat

/// What comes of a column's bytes as each of the types that columns are read as; for the fuzzer.
package enum ColumnReading {
    package static func readAll(_ bytes: UnsafeRawBufferPointer) {
        _ = Int64(column: bytes)
        _ = Int(column: bytes)
        _ = Bool(column: bytes)
        _ = String(column: bytes)
        _ = Timestamp(column: bytes)
        _ = [UInt8](column: bytes)
        _ = TextArray(column: bytes)
    }
}
