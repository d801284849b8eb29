/// Which proxy a call goes through, as the usual variables say: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`,
/// in small letters or, where those are not there, in capitals.
struct ProxySettings {
    private let environment: [String: String]

    init(environment: [String: String]) { self.environment = environment }

    /// The proxy for an address; `nil` is none.
    /// - Throws: ``ProxyProblem`` when the variable names something that cannot be used: to go around a proxy unasked
    ///   could be worse than not to go.
    func proxy(for address: HTTPAddress) throws(ProxyProblem) -> HTTPAddress? {
        guard let (name, text) = setting(address.isSecure ? "https_proxy" : "http_proxy") ?? setting("all_proxy"),
            !isExempt(address)
        else { return nil }
        let scheme = text.contains("://") ? text.prefix { $0 != ":" }.lowercased() : "http"
        guard scheme == "http" else {
            throw ProxyProblem(
                "the variable \(name) names a proxy of the kind \(quoted(scheme)); only http://HOST:PORT can be used")
        }
        do {
            return try HTTPAddress(text.contains("://") ? text : "http://" + text)
        } catch {
            throw ProxyProblem("the variable \(name) \(error)")
        }
    }

    private func setting(_ name: String) -> (name: String, value: String)? {
        for name in [name, name.uppercased()] {
            if let value = environment[name] { return value.isEmpty ? nil : (name, value) }
        }
        return nil
    }

    /// Names in the list stand for themselves and for what ends in them behind a dot; `*` is everything.
    private func isExempt(_ address: HTTPAddress) -> Bool {
        guard let (_, list) = setting("no_proxy") else { return false }
        for item in list.lowercased().split(whereSeparator: { $0 == "," || $0 == " " }) {
            if item == "*" { return true }
            var name = item.hasPrefix("*.") ? item.dropFirst(2) : item.hasPrefix(".") ? item.dropFirst() : item
            if name.hasPrefix("[") {
                name = name.dropFirst().prefix { $0 != "]" }
            } else if let colon = name.lastIndex(of: ":"), name.firstIndex(of: ":") == colon {
                guard name[colon...].dropFirst() == String(address.port) else { continue }
                name = name[..<colon]
            }
            if !name.isEmpty, address.host == name || address.host.hasSuffix("." + name) { return true }
        }
        return false
    }
}

/// A proxy that cannot be used, in words that do not repeat its address: it may hold a password.
struct ProxyProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
