import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct PageTextTests {
    @Test func interpolatedTextIsEscapedAndMarkupIsNot() {
        let name = "<a href=\"x\" onclick='y'>&"
        let inner: HTML = "<b>\(name)</b>"
        #expect(
            ("<p title=\"\(name)\">\(inner)</p>" as HTML).text
                == "<p title=\"&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;\"><b>&lt;a href=&quot;x&quot; "
                + "onclick=&#39;y&#39;&gt;&amp;</b></p>")
    }

    @Test func controlCharactersAndTurnsOfDirectionAreReplaced() {
        let text = "a\u{0}b\u{202e}c\n"
        #expect(("\(text)" as HTML).text == "a\u{fffd}b\u{fffd}c\n")
    }

    @Test(arguments: [
        (Duration.milliseconds(12), "12 ms"), (.milliseconds(3240), "3.2 s"), (.seconds(59), "59 s"),
        (.seconds(252), "4 min 12 s"), (.seconds(7500), "2 h 5 min"), (.seconds(7200), "2 h"),
        (.seconds(90_000), "1 d 1 h"), (.zero, "0 ms"),
    ])
    func lengthsAreSaidWithWhatMatters(length: Duration, words: String) {
        #expect(Words.exact(length) == words)
    }

    @Test func momentsAreSaidFromTheReadersNow() {
        let words = Words(now: Timestamp(iso8601: "2026-11-23T12:00:00Z")!)
        #expect(words.relative(words.now + .seconds(240)).text.hasSuffix(">in 4 min</time>"))
        #expect(words.relative(words.now - .seconds(7300)).text.hasSuffix(">2 h ago</time>"))
        #expect(words.clock(words.now).text.hasSuffix(">12:00:00 UTC</time>"))
        #expect(words.clock(words.now - .seconds(86_400)).text.hasSuffix(">2026-11-22 12:00:00 UTC</time>"))
    }

    @Test func aCharacterCutBetweenTwoPiecesIsWholeAgain() {
        let bytes = Array("ü".utf8)
        #expect(
            OutputText.stretches(of: [.example(0, [bytes[0]]), .example(1, [bytes[1]])])
                == [.init(stream: .stdout, text: "ü")])
        // And where something else was written in between.
        #expect(
            OutputText.stretches(of: [
                .example(0, [0x61, bytes[0]]), .example(1, [0x65], .stderr), .example(2, [bytes[1], 0x62]),
            ]) == [
                .init(stream: .stdout, text: "a"), .init(stream: .stderr, text: "e"),
                .init(stream: .stdout, text: "üb"),
            ])
    }

    @Test(arguments: [
        ("\u{1b}[1;31mred\u{1b}[0m", "\u{1b}[1;31mred\u{1b}[0m"), ("up\u{1b}[2A\u{1b}[Kover", "upover"),
        ("\u{1b}]0;title\u{7}text", "text"), ("a\r\nb\rc", "a\nb\nc"),
        ("cut \u{1b}[3", "cut "),
    ])
    func commandsToTheTerminalAreTakenOut(raw: String, plain: String) {
        #expect(OutputText.plain(raw) == plain)
    }

    @Test(arguments: [
        ("\u{1b}[1;31mred\u{1b}[0m end", "<span class=\"red bold\">red</span> end"),
        ("\u{1b}[92m<b>\u{1b}[mx", "<span class=\"green\">&lt;b&gt;</span>x"),
        ("\u{1b}[38;5;196mx\u{1b}[48;2;1;31;3my", "xy"), ("\u{1b}[31", "[31"), ("\u{1b}[999999999999999999999mx", "x"),
        ("\u{1b}[31mno end", "<span class=\"red\">no end</span>"),
        ("\u{1b}[\"><script>m", "[&quot;&gt;&lt;script&gt;m"),
    ])
    func coloursAreClassesOfOursAndAllElseIsText(raw: String, markup: String) {
        var colours = TerminalColours()
        #expect(colours.html(raw).text == markup)
    }

    @Test func theOverviewSaysHowBusyNodesAreAndHowLateRunsBegan() {
        let now = Timestamp(iso8601: "2026-11-23T12:00:00Z")!
        func run(_ late: Duration, ago: Duration, attempt: Int = 1, kind: RunKind = .scheduled) -> Run {
            var run = Run(
                id: RunID(1), version: JobVersion(job: "a", generation: 1, version: 1), kind: kind,
                scheduledAt: now - ago, dueAt: now - ago, state: .succeeded)
            run.attempt = attempt
            run.startedAt = now - ago + late
            return run
        }
        let newest = [
            run(.milliseconds(3), ago: .seconds(10)), run(.milliseconds(-1), ago: .seconds(20)),
            run(.milliseconds(40), ago: .seconds(30)),
            // What began long ago, again, or for somebody, says nothing.
            run(.seconds(9), ago: .seconds(7200)), run(.seconds(9), ago: .seconds(40), attempt: 2),
            run(.seconds(9), ago: .seconds(50), kind: .manual), run(.seconds(9), ago: .seconds(50), kind: .backfill),
        ]
        var node = NodeRecord(
            id: NodeID(name: "a", boot: "1"), slots: 16, queues: ["default"], version: "1", processID: 1)
        node.leaseUntil = now + .seconds(5)
        var page = OverviewPage(now: now, headline: Headline(tone: .good, sentence: "All is well."))
        page.load = Load(nodes: [node], running: [newest[0]], newest: newest, at: now)
        let text = page.page.html.text
        #expect(text.contains("1 of 16 slots are taken."))
        #expect(text.contains("Of the last 3 due runs half began 3 ms late at most, and 99 of 100 40 ms."))
    }

    @Test func theOverviewCountsWhatIsDueAndWaits() {
        let now = Timestamp(iso8601: "2026-11-23T12:00:00Z")!
        var page = OverviewPage(now: now, headline: Headline(tone: .good, sentence: "All is well."))
        page.upcoming = [.init(job: "late", at: now - .seconds(60)), .init(job: "soon", at: now + .seconds(60))]
        #expect(page.page.html.text.contains("1 job is due and waiting. Next is <a href=\"/jobs/soon\">"))
    }
}
