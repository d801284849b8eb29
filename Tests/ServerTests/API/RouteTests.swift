import Logging
import Onebeat
import OnebeatSQLite
import Testing

@testable import OnebeatServer

/// Holds the table of routes against what is answered.
@Suite struct RouteTests {
    @Test func theTableIsAllThatIsAnswered() throws {
        let web = OnebeatWeb(
            store: try SQLiteStore.inMemory(), metrics: PrometheusRegistry(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let answered = web.endpoints.filter { !$0.hasPrefix("HEAD ") }
        let table = Route.all.map { "\($0.method.rawValue) \($0.path)" }
        #expect(Set(answered) == Set(table))
        #expect(Set(table).count == table.count)
    }

    /// A route that changes something and asks for nobody would be everybody's.
    @Test func whoChangesSomethingIsAnOperatorOrSignsInOrOut() {
        for route in Route.all where route.method != .get {
            if case .role(let role) = route.need {
                #expect(role >= .operator)
            } else {
                #expect(["/sign-in", "/sign-out"].contains(route.path))
            }
        }
    }

    @Test(arguments: [
        ("/jobs", "GET, HEAD"), ("/api/v1/jobs/a%2Fb/trigger", "POST"), ("/jobs/x", "GET, HEAD"), ("/nothing", nil),
        ("/api/v1/jobs/a/b", nil), ("/api/v1/silences/7", "DELETE"), ("/api/v1/silences", "GET, HEAD, POST"),
    ])
    func whatAnAddressUnderstandsIsKnown(path: String, allowed: String?) {
        #expect(Route.allowed(at: path) == allowed)
    }
}
