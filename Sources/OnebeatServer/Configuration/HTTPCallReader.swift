import Onebeat
import Yams

/// Reads the HTTP call of a job. `${NAME}` stays in it: it is expanded when the call is made, so that no secret is stored.
enum HTTPCallReader {
    /// The call under `http`, or `nil` when problems were reported.
    static func read(_ job: MapReader) -> HTTPCall? {
        if case .scalar(let scalar)? = job.node("http"), !scalar.string.isEmpty {
            job.problem("is text where a map belongs, such as {url: \(quoted(scalar.string))}", key: "http")
            return nil
        }
        guard let map = job.map("http", keys: ["url", "method", "headers", "body", "expect", "timeout"]) else {
            return nil
        }
        guard map.has("url") else {
            map.findings.problem("url is missing", at: map.mark, map.place)
            return nil
        }
        let url = map.value("url", url)
        var call = HTTPCall(url: url ?? "")
        if let method = map.value("method", method) { call.method = method }
        call.headers = headers(map)
        if let body = map.node("body") {
            call.body = map.expandable(body, keyMark: map.mark(ofKey: "body"), map.place.child("body"))
        }
        if let expected = map.value("expect", Read.list(of: Read.integer(100...599))) { call.expected = expected }
        if let timeout = map.value("timeout", Read.positiveLength) { call.timeout = timeout }
        return url == nil ? nil : call
    }

    private static func url(_ node: Yams.Node) throws(Misfit) -> String {
        let text = try Read.words(node)
        try Read.checkVariables(text)
        guard !text.contains(where: \.isWhitespace) else {
            throw Misfit("is \(quoted(text)), but a URL has no spaces; write %20 for one")
        }
        let scheme = text.lowercased()
        guard scheme.hasPrefix("http://") || scheme.hasPrefix("https://") || scheme.hasPrefix("${") else {
            throw Misfit("is \(quoted(text)); it must start with http:// or https://")
        }
        return text
    }

    private static func method(_ node: Yams.Node) throws(Misfit) -> String {
        let text = try Read.words(node)
        guard text.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) else {
            throw Misfit("is \(quoted(text)); a method is written in capitals, such as GET or POST")
        }
        return text
    }

    private static func headers(_ map: MapReader) -> [String: String] {
        var headers: [String: String] = [:]
        var seen: Set<String> = []
        for (name, mark, node) in map.pairs("headers", example: "Accept: text/plain") {
            let place = map.place.child("headers").child(name)
            let isToken = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
            if !isToken || name.isEmpty {
                map.findings.problem("is not a header's name, such as Content-Type", at: mark, place)
            } else if !seen.insert(name.lowercased()).inserted {
                map.findings.problem("is given twice; capitals do not count in a header's name", at: mark, place)
            } else if let value = map.expandable(node, keyMark: mark, place) {
                headers[name] = value
                if value.contains(where: \.isNewline) {
                    map.findings.problem("is more than one line; a header's value is one", at: node.position, place)
                }
            }
        }
        return headers
    }
}
