import Testing

@testable import OnebeatRedis

@Suite(.timeLimit(.minutes(1)))
struct RedisAddressTests {
    @Test func readsAllParts() throws {
        let address = try RedisAddress(
            "rediss://ann:p%40ss%2Fword@cache.internal:7000/3?prefix=shop:&ssl_ca_certs=/ca.pem")
        #expect(address.host == "cache.internal")
        #expect(address.port == 7000)
        #expect(address.user == "ann")
        #expect(address.password == "p@ss/word")
        #expect(address.database == 3)
        #expect(address.prefix == "shop:")
        #expect(address.certificates?.authorities == "/ca.pem")
        #expect(address.description == "rediss://cache.internal:7000/3")
    }

    @Test func leavesOutWhatIsUsual() throws {
        let address = try RedisAddress("redis://[::1]")
        #expect(address.host == "::1")
        #expect(address.place == "[::1]:6379")
        #expect((address.user, address.password) == (nil, nil))
        #expect(address.database == 0)
        #expect(address.certificates == nil)
        #expect(try RedisAddress("redis://:secret@cache").user == nil)
    }

    /// Celery refuses its own URLs without it.
    @Test func takesWhatCeleryAsksFor() throws {
        let address = try RedisAddress("rediss://cache/0?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs=/ca.pem")
        #expect(address.certificates == .init(authorities: "/ca.pem"))
    }

    @Test(arguments: [
        ("cache:6379", "scheme"), ("redis://", "host"), ("http://cache", "scheme"), ("redis://cache/one", "database"),
        ("redis://cache/-1", "database"), ("redis://cache:99999", "port"), ("redis://ann@cache", "without a password"),
        ("redis://cache?colour=red", "colour"), ("redis://cache?prefix=", "prefix"),
        ("redis://cache?ssl_ca_certs=/ca.pem", "rediss://"), ("redis://cache name", "URL"),
        ("rediss://cache?ssl_cert_reqs=CERT_NONE", "always checked"),
    ])
    func saysWhatIsWrong(_ text: String, _ word: String) {
        let error = #expect(throws: RedisAddressError.self) { try RedisAddress(text) }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        "redis://ann:hush@cache/one", "redis://:hush@", "http://ann:hush@cache",
        "redis://ann:hush@cache?x=1", "redis://ann:hush@cache:99999",
    ])
    func neverRepeatsThePassword(_ text: String) throws {
        let error = #expect(throws: RedisAddressError.self) { try RedisAddress(text) }
        #expect(error?.description.contains("hush") == false)
    }

    @Test func noDumpShowsThePassword() throws {
        let address = try RedisAddress("redis://ann:hush@cache")
        var text = "\(address) \(String(reflecting: address)) \([address]) \(Optional(address) as Any)"
        dump(address, to: &text)
        #expect(!text.contains("hush"))
    }
}
