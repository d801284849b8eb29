/// Lets go of held runs whose way is free: the safety net below the release that every end of a run does by itself.
struct ReleaseLoop: TurnTaking {
    static let page = 100
    static let pause = Duration.seconds(10)

    let name = "release"
    let store: any RunStore
    let demand: Demand

    func turn(at now: Timestamp) async throws -> NextTurn {
        let released = try await store.releaseHeld(limit: Self.page)
        if released > 0 { demand.mayBeDue() }
        return released == Self.page ? .now : .after(Self.pause)
    }
}
