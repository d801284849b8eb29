extension JobStore {
    /// Stores what a source defines, planned by the jobs' schedules. Whatever was due until then gets its row under the
    /// definition that was in force.
    /// - Throws: ``StoreError``; ``ScheduleError`` when a schedule cannot be read on this machine. Nothing is stored then.
    @discardableResult
    public func apply(_ request: ApplyRequest, schedules: ScheduleCache) async throws -> [JobChange] {
        let isWord = request.source.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard isWord, (1...300).contains(request.source.utf8.count) else {
            throw StoreError.refused("a source has a name of 1 to 300 bytes without control characters")
        }
        var compiled: [String: Schedule] = [:]
        for definition in request.definitions {
            let schedule = try Schedule(of: definition, zones: schedules.zones)
            guard compiled.updateValue(schedule, forKey: definition.name) == nil else {
                throw StoreError.refused("job \"\(definition.name)\" is defined twice; a name stands for one job")
            }
        }
        let plans = compiled
        var looks = 0
        while true {
            try await planOverdue(before: request, schedules: schedules)
            do {
                return try await apply(
                    request, unless: { Misfire.isOverdue($0, at: $1, schedules: schedules) }
                ) { definition, record, now in
                    guard let schedule = plans[definition.name] else {
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
    /// definitions change, that is: afterwards nobody could tell any more when the job had been due. What does not change is
    /// left to the leader, which has other jobs to look after meanwhile.
    ///
    /// What is due within the horizon is planned too, so that little falls between this and the change; the change
    /// itself withdraws what it does not keep. A job whose schedule cannot be read here is left alone.
    private func planOverdue(before request: ApplyRequest, schedules: ScheduleCache) async throws(StoreError) {
        let now = try await now()
        let named = Dictionary(request.definitions.map { ($0.name, $0) }) { $1 }
        func isTouched(_ job: JobRecord) -> Bool {
            named[job.name].map { $0 != job.definition } ?? (request.isWhole && job.source == request.source)
        }
        let horizon = now + Misfire.horizon
        var plans: [FirePlan] = []
        for var job in try await plannable(through: horizon, limit: .max) where isTouched(job) {
            guard let schedule = try? schedules.schedule(for: job) else { continue }
            let followers = try await followers(planning: job)
            while let next = job.nextAt, next <= horizon {
                let plan = Misfire.decide(job, schedule: schedule, at: now, through: horizon)
                plans.append(plan.followed(by: followers, edition: job.flowEdition))
                job.watermark = plan.through
                job.nextAt = plan.nextAt
            }
        }
        if !plans.isEmpty { _ = try await plan(plans, term: nil) }
    }

    /// Those that follow a job which is to be planned. What the store keeps was checked when it was stored: what cannot be
    /// read as a flow has none.
    package func followers(planning job: JobRecord) async throws(StoreError) -> [Follower] {
        guard job.flowEdition > 0 else { return [] }
        let records = try await followers(of: job.name)
        return (try? Follower.all(of: job.name, among: records)) ?? []
    }
}
