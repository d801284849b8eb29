import Onebeat

// Store laws: what we promise of a store, as data. Every store answers to all of them; a bug fixed in one adds a law
// for all. A law gets an empty store whose clock is in its hands, and speaks only the protocols of Sources/Onebeat/Store.

/// One promise of a store and how it is checked.
public struct StoreLaw: Sendable, CustomStringConvertible {
    /// The promise, as a claim.
    public let name: String
    private let body: @Sendable (StoreBench) async throws -> Void

    /// A law.
    public init(_ name: String, _ body: @escaping @Sendable (StoreBench) async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// The promise.
    public var description: String { name }

    /// Holds an empty store, whose clock is `time`, to the law.
    /// - Throws: ``LawBroken`` with what was expected and found; ``StoreError`` where the store failed.
    public func check(_ store: any Store, time: ManualTime) async throws {
        try await body(StoreBench(store: store, time: time))
    }

    /// Every law.
    public static let all =
        planning + applying + claiming + overlapping + locking + settling + leasing + solitude + holding + triggering
        + recording + standing + stepping + flows + alerts + ledger + reruns + backfilling + access + needing + emitting
        + spreading + standingBy + remote + signalling + seeing
}

/// A law that a store did not hold.
public struct LawBroken: Error, CustomStringConvertible {
    /// What was expected and found, and where it is written.
    public let description: String
}

func expect(_ holds: Bool, _ words: String, _ file: String = #fileID, _ line: Int = #line) throws {
    if !holds { throw LawBroken(description: "\(file):\(line): \(words)") }
}

func expect<Value: Equatable>(
    _ found: Value, is expected: Value, _ what: String = "", _ file: String = #fileID, _ line: Int = #line
) throws {
    if found != expected {
        throw LawBroken(description: "\(file):\(line): \(what) expected \(expected), found \(found)")
    }
}

func expectFenced(
    _ what: String, _ file: String = #fileID, _ line: Int = #line, _ move: () async throws -> Void
) async throws {
    do {
        try await move()
    } catch StoreError.fenced {
        return
    }
    throw LawBroken(description: "\(file):\(line): \(what) was not refused as stale")
}

func expectNotFound(
    _ what: String, _ file: String = #fileID, _ line: Int = #line, _ move: () async throws -> Void
) async throws {
    do {
        try await move()
    } catch StoreError.notFound {
        return
    }
    throw LawBroken(description: "\(file):\(line): \(what) was found")
}

func expectRefused(
    _ file: String = #fileID, _ line: Int = #line, _ move: () async throws -> Void
) async throws {
    do {
        try await move()
    } catch StoreError.refused {
        return
    }
    throw LawBroken(description: "\(file):\(line): it was not refused")
}

func expectChanged<Value>(
    _ what: String, _ file: String = #fileID, _ line: Int = #line, _ move: () async throws -> Value
) async throws {
    do {
        _ = try await move()
    } catch StoreError.changed {
        return
    }
    throw LawBroken(description: "\(file):\(line): \(what) was passed over")
}

func expectOutdated<Value>(
    _ file: String = #fileID, _ line: Int = #line, _ move: () async throws -> Value
) async throws {
    do {
        _ = try await move()
    } catch StoreError.outdated {
        return
    }
    throw LawBroken(description: "\(file):\(line): older definitions were taken")
}
