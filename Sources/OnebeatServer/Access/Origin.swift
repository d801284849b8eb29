import HTTPTypes

/// Whether something may be changed by a request, going by where a browser says that it comes from.
///
/// Every browser names the page that sends a form or a script's request: `Origin` since ten years, `Sec-Fetch-Site` since
/// some. Programs send neither. So what names another place is refused, and what names none is no browser's.
enum Origin {
    /// What is wrong with where a request comes from; `nil` when it may go on.
    /// - Parameter hasCookie: whether it shows who asks by a cookie, which browsers send along by themselves.
    static func problem(of headers: HTTPFields, host: String?, hasCookie: Bool) -> String? {
        let sites = headers[values: .secFetchSite]
        let origins = headers[values: .origin]
        guard sites.count <= 1, origins.count <= 1 else {
            return "the request names more than one place that it comes from; send one Origin"
        }
        if let site = sites.first, site != "same-origin", site != "none" {
            return "the request comes from another site (Sec-Fetch-Site: \(site)); act on the pages of this node"
        }
        // A page cannot say this of itself, and a proxy may ask under another host than the one that the browser knows.
        if sites.first == "same-origin" { return nil }
        if let origin = origins.first {
            return isOwn(origin, host) ? nil : "the request comes from \(origin); act on the pages of this node"
        }
        if hasCookie, sites.isEmpty {
            return
                "the request does not say where it comes from (Origin), which every browser does; programs send a token"
        }
        return nil
    }

    /// The scheme may be another one where a proxy stands before the node.
    private static func isOwn(_ origin: String, _ host: String?) -> Bool {
        guard let host = host?.lowercased(), !host.isEmpty else { return false }
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where origin.hasPrefix(scheme) {
            let place = origin.dropFirst(scheme.count).lowercased()
            return place == host || place + port == host || place == host + port
        }
        return false
    }
}

extension HTTPField.Name {
    // Ours: a constant.
    static let secFetchSite = Self("Sec-Fetch-Site")!
    // Ours: a constant.
    static let idempotencyKey = Self("Idempotency-Key")!
}
