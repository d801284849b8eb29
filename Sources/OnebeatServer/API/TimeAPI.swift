import Hummingbird
import Onebeat

/// Time to come below `/api/v1`: an expression to try, and what fires when.
struct TimeAPI: Sendable {
    typealias Context = WebContext

    let reading: ReadAPI

    func addRoutes(to group: RouterGroup<Context>) {
        group.get("next") { request, _ in
            try await next(
                QueryReader(request, known: ["expression", "timezone", "dialect", "after", "count"]))
        }
        group.get("calendar") { request, _ in
            _ = try QueryReader(request, known: [])
            return try JSON.tagged(
                CalendarResource(try await CalendarPage.read(reading.store, reading.readings)))
        }
    }

    private func next(_ query: QueryReader) async throws -> Response {
        guard let expression = query.text("expression") else {
            throw Problem(.badRequest, "expression is missing; give one, such as expression=0+3+*+*+*")
        }
        let (dialect, count) = (try query.dialect("dialect"), try query.number("count", in: 1...10_000) ?? 10)
        let after = try query.moment("after")
        let start = if let after { after } else { try await reading.store.now() }
        do {
            let trial = try ScheduleTrial(
                expression, timezone: query.text("timezone") ?? "UTC", dialect: dialect, from: start, count: count)
            return try JSON.tagged(TrialResource(trial))
        } catch let error as ScheduleError {
            throw Problem(.unprocessableContent, "\(error)")
        }
    }
}

extension QueryReader {
    /// By whose rules an expression is read.
    /// - Throws: ``Problem`` for what is none.
    func dialect(_ name: String) throws -> CronDialect {
        guard let word = text(name) else { return .debian }
        guard let dialect = CronDialect(rawValue: word) else {
            let known = CronDialect.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.badRequest, "\(name) is \"\(word)\"; \(known) will do")
        }
        return dialect
    }
}
