import Onebeat

/// How old an answer may be that is shared by readers. It goes by how long the answer takes to find: what is found quickly is
/// found anew for each reader, so that a small store is always seen as it is; what takes long is found a bounded part of the
/// time, however many read, and nobody waits for it but the first.
enum Freshness: Equatable {
    /// It is given.
    case given
    /// It is given, and found anew for those who come after.
    case renewed
    /// It is waited for.
    case awaited

    /// What takes no longer than this is not shared.
    static let quick = Duration.milliseconds(20)

    /// - Parameters:
    ///   - age: since when it has been looked for.
    ///   - length: how long it took to find.
    static func decide(age: Duration, length: Duration) -> Freshness {
        if length <= quick { return .awaited }
        if age < max(.seconds(1), length * 4) { return .given }
        return age < max(.seconds(15), length * 40) ? .renewed : .awaited
    }

    /// After how long it is found anew where nobody asks, so that whoever comes does not wait; `nil` where nobody needs it.
    static func renewal(length: Duration) -> Duration? { length <= quick ? nil : max(.seconds(5), length * 20) }
}

/// An answer that many readers ask for, found once for all of them where finding it takes long: see ``Freshness``.
actor SharedAnswer<Value: Sendable> {
    private struct Kept {
        var value: Value
        /// When it was begun to be looked for: nothing that was so before is missing in it.
        var begun: Duration
        var length: Duration

        func freshness(at uptime: Duration) -> Freshness { .decide(age: uptime - begun, length: length) }
    }

    private let time: any TimeSource
    private let find: @Sendable () async throws -> Value
    private var kept: Kept?
    /// Who finds it now, and since which of the changes that were told of.
    private var finding: (task: Task<Kept, any Error>, edition: Int)?
    private var edition = 0

    init(time: any TimeSource, find: @escaping @Sendable () async throws -> Value) {
        self.time = time
        self.find = find
    }

    /// The answer, as old as the rule allows.
    func value() async throws -> Value {
        guard let kept else { return try await found().value }
        switch kept.freshness(at: time.uptime()) {
        case .given: return kept.value
        case .renewed:
            _ = begin()
            return kept.value
        case .awaited where kept.length <= Freshness.quick:
            // What somebody else began to look for may not know yet what this reader does.
            let current = edition
            let own = try await Self.look(find, time)
            keep(own, of: current)
            return own.value
        case .awaited: return try await found().value
        }
    }

    /// The answer, begun to be looked for no longer ago than that: for whoever decides by it and says how old it may be. What is
    /// found quickly is found anew.
    func value(within age: Duration) async throws -> Value {
        if let kept, kept.length > Freshness.quick, time.uptime() - kept.begun <= age { return kept.value }
        return try await found().value
    }

    /// Lets nobody be given what was found before: something was changed, by somebody who will want to see it.
    func forget() {
        edition += 1
        kept = nil
    }

    /// Finds it anew where it takes long and is about to get old.
    /// - Returns: when to look again; `nil` where whoever asks does not wait for long.
    func renew() async throws -> Duration? {
        let uptime = time.uptime()
        if let kept {
            guard let period = Freshness.renewal(length: kept.length) else { return nil }
            let age = uptime - kept.begun
            if age < period { return period - age }
        }
        let found = try await found()
        return Freshness.renewal(length: found.length).map { max($0 - (time.uptime() - found.begun), .seconds(1)) }
    }

    private func found() async throws -> Kept { try await begin().value }

    /// Begins to look, unless somebody does who began after the newest change that was told of.
    private func begin() -> Task<Kept, any Error> {
        if let finding, finding.edition == edition { return finding.task }
        let (current, find, time) = (edition, find, time)
        // A reader who goes away does not take it from those who wait.
        let task = Task { () async throws -> Kept in
            do {
                let found = try await Self.look(find, time)
                end(found, of: current)
                return found
            } catch {
                end(nil, of: current)
                throw error
            }
        }
        finding = (task, current)
        return task
    }

    private func end(_ found: Kept?, of edition: Int) {
        if finding?.edition == edition { finding = nil }
        if let found { keep(found, of: edition) }
    }

    private func keep(_ found: Kept, of edition: Int) {
        guard edition == self.edition, found.begun >= kept?.begun ?? .zero else { return }
        kept = found
    }

    private static func look(
        _ find: @Sendable () async throws -> Value, _ time: any TimeSource
    ) async throws -> Kept {
        let begun = time.uptime()
        let value = try await find()
        return Kept(value: value, begun: begun, length: time.uptime() - begun)
    }
}
