import Onebeat

/// How large the drawings of a page are. Without a script there are two sizes, each with an address; the script has any.
enum Zoom: String, Sendable {
    /// As they are drawn; what is wider than the page is scrolled to.
    case full
    /// No wider than the page.
    case fit

    static let parameter = "zoom"

    /// - Throws: ``Problem`` for a size that there is not.
    init(_ query: QueryReader) throws {
        guard let word = query.text(Self.parameter) else {
            self = .full
            return
        }
        guard let zoom = Zoom(rawValue: word) else {
            throw Problem(.badRequest, "zoom is \"\(word)\"; fit or full will do")
        }
        self = zoom
    }

    /// The class of a drawing.
    var mark: HTML { self == .fit ? "drawing fit" : "drawing" }

    /// The ways to the other sizes, and the script's buttons.
    /// - Parameter parameters: what else is in the page's address.
    func bar(_ path: String, _ parameters: [(String, String?)] = []) -> HTML {
        func link(_ zoom: Zoom, _ title: HTML) -> HTML {
            let current: HTML = zoom == self ? " aria-current=\"true\"" : ""
            let address = Address.query(path, parameters + [(Self.parameter, zoom == .full ? nil : zoom.rawValue)])
            return "<a href=\"\(address)\" data-zoom=\"\(zoom.rawValue)\"\(current)>\(title)</a>"
        }
        return """
            <p class="zoom" role="group" aria-label="\(say("Size of the drawing"))">\
            \(link(.fit, say("Fit"))) \(link(.full, "100 %")) \
            <button type="button" data-zoom="out" hidden aria-label="\(say("Smaller"))">−</button> \
            <button type="button" data-zoom="in" hidden aria-label="\(say("Larger"))">+</button></p>
            """
    }
}
