import ArgumentParser
import Onebeat

/// What a dead node's guardian becomes. Not for people: a node that lives after all finds its lease gone and stops its
/// jobs, but the same runs may have started elsewhere by then.
struct Bury: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell the store that a node and all its jobs have ended.", shouldDisplay: false)
    @Argument(help: "The node's name.")
    var node: String
    @Argument(help: "The boot that tells this life of it from others.")
    var boot: String
    @OptionGroup var store: StoreOptions

    /// How many runs are settled in one transaction.
    private static let page = 100

    func run() async throws {
        let store = try await store.open()
        // It has just started, and what it settles is dated by what it believes of the store's clock.
        try await FirstLook.agree(store)
        try await store.bury(NodeID(name: node, boot: boot))
        var hasMore = true
        while hasMore {
            hasMore =
                try await store.reap(limit: Self.page) { run, outcome, policies, now in
                    Settlement.decide(run, outcome, of: policies, at: now, chance: .random(in: 0...1))
                }.hasMore
        }
    }
}
