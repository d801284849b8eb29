import Foundation
import HTTPTypes
import Hummingbird
import Onebeat

/// Knows who asks.
protocol Door: Sendable {
    /// Whether anybody has to say who they are.
    var isGuarded: Bool { get }

    /// - Throws: ``Problem`` for a proof that is none.
    func visitor(of request: Request, _ context: WebContext) async throws -> Visitor
}

/// The door of an address that only this machine reaches: whoever comes may do all that the command can, which they have
/// as well.
struct OpenDoor: Door {
    let address: ListenAddress

    var isGuarded: Bool { false }

    func visitor(of request: Request, _ context: WebContext) -> Visitor {
        Visitor(actor: "web@\(address)", role: .admin, proof: .place)
    }
}

/// Lets a request on only where the table of routes says that whoever asks may, and where it is their own wish.
struct Gatekeeper: RouterMiddleware {
    typealias Context = WebContext

    let door: any Door
    let pace: Pace

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        try Self.refuseSecrets(in: request)
        var context = context
        let route = context.endpointPath.flatMap { Route.find(request.method, $0) }
        // A probe asks nobody's name, and so nothing of the store.
        if route?.knowsVisitor ?? true { context.visitor = try await door.visitor(of: request, context) }
        guard let route else {
            if let refusal = try refusal(.viewer, request, context.visitor) { return refusal }
            guard let allowed = Route.allowed(at: request.uri.path) else { throw HTTPError(.notFound) }
            throw Problem(
                .methodNotAllowed, "\(request.method) is not understood here; \(allowed) will do",
                headers: [.allow: allowed])
        }
        if route.method != .get { try Self.requireOwnWish(request, context.visitor) }
        switch route.need {
        case .nobody: break
        case .role(let role):
            if let refusal = try refusal(role, request, context.visitor) { return refusal }
        }
        var reader = Reader.current
        switch context.visitor.proof {
        // Who is on this machine can ask the store as often as they like.
        case .none, .place: break
        case .session, .token, .proxy:
            reader.name = context.visitor.actor
            try keepPace(context.visitor)
        }
        return try await Reader.$current.withValue(reader) { [context] in try await next(request, context) }
    }

    private func keepPace(_ visitor: Visitor) throws {
        guard let wait = pace.wait(of: visitor.actor) else { return }
        let seconds = max(1, Int(saturating: wait.inSeconds.rounded(.up)))
        throw Problem(
            .tooManyRequests,
            "\(visitor.actor) asks too often; ask again after \(seconds) s, and less often from then on",
            headers: [.retryAfter: "\(seconds)"])
    }

    /// - Returns: the way to where people sign in, for people.
    private func refusal(_ role: Role, _ request: Request, _ visitor: Visitor) throws -> Response? {
        guard let own = visitor.role else {
            if request.method == .get, !request.uri.path.hasPrefix("/api/"),
                request.headers[.accept]?.contains("text/html") == true
            {
                let then = Address.encoded(SignInPages.place(request.uri.string))
                return Response(status: .seeOther, headers: [.location: "/sign-in?then=\(then)"])
            }
            throw Problem(
                .unauthorized, "sign in first, or send a token: Authorization: Bearer …",
                headers: [.wwwAuthenticate: "Bearer realm=\"onebeat\""])
        }
        guard visitor.may(role) else {
            throw Problem(.forbidden, "\(visitor.actor) is \(own.rawValue) here, and this needs \(role.rawValue)")
        }
        return nil
    }

    private static func requireOwnWish(_ request: Request, _ visitor: Visitor) throws {
        // What a proxy goes by, a browser sends along by itself, too.
        let hasCookie =
            switch visitor.proof {
            case .session, .proxy: true
            case .none, .place, .token: false
            }
        if let problem = Origin.problem(of: request.headers, host: request.head.authority, hasCookie: hasCookie) {
            throw Problem(.forbidden, problem)
        }
    }

    /// What stands in an address stands in logs and histories.
    private static func refuseSecrets(in request: Request) throws {
        let names: Set = ["token", "access_token", "authorization", "password", "api_key"]
        for (name, _) in request.uri.queryParameters where names.contains(name.lowercased()) {
            throw Problem(
                .badRequest,
                "an address is no place for a secret (\(name.lowercased())): send Authorization: Bearer …, and take"
                    + " this one out of use")
        }
    }
}
