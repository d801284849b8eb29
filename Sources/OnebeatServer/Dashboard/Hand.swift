import HTTPTypes
import Hummingbird
import Onebeat

/// What a visitor may do on a page, and the forms that do it.
///
/// A form carries a proof that this browser was shown a page of ours: the fingerprint of a secret that only its cookie
/// holds. Where somebody has signed in that is the session's, else one of its own that no other site's request brings along
/// (`SameSite=Strict`).
struct Hand: Sendable {
    static let cookie = "onebeat-form"
    private static let message = Array("onebeat form".utf8)

    let visitor: Visitor
    private let secret: String
    /// Whether the browser has not got it yet.
    private let isFresh: Bool
    private let isSecure: Bool

    init(_ request: Request, _ context: WebContext) {
        visitor = context.visitor
        isSecure = request.isSecure
        switch context.visitor.proof {
        case .session(let text): (secret, isFresh) = (text, false)
        case .none, .place, .token, .proxy:
            let given = request.cookies[Self.cookie]?.value ?? ""
            isFresh = !Secret.isOne(given)
            secret = isFresh ? Secret.fresh() : given
        }
    }

    /// For pages that nobody asked for.
    init(_ visitor: Visitor) {
        self.visitor = visitor
        (secret, isFresh, isSecure) = (Secret.fresh(), false, false)
    }

    var proof: String { Fingerprint.hmac(Self.message, key: Array(secret.utf8)) }

    /// - Throws: ``Problem`` for a form that was not on a page of ours.
    func require(_ proof: String?) throws {
        guard !isFresh, let proof, Fingerprint.isHMAC(proof, of: Self.message, key: Array(secret.utf8)) else {
            throw Problem(
                .forbidden,
                "the form is not from a page that this browser was shown, or is from before it signed in; go back,"
                    + " load the page again, and let the browser keep this node's cookies")
        }
    }

    /// The answer with the cookie that its forms need.
    func answering(_ response: Response) -> Response {
        guard isFresh else { return response }
        var response = response
        response.headers.append(
            HTTPField(name: .setCookie, value: CookieText.make(Self.cookie, secret, isSecure: isSecure)))
        return response
    }

    /// A button that does something. What is sent beside the proof is ours.
    func button(
        _ title: Sentence, to address: String, fields: [(name: String, value: String)] = [], isGrave: Bool = false
    ) -> HTML {
        let hidden = (fields + [("proof", proof)]).map { name, value in
            "<input type=\"hidden\" name=\"\(name)\" value=\"\(value)\">" as HTML
        }
        let mark: HTML = isGrave ? " class=\"grave\"" : ""
        return "<form method=\"post\" action=\"\(address)\">\(hidden)<button\(mark)>\(say(title))</button></form>"
    }

    /// The form in which somebody says what an ended run counts as.
    func markForm(to address: String) -> HTML {
        """
        <details class="act"><summary>\(say("Say what it counts as"))</summary>\
        <form method="post" action="\(address)"><input type="hidden" name="proof" value="\(proof)">\
        <label>\(say("For what follows it, it counts as")) <select name="state">\
        <option value="succeeded">\(say("succeeded"))</option><option value="failed">\(say("failed"))</option></select></label> \
        <label>\(say("because")) <input name="because" required maxlength="200"></label> \
        <button>\(say("Mark"))</button></form></details>
        """
    }

    /// Buttons beside one another; nothing where there is none.
    static func row(_ buttons: [HTML]) -> HTML? { buttons.isEmpty ? nil : "<div class=\"acts\">\(buttons)</div>" }
}

/// Cookies as we set them.
enum CookieText {
    /// - Parameter maxAge: in seconds; a session's end otherwise. Zero takes the cookie away.
    static func make(
        _ name: String, _ value: String, isSecure: Bool, maxAge: Int? = nil, sameSite: String = "Strict"
    ) -> String {
        "\(name)=\(value); Path=/; HttpOnly; SameSite=\(sameSite)\(isSecure ? "; Secure" : "")"
            + (maxAge.map { "; Max-Age=\($0)" } ?? "")
    }
}

extension Request {
    /// Whether the browser speaks TLS, with the node or with a proxy before it. A client that claims so in vain gets a cookie
    /// that it will not send, and nothing else.
    var isSecure: Bool { head.scheme == "https" || headers[.forwardedProto]?.lowercased() == "https" }
}

extension HTTPField.Name {
    // Ours: a constant.
    static let forwardedProto = Self("X-Forwarded-Proto")!
}

/// What was just done, as a page that follows it says: a word in the address, and here its sentence, so that no address
/// makes a page say anything else.
enum Deed: String, CaseIterable {
    case triggered, retried, marked, cancelled, stopping, paused, resumed, unchanged, silenced, unsilenced,
        acknowledged, backfilling

    var sentence: Sentence {
        switch self {
        case .triggered: "The run was asked for. It starts as soon as its turn comes."
        case .retried: "This run was asked for in place of the one that had ended."
        case .marked: "Marked: what follows it goes by that. The run keeps its outcome."
        case .cancelled: "Cancelled."
        case .stopping: "It is being stopped: TERM first, and after its grace KILL."
        case .paused: "Paused: what falls due is skipped until the job is resumed."
        case .resumed: "Resumed: what falls due runs again."
        case .silenced: "Silenced: what is still so when it ends is told then."
        case .unsilenced: "The silence is over."
        case .acknowledged: "Acknowledged: nobody is told of it again."
        case .backfilling: "The backfill is as you wanted it."
        case .unchanged: "It was so already; nothing was changed."
        }
    }

    static func notice(_ deed: Deed?) -> HTML? {
        deed.map { "<p class=\"notice calm\" role=\"status\">\(say($0.sentence))</p>" }
    }
}

extension QueryReader {
    /// What was just done. A word that we do not know says nothing.
    var deed: Deed? { text("did").flatMap(Deed.init) }
}
