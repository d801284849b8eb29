// OnebeatRedis: locks in a Redis that programs in other languages share, and pointers that wake workers. Redis may guard
// and wake, it never decides:
// whatever is lost here costs time, and the store answers for the rest.
//
// The protocol is RESP2, which every Redis and Valkey speaks without being asked.

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
    /// The line as it came, without the leading minus.
    public var description: String

    /// The first word: what programs branch on.
    public var code: String { String(description.prefix { $0 != " " }) }

    /// Whether the same command may work later without anyone doing anything: the server loads its data, runs a long
    /// script, or changes its part in a failover.
    public var isPassing: Bool {
        ["LOADING", "READONLY", "BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN", "NOREPLICAS"].contains(code)
    }

    /// Wraps a line.
    public init(_ description: String) { self.description = description }

    /// What would do, to be said after the server's own words.
    /// - Parameter rights: what the server's access list has to allow.
    func advice(rights: String) -> String {
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
