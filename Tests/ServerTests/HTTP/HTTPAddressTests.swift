import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct HTTPAddressTests {
    @Test(
        arguments: [
            ("http://example.com", "example.com:80", "/", nil),
            ("HTTPS://Example.com/a?b#c", "example.com:443", "/a?b", nil),
            ("http://example.com:8080?x=1", "example.com:8080", "/?x=1", nil),
            ("http://example.com:/", "example.com:80", "/", nil),
            ("http://[::1]:81/x", "[::1]:81", "/x", nil),
            ("http://127.0.0.1/é \u{7b}".replacing(" ", with: ""), "127.0.0.1:80", "/%C3%A9%7B", nil),
            ("http://anna:p%40ss@host/", "host:80", "/", "anna:p@ss"),
            ("http://anna:p@ss@host/", "host:80", "/", "anna:p@ss"),
            ("http://token@host/a@b", "host:80", "/a@b", "token"),
            ("http://anna:100%@host/", "host:80", "/", "anna:100%"),
        ] as [(String, String, String, String?)])
    func anAddressIsTakenApart(text: String, place: String, target: String, credentials: String?) throws {
        let address = try HTTPAddress(text)
        #expect((address.place, address.target) == (place, target))
        #expect(address.credentials == credentials)
    }

    @Test(arguments: [
        "", "x", "http:", "http://", "http:///x", "ftp://x/", "http://a b/", "http://a/\r\nX: y", "http://a:0/",
        "http://a:65536/",
        "http://a:+80/", "http://a:８０/", "http://a:80:80/", "http://[::1/", "http://[::1]x/", "http://é/",
        "http://a\\@b/", "http://u:p@/",
        "http://u:p/w@host/", "http://a:99999999999999999999/",
    ])
    func whatIsPlainlyNoAddressIsRefused(text: String) {
        #expect(throws: AddressProblem.self) { try HTTPAddress(text) }
    }

    @Test(arguments: [
        ("/x?y", "http://host:81/x?y"), ("x", "http://host:81/a/x"), ("?q", "http://host:81/a/b?q"),
        ("", "http://host:81/a/b?c"),
        ("//other/x", "http://other/x"), ("https://other:444/", "https://other:444/"),
        ("x?u=http://y", "http://host:81/a/x?u=http://y"),
    ])
    func aRedirectIsReadFromWhereItWasFound(location: String, expected: String) throws {
        let next = try HTTPAddress("http://host:81/a/b?c").following(location)
        #expect(next.origin + next.target == expected)
    }

    @Test(arguments: [
        ("http://a.example/", nil as String?), ("https://a.example/", "proxy:3128"), ("https://x.internal/", nil),
        ("https://internal/", nil),
        ("https://notinternal/", "proxy:3128"), ("https://10.0.0.1/", nil), ("https://db:8443/", nil),
        ("https://db/", "proxy:3128"),
    ])
    func theProxyIsTheOneThatTheVariablesName(url: String, place: String?) throws {
        let environment = ["HTTPS_PROXY": "http://u:p@proxy:3128", "no_proxy": "localhost, .internal,10.0.0.1,db:8443"]
        #expect(try ProxySettings(environment: environment).proxy(for: HTTPAddress(url))?.place == place)
    }

    @Test(arguments: ["socks5://u:hush@proxy", "https://u:hush@proxy", "http://u:hush@"])
    func aProxyThatCannotBeUsedIsToldWithoutItsPassword(proxy: String) throws {
        let address = try HTTPAddress("http://a/")
        let problem = #expect(throws: ProxyProblem.self) {
            try ProxySettings(environment: ["all_proxy": proxy]).proxy(for: address)
        }
        #expect(problem?.description.contains("all_proxy") == true)
        #expect(problem?.description.contains("hush") == false)
    }

    /// None of these shows what stands for a password, however it is written.
    @Test(arguments: [
        ("postgres://anna:hush@db/jobs", "postgres://anna@db/jobs"),
        ("postgres://anna@db/jobs", "postgres://anna@db/jobs"),
        ("postgres://anna:hu@sh@db/jobs", "postgres://anna@db/jobs"),
        ("postgres://anna:a/hush?x@db/jobs", "postgres://anna@db/jobs"),
        ("postgres://anna:hush%40%zz@db", "postgres://anna@db"), ("postgres://hu/sh@db", "postgres://…@db"),
        ("postgres://db/jobs?password=hush&sslmode=require", "postgres://db/jobs?sslmode=require"),
        ("postgres://db/jobs?p%61ssword=hush", "postgres://db/jobs"),
        ("redis://:hush@cache:6379/1", "redis://…@cache:6379/1"),
        ("host=db password=hush", "…"), ("anna:hush@db", "…"), ("sqlite:onebeat.db", "…"),
        ("https://x/users/@me?a=b", "https://x/users/@me?a=b"), ("https://hush@host/x", "https://…@host/x"),
        ("http://u:hu@sh@host/x@y", "http://…@y"), ("http://u:hu/sh@host/", "http://…@host/"),
        ("${BASE}/x?y=${TOKEN}", "${BASE}/x?y=${TOKEN}"),
        ("https://${HOST}:${PORT}/@me", "https://${HOST}:${PORT}/@me"),
    ])
    func anAddressNeverShowsItsPassword(text: String, shown: String) {
        #expect("\(SecretAddress(text))" == shown)
        #expect(!String(reflecting: SecretAddress(text)).contains("hush"))
        var dumped = ""
        dump([SecretAddress(text)], to: &dumped)
        #expect(!dumped.contains("hush"))
    }
}
