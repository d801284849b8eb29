import Hummingbird
import Onebeat

// Dashboard: pages for the operator at three in the morning. Each says first what needs a look, in words. Pages are
// made from values, on the server, in the reader's language. The one script turns UTC into the reader's zone, and keeps the
// page as things are; without it all is there, in UTC. What comes from jobs is escaped by the type `HTML`.

/// The frame around every page.
struct Page {
    /// Where the reader is, for the menu.
    enum Place: CaseIterable {
        case overview, jobs, runs, graph, calendar, backfills, alerts, nodes, events, lab

        var title: Sentence {
            switch self {
            case .overview: "Overview"
            case .jobs: "Jobs"
            case .runs: "Runs"
            case .graph: "Graph"
            case .calendar: "Calendar"
            case .backfills: "Backfills"
            case .alerts: "Alerts"
            case .nodes: "Nodes"
            case .events: "Events"
            case .lab: "Lab"
            }
        }

        var address: String {
            switch self {
            case .overview: "/"
            case .jobs: "/jobs"
            case .runs: "/runs"
            case .graph: "/graph"
            case .calendar: "/calendar"
            case .backfills: "/backfills"
            case .alerts: "/alerts"
            case .nodes: "/nodes"
            case .events: "/events"
            case .lab: "/lab"
            }
        }
    }

    var title: HTML
    var place: Place?
    /// After how many seconds the page is asked for again where nothing tells of changes; `nil` is never.
    var refresh: Int?
    var now: Timestamp?
    var content: HTML

    var html: HTML {
        """
        <!doctype html>
        <html lang="\(Reader.current.language.rawValue)">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        \(refresh.map { "<noscript><meta http-equiv=\"refresh\" content=\"\($0)\"></noscript>\n" as HTML })\
        <title>\(title) · Onebeat</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/assets/style.css?\(Assets.version)">
        <script src="/assets/onebeat.js?\(Assets.version)" defer></script>
        </head>
        <body>
        <a class="skip" href="#main">\(say("To the content"))</a>
        <header>
        <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="22" height="22">Onebeat</a>
        <nav aria-label="\(say("Pages"))">\(Place.allCases.map(menuItem))</nav>
        </header>
        <main id="main"\(live)>
        \(content)
        </main>
        <footer><p>\(now.map { say("As of \(Words(now: $0).clock($0)).") }) \
        <span data-live-state data-on="\(say("Live."))" data-off="\(say("Not live: asking again."))">\
        \(refresh.map { say("Refreshes every \($0) s.") })</span> \
        \(say("Times are \("<span data-zone>UTC</span>" as HTML)."))</p>
        <p>Onebeat \(OnebeatVersion.current) · <a href="/api/v1">API</a> · <a href="/metrics">\(say("metrics"))</a> · \
        <a href="/sign-in">\(Reader.current.name.map { say("signed in as \($0)") } ?? say("sign-in"))</a> · \
        \(Self.languages)<span data-keys-hint hidden> · \(say("<kbd>?</kbd> lists the keys"))</span></p></footer>
        \(Self.keys)
        </body>
        </html>

        """
    }

    private var live: HTML { refresh.map { " data-live data-every=\"\($0)\"" } ?? "" }

    /// The other languages.
    private static var languages: HTML {
        let others = Language.offered.filter { $0 != Reader.current.language }
        let links = others.map { language in
            """
            <a href="\(LanguageChoice.address(language))" lang="\(language.rawValue)" hreflang="\(language.rawValue)">\
            \(language.name)</a>
            """ as HTML
        }
        return "\(links)"
    }

    /// What the keyboard does, shown by the script.
    private static var keys: HTML {
        let places = Place.allCases.map { place in
            "<dt><kbd>g</kbd> <kbd>\(place.key)</kbd></dt><dd>\(say(place.title))</dd>\n" as HTML
        }
        return """
            <dialog data-keys aria-label="\(say("Keys"))"><h2>\(say("Keys"))</h2><dl>
            <dt><kbd>/</kbd></dt><dd>\(say("Search"))</dd>
            <dt><kbd>+</kbd> <kbd>-</kbd></dt><dd>\(say("Larger or smaller drawings"))</dd>
            <dt><kbd>0</kbd> <kbd>1</kbd></dt><dd>\(say("Drawings that fit, or at 100 %"))</dd>
            \(places)<dt><kbd>?</kbd></dt><dd>\(say("This list"))</dd></dl>
            <form method="dialog"><button>\(say("Close"))</button></form></dialog>
            """
    }

    func response(status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: html.text)))
    }

    private func menuItem(_ item: Place) -> HTML {
        let current: HTML = item == place ? " aria-current=\"page\"" : ""
        return "<a href=\"\(item.address)\" data-key=\"\(item.key)\"\(current)>\(say(item.title))</a>"
    }
}

extension Page.Place {
    /// The key that leads there after a `g`.
    fileprivate var key: String {
        switch self {
        case .overview: "o"
        case .jobs: "j"
        case .runs: "r"
        case .graph: "g"
        case .calendar: "c"
        case .backfills: "b"
        case .alerts: "a"
        case .nodes: "n"
        case .events: "e"
        case .lab: "l"
        }
    }
}

extension HTML {
    /// A part of a page with its heading.
    static func section(_ title: Sentence, more: HTML = "", _ content: HTML) -> HTML {
        "<section><h2>\(say(title))\(more)</h2>\(content)</section>\n"
    }

    /// A table, or `otherwise` where it has no rows. Columns marked `wide` are left out on a narrow screen.
    static func table(_ columns: [Column], _ rows: [[HTML]], otherwise: HTML) -> HTML {
        if rows.isEmpty { return "<p class=\"empty\">\(otherwise)</p>" }
        let heads = columns.map { "<th scope=\"col\"\($0.mark)>\($0.title)</th>" as HTML }
        let lines = rows.map { row in
            "<tr>\(zip(columns, row).map { "<td\($0.mark)>\($1)</td>" as HTML })</tr>\n" as HTML
        }
        return "<table><thead><tr>\(heads)</tr></thead><tbody>\n\(lines)</tbody></table>"
    }

    /// Names and values below each other.
    static func facts(_ pairs: [(Sentence, HTML?)]) -> HTML {
        let lines = pairs.compactMap { name, value in value.map { "<dt>\(say(name))</dt><dd>\($0)</dd>\n" as HTML } }
        return "<dl>\(lines)</dl>"
    }

    /// The head of a column: a sentence of ours.
    struct Column: ExpressibleByStringLiteral {
        var title: HTML
        var isWide = false
        var isWhy = false

        init(stringLiteral value: String) { title = say(Sentence(stringLiteral: value)) }

        private init(_ title: HTML) { self.title = title }

        static func wide(_ title: Sentence) -> Column {
            var column = Column(say(title))
            column.isWide = true
            return column
        }

        /// One that has more than words.
        static func titled(_ title: Sentence) -> Column { Column(say(title)) }

        /// Why something is as it is: the last to go, on a line of its own on a narrow screen.
        static func why(_ title: Sentence) -> Column {
            var column = Column(say(title))
            column.isWhy = true
            return column
        }

        fileprivate var mark: HTML { isWide ? " class=\"wide\"" : isWhy ? " class=\"reason\"" : "" }
    }
}
