import Onebeat

extension HistoryStore {
    /// All runs of a flow, or the newest of them.
    package func all(of flow: RunID, most: Int = .max) async throws -> [Run] {
        var filter = RunFilter()
        filter.flow = flow
        filter.limit = 1000
        var runs: [Run] = []
        while true {
            let page = try await self.runs(filter)
            runs += page
            guard page.count == filter.limit, runs.count < most, let last = page.last else { return runs }
            filter.after = last.id
        }
    }
}
