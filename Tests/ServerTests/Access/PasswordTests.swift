import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct PasswordTests {
    @Test func onlyTheRightOneFits() throws {
        let hash = try Password.hash("correct horse", cost: .little)
        #expect(Password.fits("correct horse", hash))
        for wrong in ["correct horsf", "", "Correct horse", "correct horse ", "correct horse\0"] {
            #expect(!Password.fits(wrong, hash))
        }
        #expect(try Password.hash("correct horse", cost: .little) != hash)
    }

    @Test func twoSpellingsOfOneLetterAreOne() throws {
        #expect(Password.fits("caf\u{e9} caf\u{e9}", try Password.hash("cafe\u{301} cafe\u{301}", cost: .little)))
    }

    @Test(arguments: [
        "", "none", "$scrypt$", "$scrypt$ln=99,r=8,p=1$AAAA$AAAA", "$scrypt$ln=30,r=32,p=16$AAAA$AAAA",
        "$scrypt$ln=0,r=0,p=0$AAAA$AAAA", "$scrypt$ln=4,r=1,p=1$$", "$scrypt$ln=4,r=1,p=1$!!!!$!!!!", Password.nobodys,
        "$2b$12$abcdefghijklmnopqrstuv",
    ])
    func whatIsNoHashIsNobodys(text: String) {
        #expect(!Password.fits("none", text) && !Password.fits("", text))
    }

    @Test func aPasswordOfAnybodyAndOfNobodyCostTheSame() throws {
        let hash = try Password.hash("correct horse")
        let clock = ContinuousClock()
        let known = clock.measure { _ = Password.fits("wrong horse", hash) }
        let unknown = clock.measure { _ = Password.fits("wrong horse", Password.nobodys) }
        #expect(known < unknown * 3 && unknown < known * 3)
        #expect(unknown > .milliseconds(10))
    }

    @Test(arguments: [("short", false), ("long enough", true), ("日本語のパスワードです", true), ("with\u{7}a bell", false)])
    func passwordsAreLongAndPlain(password: String, isFine: Bool) {
        #expect((Password.problem(password) == nil) == isFine)
    }

    @Test(arguments: [
        ("ann", true), ("ann.b@example.com", true), ("小明", true), ("a b", false), ("a:b", false), ("", false),
        ("a\u{202e}b", false), ("<b>", false),
    ])
    func namesAreWords(name: String, isFine: Bool) {
        #expect((UserName.problem(name) == nil) == isFine)
    }

    @Test func secretsAreLongAndNotTwice() {
        let secrets = (0..<1000).map { _ in Secret.fresh() }
        #expect(Set(secrets).count == 1000)
        #expect(secrets.allSatisfy(Secret.isOne))
        #expect(
            !Secret.isOne("") && !Secret.isOne(secrets[0] + "x") && !Secret.isOne(String(repeating: "=", count: 43)))
    }
}

@Suite struct SignInThrottleTests {
    private let now = Timestamp(seconds: 1_000_000)

    private func wait(pair: Int = 0, address: Int = 0, user: Int = 0, ago: Int = 0) -> Duration? {
        var failures: [String: SignInFailures] = [:]
        for (key, count) in [
            (SignInKey.pair("ann", "a"), pair), (SignInKey.address("a"), address), (SignInKey.user("ann"), user),
        ] where count > 0 { failures[key] = SignInFailures(count: count, lastAt: now - .seconds(ago)) }
        return SignInThrottle.wait("ann", from: "a", failures, now: now)
    }

    @Test func someTriesAreFree() {
        #expect(wait() == nil)
        #expect(wait(pair: 4, address: 49, user: 19) == nil)
    }

    @Test func fromOneAddressEachFailureDoublesTheWait() {
        #expect(wait(pair: 5) == .seconds(1))
        #expect(wait(pair: 8) == .seconds(8))
        #expect(wait(pair: 8, ago: 7) == .seconds(1))
        #expect(wait(pair: 8, ago: 8) == nil)
        #expect(wait(pair: 1_000_000) == .seconds(300))
    }

    /// Whoever fails as somebody from everywhere keeps that person out for seconds, and not for good.
    @Test func nobodyIsLockedOutByOthersForLong() {
        #expect(wait(user: 1_000_000) == .seconds(10))
        #expect(wait(address: 1_000_000) == .seconds(60))
    }

    @Test func aClockThatWasSetBackLetsNobodyWaitLonger() {
        #expect(wait(pair: 5, ago: -3600) == .seconds(1))
    }
}

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.0.0.7", "10.0.0.7", true),
        ("10.0.0.7", "10.0.0.8", false), ("10.0.0.0/9", "10.127.0.1", true), ("10.0.0.0/9", "10.128.0.1", false),
        ("::1", "::1", true), ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe80::1", false),
        ("127.0.0.1", "::ffff:127.0.0.1", true), ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "::1", false),
        ("fe80::/10", "fe80::1%eth0", true),
    ])
    func addressesLieInRanges(range: String, address: String, isIn: Bool) throws {
        let bytes = try #require(AddressRange.Bytes(address))
        #expect(AddressRange(range)?.contains(bytes) == isIn)
    }

    @Test(arguments: [
        "", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "a", "::1/129", "10.0.0.0/+8", "1.2.3.4/8/8",
    ])
    func whatIsNoRangeIsNotRead(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test func oneCustomersAddressesAreOnePlace() {
        #expect(AddressRange.Bytes("2001:db8::1")?.place == AddressRange.Bytes("2001:db8::ffff:1")?.place)
        #expect(AddressRange.Bytes("2001:db8::1")?.place != AddressRange.Bytes("2001:db9::1")?.place)
        #expect(AddressRange.Bytes("10.0.0.1")?.place != AddressRange.Bytes("10.0.0.2")?.place)
    }
}
