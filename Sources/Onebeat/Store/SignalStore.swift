/// Words on runs that are done elsewhere.
public protocol SignalStore: Sendable {
    /// Takes down what somebody says of a run of a job that only reports: it begins, ended well or ended badly, by the store's
    /// time. What follows the job goes on from there. The same word on a run of the same id twice is one.
    /// - Parameter sight: how the job must be still; however it is, without.
    /// - Returns: the run, as it is then.
    /// - Throws: ``StoreError/notFound(_:)``, ``StoreError/refused(_:)`` for a job that nodes run, and
    ///   ``StoreError/changed(_:)`` for one that is not as it was seen.
    func signal(_ signal: JobSignal, asSeen sight: JobSight?) async throws(StoreError) -> Run
}

extension SignalStore {
    /// Takes down what somebody says, however the job is.
    public func signal(_ signal: JobSignal) async throws(StoreError) -> Run {
        try await self.signal(signal, asSeen: nil)
    }
}
