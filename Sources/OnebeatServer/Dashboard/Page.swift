import Hummingbird
import Onebeat

// Dashboard: pages for the operator at three in the morning. Each says first what needs a look, in words. Pages are
// made from values, on the server, and are read-only like everything here. The one script turns UTC into the reader's
// zone; without it all is there, in UTC. What comes from jobs is escaped by the type `HTML`.

/// The frame around every page.
struct Page {
    /// Where the reader is, for the menu.
    enum Place: CaseIterable {
        case overview, jobs, runs

        var title: String {
            switch self {
            case .overview: "Overview"
            case .jobs: "Jobs"
            case .runs: "Runs"
            }
        }

        var address: String {
            switch self {
            case .overview: "/"
            case .jobs: "/jobs"
            case .runs: "/runs"
            }
        }
    }

    var title: String
    var place: Place?
    /// After how many seconds the browser asks again; `nil` is never.
    var refresh: Int?
    var now: Timestamp?
    var content: HTML

    var html: HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        \(refresh.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">\n" as HTML })<title>\(title) · Onebeat</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/assets/style.css?\(OnebeatVersion.current)">
        <script src="/assets/zone.js?\(OnebeatVersion.current)" defer></script>
        </head>
        <body>
        <header>
        <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="22" height="22">Onebeat</a>
        <nav>\(Place.allCases.map(menuItem))</nav>
        </header>
        <main>
        \(content)
        </main>
        <footer>\(now.map { "As of \(Words(now: $0).clock($0)). " as HTML })\(refresh.map { "Refreshes every \($0) s. " as HTML })\
        Times are <span data-zone>UTC</span>. Onebeat \(OnebeatVersion.current) · <a href="/api/v1">API</a> · <a href="/metrics">metrics</a></footer>
        </body>
        </html>

        """
    }

    func response(status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: html.text)))
    }

    private func menuItem(_ item: Place) -> HTML {
        let current: HTML = item == place ? " aria-current=\"page\"" : ""
        return "<a href=\"\(item.address)\"\(current)>\(item.title)</a>"
    }
}

extension HTML {
    /// A part of a page with its heading.
    static func section(_ title: String, more: HTML = "", _ content: HTML) -> HTML {
        "<section><h2>\(title)\(more)</h2>\(content)</section>\n"
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
    static func facts(_ pairs: [(String, HTML?)]) -> HTML {
        let lines = pairs.compactMap { name, value in value.map { "<dt>\(name)</dt><dd>\($0)</dd>\n" as HTML } }
        return "<dl>\(lines)</dl>"
    }

    struct Column: ExpressibleByStringLiteral {
        var title: String
        var isWide = false
        var isWhy = false

        init(stringLiteral value: String) { title = value }

        static func wide(_ title: String) -> Column {
            var column = Column(stringLiteral: title)
            column.isWide = true
            return column
        }

        /// One whose title is not ours.
        static func titled(_ title: String) -> Column { Column(stringLiteral: title) }

        /// Why something is as it is: the last to go, on a line of its own on a narrow screen.
        static func why(_ title: String) -> Column {
            var column = Column(stringLiteral: title)
            column.isWhy = true
            return column
        }

        fileprivate var mark: HTML { isWide ? " class=\"wide\"" : isWhy ? " class=\"reason\"" : "" }
    }
}
