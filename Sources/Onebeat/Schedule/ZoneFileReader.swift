/// Reads TZif, the format of compiled zone files (RFC 8536), versions 1 to 4.
struct ZoneFileReader {
    enum Failure: String, Error {
        case notTZif = "it is not a TZif file"
        case cutShort = "the file is cut short"
        case inconsistent = "its table contradicts itself"
        case leapSeconds = "it counts leap seconds, which moments here do not; use the zone without right/"
        case rule = "its closing rule cannot be understood"
    }

    private let bytes: [UInt8]
    private var position = 0

    /// The zone in `bytes`.
    static func zone(named name: String, from bytes: [UInt8]) throws(Failure) -> Zone {
        var reader = ZoneFileReader(bytes: bytes)
        return try reader.zone(named: name)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private struct Header {
        var version: UInt8
        var utIndicators, standardIndicators, leaps, changes, types, letters: Int

        func length(timeSize: Int) -> Int {
            changes * timeSize + changes + types * 6 + letters + leaps * (timeSize + 4) + standardIndicators
                + utIndicators
        }
    }

    private mutating func zone(named name: String) throws(Failure) -> Zone {
        var header = try header()
        var timeSize = 4
        if header.version >= UInt8(ascii: "2") {
            // The first block is for readers of version 1; the second has all of it in 64 bits.
            try skip(header.length(timeSize: 4))
            header = try self.header()
            timeSize = 8
        }
        guard header.leaps == 0 else { throw .leapSeconds }
        guard header.types > 0, bytes.count - position >= header.length(timeSize: timeSize) else { throw .cutShort }
        let end = position + header.length(timeSize: timeSize)
        let times = try (0..<header.changes).mapThrowing { _ throws(Failure) in try integer(timeSize) }
        let types = try (0..<header.changes).mapThrowing { _ throws(Failure) in try integer(1) & 0xff }
        let offsets = try (0..<header.types).mapThrowing { _ throws(Failure) in
            let offset = try integer(4)
            try skip(2)
            return offset
        }
        // The format's own earliest moment is −2^59; nothing sensible is further from 1970.
        guard types.allSatisfy(offsets.indices.contains), zip(times, times.dropFirst()).allSatisfy(<),
            offsets.allSatisfy((-100_000...100_000).contains), times.allSatisfy((-1 << 59...1 << 59).contains)
        else { throw .inconsistent }
        position = end
        return Zone(
            name: name, offset: offsets[0], changes: zip(times, types.map { offsets[$0] }).map { (at: $0, offset: $1) },
            rule: timeSize == 8 ? try rule() : nil)
    }

    private mutating func header() throws(Failure) -> Header {
        guard bytes.count - position >= 44 else { throw bytes.starts(with: "TZif".utf8) ? .cutShort : .notTZif }
        guard bytes[position...].starts(with: "TZif".utf8) else { throw .notTZif }
        let version = bytes[position + 4]
        position += 20
        let counts = try (0..<6).mapThrowing { _ throws(Failure) in try integer(4) }
        guard counts.allSatisfy((0...100_000).contains) else { throw .inconsistent }
        return Header(
            version: version, utIndicators: counts[0], standardIndicators: counts[1], leaps: counts[2],
            changes: counts[3], types: counts[4], letters: counts[5])
    }

    private mutating func rule() throws(Failure) -> PosixZoneRule? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\n") else { throw .cutShort }
        let text = bytes[(position + 1)...].prefix { $0 != UInt8(ascii: "\n") }
        if text.isEmpty { return nil }
        guard let rule = PosixZoneRule(String(decoding: text, as: UTF8.self)) else { throw .rule }
        return rule
    }

    private mutating func skip(_ count: Int) throws(Failure) {
        guard bytes.count - position >= count else { throw .cutShort }
        position += count
    }

    /// A signed big-endian integer.
    private mutating func integer(_ size: Int) throws(Failure) -> Int {
        guard bytes.count - position >= size else { throw .cutShort }
        var value = bytes[position] & 0x80 == 0 ? 0 : -1
        for byte in bytes[position..<position + size] { value = value << 8 | Int(byte) }
        position += size
        return value
    }
}

extension Range<Int> {
    /// `map` that keeps the error's type.
    fileprivate func mapThrowing<Value, Failure>(
        _ make: (Int) throws(Failure) -> Value
    ) throws(Failure) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for index in self { values.append(try make(index)) }
        return values
    }
}
