/// Whether a store runs its jobs, or writes down what it would have started while another scheduler still does the work.
public protocol StandbyStore: Sendable {
    /// What the store does; `nil` for one that never observed.
    func standby() async throws(StoreError) -> Standby?

    /// Has the store observe, hand over or run its jobs. Claims go by it from this transaction on.
    /// - Returns: what it does from now on.
    /// - Throws: ``StoreError/refused(_:)`` where ``Standby`` leads no way there.
    @discardableResult
    func change(standby wish: Standby.Wish, by actor: String) async throws(StoreError) -> Standby

    /// Ends due runs that nobody started as observed, since another scheduler did them; those that are not there any more,
    /// or are not due, stay as they are.
    /// - Returns: how many it ended.
    func concede(_ runs: [RunID], because words: String) async throws(StoreError) -> Int
}
