import Hummingbird
import Onebeat

/// What pages bring along, under addresses of their own, so that nothing of it stands in a page.
enum Assets {
    /// Changes with what it stands for, so that browsers may keep it.
    static let version = String(
        (Stylesheet.text + Script.text).utf8.reduce(UInt64(5381)) { ($0 &* 33) ^ UInt64($1) }, radix: 36)

    static func addRoutes(to router: Router<WebContext>) {
        router.get("assets/style.css") { _, _ in answer(Stylesheet.text, "text/css; charset=utf-8") }
        router.get("assets/onebeat.js") { _, _ in answer(Script.text, "text/javascript; charset=utf-8") }
        router.get("assets/icon.svg") { _, _ in answer(Stylesheet.icon, "image/svg+xml") }
    }

    private static func answer(_ text: String, _ type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "max-age=86400"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
