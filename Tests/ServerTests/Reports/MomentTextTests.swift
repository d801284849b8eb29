import Onebeat
import Testing

@testable import OnebeatServer

@Suite("Moments in words") struct MomentTextTests {
    private let shanghai = Schedule.clock(of: "Asia/Shanghai")

    @Test(arguments: [
        ("2026-11-23T03:00:00.9Z", "2026-11-23 03:00:00 UTC"), ("1969-12-31T23:59:59.5Z", "1969-12-31 23:59:59 UTC"),
    ])
    func aMomentInWordsIsOfAWholeSecond(moment: String, words: String) throws {
        #expect(try #require(Timestamp(iso8601: moment)).words == words)
    }

    @Test func whatIsShownIsOnTheReadersClock() {
        let words = "it was due at 2026-11-23 03:00:00 UTC, 2h late at most; the last came at 2026-11-21 22:00:00 UTC"
        #expect(
            MomentText.text(words, on: shanghai)
                == "it was due at 2026-11-23 11:00:00 +08:00, 2h late at most; the last came at 2026-11-22 06:00:00 +08:00"
        )
        #expect(MomentText.text(words, on: .clock(of: "UTC")) == words)
    }

    /// What a program logs in a form of its own is quoted as it is.
    @Test(arguments: [
        "2026-11-23 03:00:00.123 UTC [7] ERROR: no", "2026-11-23T03:00:00Z", "2026-02-30 03:00:00 UTC", "03:00:00 UTC",
        "2026-11-23 03:00:00 UTCX", "2026-11-23 25:00:00 UTC", " UTC", "",
    ])
    func whatIsNotOursStaysAsItIs(text: String) {
        #expect(MomentText.text(text, on: shanghai) == text)
    }

    @Test func anAuditIsExact() {
        #expect(
            MomentText.text("began at 2026-11-23 03:00:00.25 UTC, before", on: shanghai, isExact: true)
                == "began at 2026-11-23 11:00:00.25 +08:00, before")
    }

    @Test func aPageLetsTheBrowserDoIt() {
        #expect(
            english("due at 2026-11-23 03:00:00 UTC <b>").text
                == "due at <time datetime=\"2026-11-23T03:00:00Z\" title=\"2026-11-23T03:00:00Z\" data-clock>2026-11-23 03:00:00"
                + " UTC</time> &lt;b&gt;")
    }
}
