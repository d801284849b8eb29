import Hummingbird
import Onebeat

/// Who reads a page, as far as the page depends on it. It goes with the request and not by each initialiser: every word of a
/// page hangs on it, and nothing but words does.
struct Reader: Sendable {
    var language = Language.english
    /// The address that was asked for, with its query.
    var address = "/"
    /// Who has signed in.
    var name: String?

    @TaskLocal static var current = Reader()

    static let cookie = "onebeat_language"
}

/// Finds out who reads.
struct Readers: RouterMiddleware {
    typealias Context = WebContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let language = Language(
            chosen: request.cookies[Reader.cookie]?.value, accepted: request.headers[.acceptLanguage])
        let reader = Reader(language: language, address: request.uri.string)
        return try await Reader.$current.withValue(reader) { try await next(request, context) }
    }
}

/// Takes a reader's choice of a language, and leads back to where it was made.
struct LanguageChoice {
    var language: Language
    /// A path of ours.
    var back: String

    /// - Throws: ``Problem`` for a language that there is not, and for a way back that leads elsewhere.
    init(_ code: String, back: String) throws {
        guard let language = Language.offered.first(where: { $0.rawValue == code }) else {
            let known = Language.offered.map(\.rawValue).joined(separator: ", ")
            throw Problem(.notFound, "pages do not speak \"\(code)\"; \(known) will do")
        }
        // `//host` and `/\host` are addresses of other servers to a browser.
        let isOurs = back.hasPrefix("/") && !back.hasPrefix("//") && !back.contains("\\")
        guard isOurs, back.utf8.count <= 2000, back.controlCharacter() == nil else {
            throw Problem(.badRequest, "back is \"\(back)\"; a path of these pages will do, such as /jobs")
        }
        self.language = language
        self.back = back
    }

    var response: Response {
        let path = back.unicodeScalars.allSatisfy(\.isASCII) ? back : "/"
        return Response(
            status: .seeOther,
            headers: [
                .location: path,
                .setCookie: "\(Reader.cookie)=\(language.rawValue); Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
            ])
    }

    /// Where a page lets its reader choose.
    static func address(_ language: Language) -> String {
        // What was just done is told once.
        let address = Reader.current.address
        let back = address.contains("did=") ? String(address.prefix { $0 != "?" }) : address
        return "/language/\(language.rawValue)?back=\(Address.encoded(back))"
    }
}
