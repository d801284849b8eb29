/// Words on runs that are done elsewhere.
public protocol SignalStore: Sendable {
    /// Takes down what somebody says of a run of a job that only reports: it begins, ended well or ended badly, by the store's
    /// time. What follows the job goes on from there. The same word on a run of the same id twice is one.
    /// - Returns: the run, as it is then.
    /// - Throws: ``StoreError/notFound(_:)``, and ``StoreError/refused(_:)`` for a job that nodes run.
    func signal(_ signal: JobSignal) async throws(StoreError) -> Run
}
