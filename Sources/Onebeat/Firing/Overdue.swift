extension JobStore {
    /// Gives every instant that is past, and that no leader planned, its row under the definition in force. Before
    /// definitions change, that is: afterwards nobody could tell any more when the job had been due.
    ///
    /// What is due within the horizon is planned too, so that nothing falls between this and the change; the change
    /// itself withdraws what it does not keep. A job whose schedule cannot be read here is left alone.
    func planOverdue(schedules: ScheduleCache) async throws(StoreError) {
        let now = try await now()
        let horizon = now + FiringLoop.horizon
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
