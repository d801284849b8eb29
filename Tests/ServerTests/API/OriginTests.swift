import HTTPTypes
import Testing

@testable import OnebeatServer

@Suite struct OriginTests {
    @Test(arguments: [
        (nil, nil, true), ("http://127.0.0.1:8420", nil, true),
        ("https://onebeat.example.com", "same-origin", true), ("http://evil.example", "none", false),
        ("http://127.0.0.1:8420", "same-origin", true),
        (nil, "none", true), ("https://127.0.0.1:8420", nil, true), ("http://127.0.0.1:8421", nil, false),
        ("null", nil, false), ("http://evil.example", nil, false), ("", nil, false),
        ("http://127.0.0.1:8420.evil.example", nil, false), ("http://evil.example/127.0.0.1:8420", nil, false),
        ("http://user@127.0.0.1:8420", nil, false), ("ftp://127.0.0.1:8420", nil, false),
        ("http://127.0.0.1:8420", "cross-site", false), ("http://127.0.0.1:8420", "same-site", false),
        (nil, "same-site", false), (nil, "Same-Origin", false), (nil, "", false),
    ])
    func onlyOwnPagesAndProgramsMayAct(origin: String?, site: String?, isFine: Bool) {
        var headers = HTTPFields()
        headers[.origin] = origin
        headers[.secFetchSite] = site
        #expect((Origin.problem(of: headers, host: "127.0.0.1:8420", hasCookie: false) == nil) == isFine)
    }

    @Test func aCookieWithoutAPlaceIsNoBrowsers() {
        #expect(Origin.problem(of: [:], host: "a", hasCookie: true) != nil)
        #expect(Origin.problem(of: [.secFetchSite: "same-origin"], host: "a", hasCookie: true) == nil)
        #expect(Origin.problem(of: [.origin: "http://a"], host: "a", hasCookie: true) == nil)
    }

    @Test func twoPlacesAreRefused() {
        var headers = HTTPFields()
        headers.append(HTTPField(name: .origin, value: "http://a"))
        headers.append(HTTPField(name: .origin, value: "http://evil.example"))
        #expect(Origin.problem(of: headers, host: "a", hasCookie: false) != nil)
    }

    @Test func thePortOfASchemeNeedNotBeWritten() {
        #expect(Origin.problem(of: [.origin: "https://a.example"], host: "a.example:443", hasCookie: true) == nil)
        #expect(Origin.problem(of: [.origin: "https://a.example:443"], host: "A.example", hasCookie: true) == nil)
        #expect(Origin.problem(of: [.origin: "https://a.example"], host: nil, hasCookie: false) != nil)
    }
}
