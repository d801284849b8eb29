/// What comes of a zone file's bytes; for the fuzzer.
package enum ZoneReading {
    /// Reads a file, and looks at its table and its rule here and there.
    /// - Returns: whether it was taken.
    @discardableResult
    package static func read(_ bytes: [UInt8]) -> Bool {
        guard let zone = try? ZoneFileReader.zone(named: "fuzz", from: bytes) else { return false }
        for moment in [
            Int(Timestamp.distantPast.seconds), 0, 1_764_000_000, 4_000_000_000, Timestamp.distantFuture.seconds,
        ] {
            let segment = zone.segment(at: moment)
            _ = (segment.offset, zone.local(moment), zone.moment(of: CivilTime(seconds: moment)))
        }
        return true
    }
}
