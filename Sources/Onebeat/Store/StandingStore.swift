/// How things stand now, for whoever asks whether all is well. Each question is bounded, and none is asked job by job.
public protocol StandingStore: Sendable {
    /// The rows of `scheduled_job_status` of these jobs, by name; of all when `nil`.
    func statuses(of jobs: [String]?) async throws(StoreError) -> [JobStatus]

    /// Of each job in force, the newest run that has ended; of these jobs when named.
    func newestEnds(of jobs: [String]?) async throws(StoreError) -> [Run]

    /// The newest runs of each of these jobs that are in one of `states`, up to `each`, the newest first; in any state when
    /// there are none. Among the newest two thousand of a job, so that no job costs its whole history.
    func newestRuns(of jobs: [String], states: Set<RunState>, each: Int) async throws(StoreError) -> [Run]

    /// Of each job with a run that has been due for `length` and has not started, the longest due, up to `limit`, the
    /// longest due first.
    func longestWaiting(for length: Duration, limit: Int) async throws(StoreError) -> [Run]

    /// Runs that run, up to `limit`, the oldest first.
    func longestRunning(limit: Int) async throws(StoreError) -> [Run]
}
