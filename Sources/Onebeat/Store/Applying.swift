extension JobStore {
    /// Stores `definitions` for `source`, planned by their schedules. Whatever was due until then gets its row under the
    /// definition that was in force.
    /// - Throws: ``StoreError``; ``ScheduleError`` when a schedule cannot be read on this machine. Nothing is stored then.
    @discardableResult
    public func apply(
        _ definitions: [JobDefinition], source: String, isComplete: Bool, by actor: String, schedules: ScheduleCache
    ) async throws -> [JobChange] {
        let compiled = try Dictionary(
            uniqueKeysWithValues: definitions.map {
                ($0.name, try Schedule(of: $0, zones: schedules.zones))
            })
        var looks = 0
        while true {
            try await planOverdue(schedules: schedules)
            do {
                return try await apply(
                    definitions, source: source, isComplete: isComplete, by: actor,
                    unless: { Misfire.isOverdue($0, at: $1, schedules: schedules) }
                ) { definition, record, now in
                    guard let schedule = compiled[definition.name] else {
                        // Ours: the names are those that were compiled above.
                        preconditionFailure("every definition was compiled")
                    }
                    return Replanning.decide(definition, replacing: record, schedule: schedule, at: now)
                }
            } catch {
                // Between the look and the change somebody else stored a job, and it fell due. It is planned next.
                // A `catch` with this as its `where` crashes the compiler of Swift 6.3.1.
                guard error == .overtaken, looks < Replanning.looks else { throw error }
                looks += 1
            }
        }
    }

    /// Gives every instant that is past, and that no leader planned, its row under the definition in force. Before
    /// definitions change, that is: afterwards nobody could tell any more when the job had been due.
    ///
    /// What is due within the horizon is planned too, so that little falls between this and the change; the change
    /// itself withdraws what it does not keep. A job whose schedule cannot be read here is left alone.
    private func planOverdue(schedules: ScheduleCache) async throws(StoreError) {
        let now = try await now()
        let horizon = now + Misfire.horizon
        var plans: [FirePlan] = []
        for var job in try await plannable(through: horizon, limit: .max) {
            guard let schedule = try? schedules.schedule(for: job) else { continue }
            while let next = job.nextAt, next <= horizon {
                let plan = Misfire.decide(job, schedule: schedule, at: now, through: horizon)
                plans.append(plan)
                job.watermark = plan.through
                job.nextAt = plan.nextAt
            }
        }
        if !plans.isEmpty { _ = try await plan(plans, term: nil) }
    }
}
