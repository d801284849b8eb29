import Onebeat

/// What nodes share beside the store and may lose at any time: locks and dispatch.
struct SimulatedRedis: Sendable {
    let locks: MemoryLocks
    let dispatch = MemoryDispatch()

    init(time: any TimeSource) { locks = MemoryLocks(time: time) }
}
