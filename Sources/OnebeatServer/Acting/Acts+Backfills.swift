import Onebeat

/// What a backfill would run.
package struct BackfillPreview: Codable, Sendable {
    package var job: String
    /// How many instants are run, and how many passed over, since they were run.
    package var runs: Int
    package var passed: Int
    /// Whether all were counted.
    package var isWhole: Bool
    /// The first of those that are run.
    package var first: [Timestamp]
    /// How many jobs follow with each.
    package var followers: Int

    /// In a sentence.
    package func words(_ rerun: Backfill.Repeats) -> String {
        let flow = followers > 0 ? ", each with \(followers) that follow" : ""
        return
            "\(runs)\(isWhole ? "" : " or more") run\(runs == 1 ? "" : "s")\(flow); \(passed) instants passed over, since"
            + " they were run (--rerun \(rerun.rawValue)). Nothing was done"
    }
}

extension Acts {
    /// How many instants a preview lists, and how many the command counts, and a page.
    package static let mostShown = 20
    package static let mostCounted = (command: 100_000, page: 10_000)

    /// A backfill of a job, checked and not begun.
    /// - Parameter end: now where it is `nil`.
    /// - Throws: ``ActRefusal`` for what cannot be one.
    package func backfill(
        _ job: JobRecord, from start: Timestamp, to end: Timestamp?, order: Backfill.Order, limit: Int,
        rerun: Backfill.Repeats
    ) async throws -> Backfill {
        let now = try await store.now()
        guard (1...1000).contains(limit) else {
            throw ActRefusal(.invalid, "limit is \(limit); 1 to 1000 will do")
        }
        if let end, end > now {
            throw ActRefusal(.invalid, "its end, \(end.words), lies ahead; a backfill runs what is past")
        }
        var backfill = Backfill(of: job.name, from: start, to: end ?? now, by: actor)
        backfill.order = order
        backfill.limit = limit
        backfill.repeats = rerun
        if let problem = BackfillPlan.problem(backfill, job) { throw ActRefusal(.invalid, problem) }
        return backfill
    }

    /// What it would run.
    package func preview(_ backfill: Backfill, of job: JobRecord, most: Int) async throws -> BackfillPreview {
        let schedule = try Schedule(of: job.definition)
        var backfill = backfill
        var preview = BackfillPreview(job: job.name, runs: 0, passed: 0, isWhole: true, first: [], followers: 0)
        preview.followers = try await store.followers(of: job.name).count
        while true {
            let instants = BackfillPlan.next(of: backfill, schedule)
            guard let last = instants.last else { break }
            let states = try await store.newestStates(of: job.name, at: instants)
            for instant in instants {
                guard backfill.repeats.include(states[instant]) else {
                    preview.passed += 1
                    continue
                }
                preview.runs += 1
                if preview.first.count < Self.mostShown { preview.first.append(instant) }
            }
            backfill.reached = last
            preview.isWhole = preview.runs + preview.passed < most
            if !preview.isWhole { break }
        }
        return preview
    }

    /// Pauses, resumes or cancels a backfill.
    package func change(backfill id: Int64, to state: Backfill.State) async throws -> Backfill {
        try await store.change(id, to: state, by: actor)
    }
}

extension Backfill {
    /// That it begins, in words.
    package var beginWords: String {
        "backfill \(id) of \(job) begins, \(limit) at a time; `onebeat backfills` shows how far it is"
    }

    /// How it stands, in words.
    package var words: String { "backfill \(id) of \(job) is \(state.rawValue)" }
}
