import Onebeat
import Synchronization

/// What a store remembers from one connection to the next. Definitions belong to one life of the database: another one, after
/// a restore or a promotion, may give out the same versions for other definitions.
final class StoreMemory: Sendable {
    private struct State {
        var life = ""
        var definitions = DefinitionCache()
        var highestFence: Int64 = 0
    }

    private let state = Mutex(State())

    /// The life that the newest connection found.
    var life: String { state.withLock { $0.life } }

    /// The definitions of that life.
    var definitions: DefinitionCache { state.withLock { $0.definitions } }

    /// The highest fence that was given out here; 0 for none.
    var highestFence: Int64 { state.withLock { $0.highestFence } }

    /// A connection found the database in this life. Those that found it in another one are not used any more.
    /// - Returns: the definitions of this life.
    func enter(_ life: String) -> DefinitionCache {
        state.withLock { state in
            if state.life != life {
                state.life = life
                state.definitions = DefinitionCache()
            }
            return state.definitions
        }
    }

    func saw(_ fences: some Sequence<Fence>) {
        guard let highest = fences.max() else { return }
        state.withLock { $0.highestFence = max($0.highestFence, highest.value) }
    }
}
