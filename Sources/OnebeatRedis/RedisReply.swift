// OnebeatRedis: locks in a Redis that programs in other languages share, and pointers that wake workers. Redis may guard
// and wake, it never decides:
// whatever is lost here costs time, and the store answers for the rest.
//
// The protocol is RESP2, which every Redis and Valkey speaks without being asked.

import Onebeat

/// One answer of a Redis server.
public enum RedisReply: Sendable, Equatable {
    /// A word such as `OK`.
    case status(String)
    /// A command that the server refused; the others of its flight are answered all the same.
    case failure(RedisReplyFailure)
    /// A number.
    case integer(Int64)
    /// Bytes.
    case bytes([UInt8])
    /// Nothing: no such key, or a condition that did not hold.
    case null
    /// Several answers in one.
    case array([RedisReply])

    /// The answer as text, where it is text; bytes that are not UTF-8 are marked.
    public var text: String? {
        switch self {
        case .status(let word): word
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .failure, .integer, .null, .array: nil
        }
    }

    /// What the server refused, if it did.
    public var failure: RedisReplyFailure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

/// An error that a server answered with, such as `WRONGTYPE Operation against a key …`.
public struct RedisReplyFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The line without the leading minus, as it can be kept and shown: cut where it is very long.
    public var description: String

    /// The first word: what programs branch on.
    public var code: String { String(description.prefix { $0 != " " }) }

    /// Whether the same command may work later without anyone doing anything: the server loads its data, runs a long
    /// script, cannot save, or changes its part in a failover.
    public var isPassing: Bool {
        ["LOADING", "READONLY", "BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN", "NOREPLICAS", "MISCONF"].contains(code)
    }

    /// Wraps a line.
    public init(_ description: String) { self.description = description.legible(most: 400) }

    /// What would do, to be said after the server's own words.
    /// - Parameter rights: what the server's access list has to allow.
    package func advice(rights: String) -> String {
        switch code {
        case "NOPERM": "; its user needs \(rights)"
        // What Redis 7 says where a command of a script is not allowed.
        case "ERR" where description.contains("user executing the script"): "; its user needs \(rights)"
        case "OOM": "; raise its maxmemory or free some"
        case "MOVED", "ASK": "; name a server that is not part of a Redis Cluster"
        default: ""
        }
    }
}

extension RedisReply {
    /// What kind of answer it is, to be told where another was expected.
    package var kind: String {
        switch self {
        case .status(let word): "the status \(word.legible(most: 40))"
        case .failure(let failure): "the error \(failure)"
        case .integer(let number): "the number \(number)"
        case .bytes(let bytes): "a string of \(bytes.count) bytes"
        case .null: "nothing"
        case .array(let parts): "an array of \(parts.count)"
        }
    }

    /// A number that came as text, as Lua and `TIME` give it: whole, or a fraction that is dropped. `nil` for what is no number
    /// or too large.
    package var wholeNumber: Int64? {
        guard let text, let number = Double(text) else { return nil }
        // A fraction of a double would lose the last digits of what is whole.
        if let whole = Int64(text) { return whole }
        return Int64(exactly: number.rounded(.towardZero))
    }

    /// What `TIME` answers: seconds since 1970, and microseconds. `nil` for what no clock of ours will ever show.
    package var time: Timestamp? {
        guard case .array(let parts) = self, parts.count == 2, let seconds = parts[0].wholeNumber,
            let microseconds = parts[1].wholeNumber, (0..<1_000_000).contains(microseconds)
        else { return nil }
        let time = Timestamp(seconds: seconds) + .microseconds(microseconds)
        return (Timestamp(microseconds: 0) ... .distantFuture).contains(time) ? time : nil
    }

    /// A moment that came as microseconds since 1970; `nil` for what no clock of ours will ever show.
    package var moment: Timestamp? {
        guard let microseconds = wholeNumber else { return nil }
        let moment = Timestamp(microseconds: microseconds)
        return (.distantPast ... .distantFuture).contains(moment) ? moment : nil
    }
}

extension String {
    /// Words of somebody else as they can be kept and shown: they may hold anything, and be as long as they like.
    func legible(most: Int) -> String {
        String(
            prefix(most).map { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control } ? "·" : $0 })
    }
}
