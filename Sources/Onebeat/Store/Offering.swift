import Logging

extension JobStore where Self: HistoryStore {
    /// Applies what a program brings when it starts, or reads anew, and tells the log what people must not miss: jobs
    /// that went, and jobs that go on though the program no longer names them.
    /// - Returns: what changed; `nil` when the store has newer definitions of this source. Those stay in force, the
    ///   program works with them, and an event says so.
    /// - Throws: what ``apply(_:schedules:)`` throws otherwise.
    package func offer(
        _ request: ApplyRequest, schedules: ScheduleCache, logger: Logger
    ) async throws -> [JobChange]? {
        let about: Logger.Metadata = ["source": "\(request.source)"]
        do {
            let changes = try await apply(request, schedules: schedules)
            func names(_ kind: JobChange.Kind) -> [String] { changes.filter { $0.kind == kind }.map(\.job) }
            for (kind, words) in [
                (JobChange.Kind.removed, "jobs removed, since the source no longer names them"),
                (.kept, "jobs go on, though the source no longer names them; a complete one removes them"),
            ] where !names(kind).isEmpty {
                logger.warning("\(words)", metadata: about.merging(["jobs": "\(Self.list(names(kind)))"]) { $1 })
            }
            return changes
        } catch StoreError.outdated(let why) {
            logger.warning(
                "older definitions than those in force; going on with those",
                metadata: about.merging(["reason": "\(why)"]) { $1 })
            try await record(Event("source.outdated", actor: request.actor, message: why))
            return nil
        }
    }

    private static func list(_ names: [String]) -> String {
        let most = 20
        let rest = names.count > most ? " and \(names.count - most) more" : ""
        return names.prefix(most).joined(separator: ", ") + rest
    }
}
