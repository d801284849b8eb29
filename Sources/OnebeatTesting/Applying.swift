import Onebeat

extension JobStore {
    /// Stores definitions that are in no order with what their source applied before.
    @discardableResult
    public func apply(
        _ definitions: [JobDefinition], source: String, isComplete: Bool, by actor: String, schedules: ScheduleCache
    ) async throws -> [JobChange] {
        try await apply(
            ApplyRequest(definitions, source: source, by: actor, isComplete: isComplete), schedules: schedules)
    }
}
