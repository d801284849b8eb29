import HTTPTypes
import Onebeat

/// What may be asked of a node, and who may: the one table of it. What does not stand here is not answered.
package struct Route: Sendable, Hashable {
    /// What somebody must be.
    package enum Need: Sendable, Hashable {
        /// Anybody, also who has not signed in.
        case nobody
        /// Somebody of that role, or a stronger one; where the route names a job or a run, it must be in the scope of
        /// whoever acts.
        case role(Role)
    }

    /// GET stands for HEAD, too.
    package enum Method: String, Sendable, Hashable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    package var method: Method
    /// The path, what varies in braces.
    package var path: String
    package var need: Need
    /// The names of its parameters, for those who look.
    package var query: [String]
    /// Whether it only asks, whatever its method: it changes nothing, and no scope of jobs limits it.
    package var isQuestion: Bool

    package init(_ method: Method, _ path: String, _ need: Need, query: [String] = [], isQuestion: Bool = false) {
        self.method = method
        self.path = path
        self.need = need
        self.query = query
        self.isQuestion = isQuestion
    }

    /// All there are.
    package static let all: [Route] = probes + api + pages

    private static let probes = [
        Route(.get, "/healthz", .nobody), Route(.get, "/readyz", .nobody), Route(.get, "/metrics", .role(.viewer)),
    ]

    package static let api = [
        Route(.get, "/api/v1", .role(.viewer)),
        Route(.get, "/api/v1/openapi.yaml", .role(.viewer)),
        Route(.get, "/api/v1/openapi.json", .role(.viewer)),
        Route(.get, "/api/v1/status", .role(.viewer), query: ["limit"]),
        Route(.get, "/api/v1/jobs", .role(.viewer), query: ["after", "limit"]),
        Route(.get, "/api/v1/jobs/{name}", .role(.viewer)),
        Route(.get, "/api/v1/jobs/{name}/next", .role(.viewer), query: ["after", "count", "timezone"]),
        Route(.get, "/api/v1/jobs/{name}/explain", .role(.viewer), query: ["at", "timezone"]),
        Route(.get, "/api/v1/jobs/{name}/versions", .role(.viewer), query: ["limit"]),
        Route(.get, "/api/v1/jobs/{name}/changes", .role(.viewer), query: ["from", "to"]),
        Route(.post, "/api/v1/jobs/{name}/trigger", .role(.operator)),
        Route(.post, "/api/v1/jobs/{name}/pause", .role(.operator)),
        Route(.post, "/api/v1/jobs/{name}/resume", .role(.operator)),
        Route(.post, "/api/v1/jobs/{name}/signal", .role(.operator)),
        Route(
            .get, "/api/v1/runs", .role(.viewer), query: ["job", "state", "flow", "from", "before", "after", "limit"]),
        Route(.get, "/api/v1/runs/{id}", .role(.viewer)),
        Route(.get, "/api/v1/runs/{id}/attempts", .role(.viewer)),
        Route(.get, "/api/v1/runs/{id}/explain", .role(.viewer), query: ["timezone"]),
        Route(.get, "/api/v1/runs/{id}/logs", .role(.viewer), query: ["after", "limit"]),
        Route(.get, "/api/v1/runs/{id}/output", .role(.viewer), query: ["attempt", "stream"]),
        Route(.post, "/api/v1/events", .role(.operator)),
        Route(.post, "/api/v1/runs/{id}/cancel", .role(.operator)),
        Route(.post, "/api/v1/runs/{id}/retry", .role(.operator)),
        Route(.post, "/api/v1/runs/{id}/mark", .role(.operator)),
        Route(.get, "/api/v1/flows/{id}", .role(.viewer)),
        Route(.get, "/api/v1/graph", .role(.viewer), query: ["job"]),
        Route(.get, "/api/v1/nodes", .role(.viewer)),
        Route(.get, "/api/v1/events", .role(.viewer), query: ["job", "kind", "before", "after", "limit"]),
        Route(.get, "/api/v1/alerts", .role(.viewer), query: ["open", "after", "limit"]),
        Route(.post, "/api/v1/alerts/{id}/acknowledge", .role(.operator)),
        Route(.get, "/api/v1/silences", .role(.viewer), query: ["all", "after", "limit"]),
        Route(.post, "/api/v1/silences", .role(.operator)),
        Route(.delete, "/api/v1/silences/{id}", .role(.operator)),
        Route(.get, "/api/v1/backfills", .role(.viewer), query: ["open", "after", "limit"]),
        Route(.post, "/api/v1/backfills", .role(.operator)),
        Route(.post, "/api/v1/backfills/{id}/pause", .role(.operator)),
        Route(.post, "/api/v1/backfills/{id}/resume", .role(.operator)),
        Route(.post, "/api/v1/backfills/{id}/cancel", .role(.operator)),
        Route(.get, "/api/v1/stream", .role(.viewer), query: ["after"]),
        Route(
            .get, "/api/v1/next", .role(.viewer), query: ["expression", "timezone", "dialect", "after", "count"]),
        Route(.get, "/api/v1/calendar", .role(.viewer)),
        Route(.get, "/api/v1/audit", .role(.operator), query: ["job", "from", "to", "after"], isQuestion: true),
        Route(.get, "/api/v1/doctor", .role(.operator), isQuestion: true),
        Route(.post, "/api/v1/alerts/test", .role(.operator)),
        Route(.get, "/api/v1/alerts/preview", .role(.operator), query: ["alert"]),
        Route(.get, "/api/v1/configuration", .role(.viewer), query: ["source"]),
        Route(.post, "/api/v1/configuration/validate", .role(.operator), query: ["file"], isQuestion: true),
        Route(
            .post, "/api/v1/configuration/plan", .role(.operator), query: ["file", "revision", "complete"],
            isQuestion: true),
        Route(
            .post, "/api/v1/configuration/apply", .role(.admin),
            query: ["file", "revision", "complete", "prune_all", "force"]),
        Route(.get, "/api/v1/users", .role(.admin), query: ["after", "limit"]),
        Route(.post, "/api/v1/users", .role(.admin)),
        Route(.post, "/api/v1/users/{name}/password", .role(.admin)),
        Route(.delete, "/api/v1/users/{name}", .role(.admin)),
        Route(.get, "/api/v1/tokens", .role(.admin), query: ["after", "limit"]),
        Route(.post, "/api/v1/tokens", .role(.admin)),
        Route(.delete, "/api/v1/tokens/{name}", .role(.admin)),
    ]

    private static let pages = [
        Route(.get, "/", .role(.viewer)), Route(.get, "/jobs", .role(.viewer)),
        Route(.get, "/jobs/{name}", .role(.viewer)), Route(.get, "/runs", .role(.viewer)),
        Route(.get, "/runs/{id}", .role(.viewer)), Route(.get, "/events", .role(.viewer)),
        Route(.get, "/nodes", .role(.viewer)), Route(.get, "/graph", .role(.viewer)),
        Route(.get, "/graph/{name}", .role(.viewer)), Route(.get, "/flows/{id}", .role(.viewer)),
        Route(.get, "/calendar", .role(.viewer)), Route(.get, "/lab", .role(.viewer)),
        Route(.get, "/alerts", .role(.viewer)), Route(.post, "/alerts/{id}/acknowledge", .role(.operator)),
        Route(.post, "/silences", .role(.operator)), Route(.post, "/silences/{id}/end", .role(.operator)),
        Route(.get, "/backfills", .role(.viewer)), Route(.post, "/backfills", .role(.operator)),
        Route(.post, "/backfills/{id}/pause", .role(.operator)),
        Route(.post, "/backfills/{id}/resume", .role(.operator)),
        Route(.post, "/backfills/{id}/cancel", .role(.operator)),
        Route(.get, "/language/{code}", .nobody),
        Route(.post, "/jobs/{name}/trigger", .role(.operator)), Route(.post, "/jobs/{name}/pause", .role(.operator)),
        Route(.post, "/jobs/{name}/resume", .role(.operator)), Route(.post, "/runs/{id}/cancel", .role(.operator)),
        Route(.post, "/runs/{id}/retry", .role(.operator)), Route(.post, "/runs/{id}/mark", .role(.operator)),
        Route(.get, "/assets/style.css", .nobody), Route(.get, "/assets/onebeat.js", .nobody),
        Route(.get, "/sign-in", .nobody, query: ["then"]), Route(.post, "/sign-in", .nobody),
        Route(.post, "/sign-out", .nobody),
        Route(.get, "/assets/icon.svg", .nobody),
    ]

    /// Whether the answer hangs on who asks.
    var knowsVisitor: Bool { need != .nobody || path.hasPrefix("/sign-") }

    /// As readers of `/api/v1` see it: with the names of its parameters.
    var address: String { query.isEmpty ? path : "\(path)?\(query.map { "\($0)=" }.joined(separator: "&"))" }

    /// The route that a method and the path of an endpoint stand for.
    static func find(_ method: HTTPTypes.HTTPRequest.Method, _ endpoint: String) -> Route? {
        guard let asked = method == .head ? .get : Method(rawValue: method.rawValue) else { return nil }
        return all.first { $0.method == asked && $0.path == endpoint }
    }

    /// What an address understands, for whoever asked for something else of it; `nil` where there is no such address.
    static func allowed(at path: String) -> String? {
        let parts = path.split(separator: "/")
        let methods = all.filter { $0.fits(parts) }.map(\.method)
        let words =
            (methods.contains(.get) ? ["GET", "HEAD"] : []) + (methods.contains(.post) ? ["POST"] : [])
            + (methods.contains(.delete) ? ["DELETE"] : [])
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    private func fits(_ parts: [Substring]) -> Bool {
        let own = path.split(separator: "/")
        return own.count == parts.count && zip(own, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}
