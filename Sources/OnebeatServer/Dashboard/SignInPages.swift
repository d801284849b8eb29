import Foundation
import HTTPTypes
import Hummingbird
import Onebeat

/// Where people sign in and out.
struct SignInPages: Sendable {
    typealias Context = WebContext

    let store: any Store
    let access: WebAccess
    let desk: PasswordDesk

    func addRoutes(to router: Router<Context>) {
        router.get("sign-in") { request, context in
            let query = try QueryReader(request, known: ["then"])
            return page(request, context, then: Self.place(query.text("then")))
        }
        router.post("sign-in") { request, context in try await signIn(request, context) }
        router.post("sign-out") { request, context in try await signOut(request, context) }
    }

    private func page(
        _ request: Request, _ context: Context, then: String, problem: String? = nil,
        status: HTTPResponse.Status = .ok, name: String = ""
    ) -> Response {
        let hand = Hand(request, context)
        let page = SignInPage(
            hand: hand, isAsked: access.signIn == .password, then: then, problem: problem, name: name)
        return hand.answering(page.page.response(status: status))
    }

    private func signIn(_ request: Request, _ context: Context) async throws -> Response {
        let form = try await BodyReader(form: request, known: ["proof", "name", "password", "then"])
        let then = Self.place(try form.text("then"))
        guard access.signIn == .password else {
            throw Problem(.notFound, "nobody signs in here by a password (web: {sign_in: password})")
        }
        try Hand(request, context).require(form.text("proof"))
        let (name, password) = (try form.text("name") ?? "", try form.text("password") ?? "")
        let address = Self.address(of: request, context, access.proxy)
        do {
            let secret = try await session(name, password, address)
            // The session of before is another one's: an id from before signing in never becomes a session.
            if let old = SessionCookie.secret(of: request) {
                try await store.endSession(Fingerprint.sha256(old))
            }
            var response = Response(status: .seeOther, headers: [.location: then])
            response.headers.append(SessionCookie.set(secret, request))
            return response
        } catch let problem as Problem where problem.status != .serviceUnavailable {
            var response = page(
                request, context, then: then, problem: problem.detail, status: problem.status,
                name: UserName.problem(name) == nil ? name : "")
            for field in problem.headers { response.headers.append(field) }
            return response
        }
    }

    /// - Returns: the secret of a new session.
    /// - Throws: ``Problem`` in the same words, after the same time, whether it is the name or the password that is wrong.
    private func session(_ name: String, _ password: String, _ address: String) async throws -> String {
        // What is no name, or too long, costs nothing and tells nothing that the form does not.
        guard UserName.problem(name) == nil, !password.isEmpty, password.utf8.count <= Password.mostBytes else {
            throw Self.wrong
        }
        let pair = SignInKey.pair(name, address)
        let keys = [pair, SignInKey.address(address), SignInKey.user(name)]
        let (failures, now) = try await store.signInFailures(of: keys)
        if let wait = SignInThrottle.wait(name, from: address, failures, now: now) {
            throw Problem(
                .tooManyRequests, "too many tries failed; wait \(wait.text) and try again",
                headers: [.retryAfter: "\(max(Int(saturating: wait.inSeconds.rounded(.up)), 1))"])
        }
        // Before it is looked at: however many come at one time, each is counted.
        try await store.countSignInFailure(of: [pair, SignInKey.user(name)])
        if failures[pair]?.count == 4 {
            try await store.record(
                Event("user.throttled", actor: "web", message: "5 tries to sign in as \(name) from \(address) failed"))
        }
        let user = try await store.user(name)
        guard let isRight = await desk.fits(password, user?.password ?? Password.nobodys) else {
            throw Problem(
                .tooManyRequests, "too many people sign in at this moment; try again", headers: [.retryAfter: "1"])
        }
        let secret = Secret.fresh()
        guard let user, isRight,
            try await store.beginSession(Fingerprint.sha256(secret), of: user.name, lasting: GuardedDoor.longest)
        else {
            try await store.countSignInFailure(of: [SignInKey.address(address)])
            throw Self.wrong
        }
        try await store.forgetSignInFailures(of: [pair, SignInKey.user(name)])
        return secret
    }

