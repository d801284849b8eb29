extension Schedule {
    /// Reads a moment as ISO 8601. Without an offset it is a reading of the schedule's wall clock: of a time that comes
    /// twice the first pass; one that the clocks jump over is read as if they had not jumped yet.
    public func moment(_ text: String) -> Timestamp? {
        guard let reading = Timestamp(iso8601: text) else { return nil }
        let clock = text.drop { $0 != "T" && $0 != "t" && $0 != " " }
        if clock.contains(where: { "Zz+-".contains($0) }) { return reading }
        // The offset that holds at the moment is one of those that hold a day before and a day after.
        let offsets = [reading - .seconds(86_400), reading + .seconds(86_400)].map { zone.offset(at: $0.seconds) }
        let candidates = offsets.map { reading - .seconds($0) }
        let exact = zip(candidates, offsets).filter { zone.offset(at: $0.0.seconds) == $0.1 }.map(\.0)
        return exact.min() ?? candidates.max()
    }
}
