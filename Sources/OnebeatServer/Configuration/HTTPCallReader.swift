import Onebeat

/// Reads the HTTP call of a job. `${NAME}` stays in it: it is expanded when the call is made, so that no secret is stored.
enum HTTPCallReader {
    private static let keys = ["url", "method", "headers", "body", "expect", "timeout", "redirects", "ca", "output"]

    /// The call under `http`, or `nil` when problems were reported.
    static func read(_ job: MapReader) -> HTTPCall? {
        if case .scalar(let scalar)? = job.node("http"), !scalar.string.isEmpty {
            job.problem("is text where a map belongs, such as {url: \(quoted(scalar.string))}", key: "http")
            return nil
        }
        guard let map = job.map("http", keys: keys) else { return nil }
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
        if let redirects = map.value("redirects", Read.integer(0...10)) { call.redirects = redirects }
        call.authorities = map.value("ca", file)
        call.handsOnBody = map.value("output", body) ?? false
        return url == nil ? nil : call
    }

    /// What is said of an address never repeats a password in it.
    private static func url(_ node: YAMLNode) throws(Misfit) -> String {
        let text = try Read.words(node)
        try Read.checkVariables(text)
        let shown = quoted("\(SecretAddress(text))")
        let masked = ValueTemplate.masked(text)
        guard !masked.contains(where: \.isWhitespace) else {
            throw Misfit("is \(shown), but a URL has no spaces; write %20 for one")
        }
        let scheme = text.lowercased()
        guard scheme.hasPrefix("http://") || scheme.hasPrefix("https://") || scheme.hasPrefix("${") else {
            throw Misfit("is \(shown); it must start with http:// or https://")
        }
        guard !text.contains("${") else { return text }
        do {
            _ = try HTTPAddress(masked)
        } catch {
            throw Misfit("is \(shown), which \(error)")
        }
        return text
    }

    private static func body(_ node: YAMLNode) throws(Misfit) -> Bool {
        let text = try Read.words(node)
        guard text == "body" else {
            throw Misfit("is \(quoted(text)); body is all that a call can hand on, and nothing when it is left out")
        }
        return true
    }

    /// What is wrong with the values of other jobs that are to be put into a call.
    static func checkTemplates(_ call: HTTPCall, of job: JobDefinition, _ map: MapReader) {
        guard let http = map.map("http", keys: keys) else { return }
        let names = job.valueNames
        guard !names.isEmpty else {
            if ValueTemplate.masked(call.url) != call.url {
                http.problem(
                    "has {{ }} in it, which is for values of jobs that it follows, and it follows none", key: "url")
            }
            return
        }
        for (key, text) in [("url", call.url), ("body", call.body ?? "")] + call.headers.map({ ("headers", $0.value) })
        {
            if let problem = ValueTemplate.problem(in: text, following: names) { http.problem(problem, key: key) }
        }
    }

    private static func file(_ node: YAMLNode) throws(Misfit) -> String {
        let path = try Read.words(node)
        guard path.hasPrefix("/") else {
            throw Misfit("is \(quoted(path)); write the whole path, since nodes may start in different folders")
        }
        return path
    }

    private static func method(_ node: YAMLNode) throws(Misfit) -> String {
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
            } else if HTTPRequest.reserved.contains(name.lowercased()) {
                map.findings.problem("is set by the call itself; leave it out", at: mark, place)
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