    private static let wrong = Problem(.forbidden, "the name or the password is wrong")

    private func signOut(_ request: Request, _ context: Context) async throws -> Response {
        let form = try await BodyReader(form: request, known: ["proof"])
        try Hand(request, context).require(form.text("proof"))
        if let secret = SessionCookie.secret(of: request) { try await store.endSession(Fingerprint.sha256(secret)) }
        var response = Response(status: .seeOther, headers: [.location: "/sign-in"])
        response.headers.append(SessionCookie.taken(request))
        return response
    }

    /// A page of ours to go on to; anything else is the first page.
    static func place(_ text: String?) -> String {
        guard let text, text.utf8.count <= 1000, text.hasPrefix("/"), !text.hasPrefix("//"), !text.hasPrefix("/\\"),
            !text.hasPrefix("/sign-"), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return "/" }
        return text
    }

    /// Where somebody asks from, as failures are counted by it: behind a proxy that is known, or on this machine, as that says.
    static func address(of request: Request, _ context: Context, _ proxy: ProxyTrust?) -> String {
        var address = context.remoteAddress ?? ""
        let isBehind = proxy?.covers(address) ?? ListenAddress.isLoopback(address)
        if isBehind, let last = request.headers[values: .forwardedFor].last?.split(separator: ",").last {
            address = last.trimmingCharacters(in: .whitespaces)
        }
        return AddressRange.Bytes(address)?.place ?? "unknown"
    }
}

extension HTTPField.Name {
    // Ours: a constant.
    static let forwardedFor = Self("X-Forwarded-For")!
}

/// Who one is here, or the form to say so.
struct SignInPage {
    var hand: Hand
    /// Whether people sign in here at all.
    var isAsked: Bool
    var then: String
    var problem: String?
    var name = ""

    var page: Page { Page(title: say("Sign in"), content: content) }

    private var content: HTML {
        switch hand.visitor.proof {
        case .session, .token, .proxy:
            let scope = hand.visitor.scope.patterns
            let jobs: HTML = scope.isEmpty ? say("all jobs") : "\(scope.joined(separator: ", "))"
            let role = hand.visitor.role.map { say(Sentence(word: $0.rawValue)) }
            var facts: [(Sentence, HTML?)] = [("Name", "\(hand.visitor.actor)"), ("Role", role)]
            if hand.visitor.may(.operator) { facts.append(("May act on", jobs)) }
            let out: HTML? =
                if case .session = hand.visitor.proof {
                    Hand.row([hand.button("Sign out", to: "/sign-out")])
                } else {
                    nil
                }
            return
                "<div class=\"title\"><h1>\(say("You are signed in"))</h1></div><section>\(HTML.facts(facts))</section>\(out)"
        case .place:
            let words = say(
                "Only this machine reaches this address. With <code>web: {sign_in: password}</code> people sign in here, too."
            )
            return "<div class=\"title\"><h1>\(say("Nobody signs in here"))</h1></div><p class=\"lead\">\(words)</p>"
        case .none where !isAsked:
            let words = say("A proxy before this node says who asks. Come by its address.")
            return "<div class=\"title\"><h1>\(say("Sign in by the proxy"))</h1></div><p class=\"lead\">\(words)</p>"
        case .none:
            return """
                <div class="title"><h1>\(say("Sign in"))</h1></div>
                \(problem.map { "<p class=\"notice bad\" role=\"alert\">\(english($0))</p>" as HTML })
                <form method="post" action="/sign-in">
                <input type="hidden" name="proof" value="\(hand.proof)"><input type="hidden" name="then" value="\(then)">
                <label>\(say("Name")) <input name="name" value="\(name)" autocomplete="username" required></label>
                <label>\(say("Password")) <input name="password" type="password" autocomplete="current-password" required></label>
                <button>\(say("Sign in"))</button></form>
                """
        }
    }
}
