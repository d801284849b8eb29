import Onebeat

/// A connection that is told of every command that the server carries out (`MONITOR`). It costs the server a good part of its
/// speed for as long as it is open.
package struct RedisMonitor: Sendable {
    /// The longest command that is read, in bytes, as `MONITOR` writes it; a longer one ends the connection.
    static let longestLine = 8 << 20

    private let connection: RedisConnection

    package var isOpen: Bool { connection.isOpen }

    package func close() { connection.close() }

    /// Opens one. It is the caller's to close.
    /// - Parameter onCommand: told of each command as `MONITOR` writes it, on the connection's own thread.
    /// - Throws: ``RedisError``
    package static func open(
        by client: RedisClient, _ onCommand: @escaping @Sendable (String) -> Void
    ) async throws(RedisError) -> RedisMonitor {
        let connection = try await client.openConnectionOfItsOwn(named: "monitor", onCommand: onCommand)
        let replies: [RedisReply]
        do throws(RedisError) {
            replies = try await connection.send([RedisCommand("MONITOR")], within: RedisConnection.patience)
        } catch {
            connection.close()
            throw error
        }
        if let failure = replies.first?.failure {
            connection.close()
            throw .refused(
                "Redis at \(client.address.place) does not let us watch what is sent: \(failure)"
                    + failure.advice(rights: "monitor"))
        }
        return RedisMonitor(connection: connection)
    }
}

/// A command that a server carried out, as `MONITOR` tells of it:
/// `1339518083.107412 [0 127.0.0.1:60866] "lpush" "mail" "{…}"`.
package struct WatchedCommand: Sendable, Equatable {
    /// When, by the server's clock.
    package var at: Timestamp
    /// Which database it was about.
    package var database: Int
    /// Who sent it; `lua` for a script.
    package var sender: String
    /// The command and its arguments. Bytes that are no UTF-8 are marked.
    package var words: [String]

    /// Reads a line; `nil` for what is none.
    /// - Parameter verb: only commands of this name, in lower case, are read to their end.
    package init?(_ line: String, verb: String) {
        let bytes = Array(line.utf8)
        // A sender in the world of IPv6 has brackets of its own.
        guard let open = bytes.firstIndex(of: UInt8(ascii: "[")),
            let close = bytes[open...].firstRange(of: Array("] \"".utf8))?.lowerBound,
            let moment = Self.moment(bytes[..<open])
        else { return nil }
        let place = String(decoding: bytes[(open + 1)..<close], as: UTF8.self).split(separator: " ", maxSplits: 1)
        guard place.count == 2, let database = Int(place[0]) else { return nil }
        let rest = bytes[(close + 2)...]
        let start = rest.prefix(verb.utf8.count + 2)
        guard start.map({ $0 | 0x20 }) == Array("\"\(verb)\"".utf8).map({ $0 | 0x20 }), let words = Self.words(rest)
        else { return nil }
        at = moment
        self.database = database
        sender = String(place[1])
        self.words = words
    }

    private static func moment(_ bytes: ArraySlice<UInt8>) -> Timestamp? {
        let parts = String(decoding: bytes, as: UTF8.self).filter { $0 != " " }.split(separator: ".")
        guard parts.count == 2, parts[1].count == 6, let seconds = Int64(parts[0]), let micros = Int64(parts[1]),
            (0...(1 << 40)).contains(seconds), (0..<1_000_000).contains(micros)
        else { return nil }
        return Timestamp(microseconds: seconds * 1_000_000 + micros)
    }

    /// Words in quotes, with what is not printable behind backslashes.
    private static func words(_ bytes: ArraySlice<UInt8>) -> [String]? {
        var words: [String] = []
        var word: [UInt8] = []
        var isInWord = false
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\"") where isInWord:
                words.append(String(decoding: word, as: UTF8.self))
                word.removeAll(keepingCapacity: true)
                isInWord = false
            case UInt8(ascii: "\""): isInWord = true
            case UInt8(ascii: " ") where !isInWord: break
            case _ where !isInWord: return nil
            case UInt8(ascii: "\\"):
                guard let escaped = unescaped(&rest) else { return nil }
                word.append(escaped)
            default: word.append(byte)
            }
        }
        return isInWord ? nil : words
    }

    private static func unescaped(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        guard let byte = rest.popFirst() else { return nil }
        switch byte {
        case UInt8(ascii: "n"): return 10
        case UInt8(ascii: "r"): return 13
        case UInt8(ascii: "t"): return 9
        case UInt8(ascii: "a"): return 7
        case UInt8(ascii: "b"): return 8
        case UInt8(ascii: "x"):
            let digits = rest.prefix(2)
            rest = rest.dropFirst(2)
            return digits.count == 2 ? UInt8(String(decoding: digits, as: UTF8.self), radix: 16) : nil
        default: return byte
        }
    }
}
