/// Jobs that wait for one another, by what they need and what they follow, so that none could ever start.
package enum NeedCircle {
    /// The first circle of needs, drawn; `nil` where there is none. Circles of those that only follow each other are told by
    /// ``FlowGraph``.
    package static func find(in definitions: [JobDefinition]) -> DefinitionError? {
        guard definitions.contains(where: { !$0.needs.isEmpty }) else { return nil }
        var waitsFor: [String: [String]] = [:]
        for job in definitions {
            var names = job.needs.keys.sorted()
            if case .after(let parents) = job.schedule.rhythm { names += parents }
            waitsFor[job.name] = names
        }
        guard let circle = circle(in: waitsFor) else { return nil }
        let needing = definitions.first { circle.contains($0.name) && !$0.needs.isEmpty }
        return DefinitionError(
            job: needing?.name ?? circle[0], key: "needs",
            problem: "the jobs wait for one another in a circle: \(circle.joined(separator: " → "))."
                + " Take one of them out of it")
    }

    /// Goes down from each job once: what is still on the way when it is met again closes a circle.
    private static func circle(in waitsFor: [String: [String]]) -> [String]? {
        var done: Set<String> = []
        for start in waitsFor.keys.sorted() where !done.contains(start) {
            var way: [(job: String, rest: ArraySlice<String>)] = [(start, (waitsFor[start] ?? [])[...])]
            var places = [start: 0]
            while let last = way.indices.last {
                guard let next = way[last].rest.popFirst() else {
                    places[way[last].job] = nil
                    done.insert(way[last].job)
                    way.removeLast()
                    continue
                }
                if let place = places[next] { return way[place...].map(\.job) + [next] }
                guard !done.contains(next) else { continue }
                places[next] = way.count
                way.append((next, (waitsFor[next] ?? [])[...]))
            }
        }
        return nil
    }
}
