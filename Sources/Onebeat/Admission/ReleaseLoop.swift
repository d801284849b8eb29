/// Lets go of held runs whose way is free: the safety net below the release that every end of a run does by itself, and
/// the only way on for a run that another program's lock holds up.
struct ReleaseLoop: TurnTaking {
    static let page = 100

    let name = "release"
    let store: any RunStore
    let worker: Bell
    /// Whether runs may be held by other programs' locks.
    let hasLocks: Bool

    func turn(at now: Timestamp) async throws -> NextTurn {
        let released = try await store.releaseHeld(limit: Self.page)
        if released > 0 { worker.ring() }
        return released == Self.page ? .now : .after(.seconds(hasLocks ? 1 : 10))
    }
}
