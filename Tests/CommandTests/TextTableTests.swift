import Testing

@testable import OnebeatCLI

private let plain = Terminal(isInteractive: false, hasColour: false, width: nil)

@Suite("Tables")
struct TextTableTests {
    @Test func columnsAreAsWideAsTheirWidestText() {
        var table = TextTable("job", "state")
        table.add("backup_daily", "succeeded")
        table.add("a", "failed")
        #expect(
            table.lines(for: plain) == [
                "JOB           STATE", "backup_daily  succeeded", "a             failed",
            ])
    }

    @Test func figuresEndAtTheRight() {
        var table = TextTable("run", "job", rightAligned: [0])
        table.add("7", "a")
        table.add("1234", "b")
        #expect(table.lines(for: plain) == [" RUN  JOB", "   7  a", "1234  b"])
    }

    @Test func blanksAtTheEndOfALineAreLeftOut() {
        var table = TextTable("a", "b", "c")
        table.add("x", "", "")
        #expect(table.lines(for: plain).last == "x")
    }

    @Test func wideSignsTakeTwoColumns() {
        var table = TextTable("", "")
        table.add("备份", "x")
        table.add("abcd", "y")
        #expect(table.lines(for: plain) == ["备份  x", "abcd  y"])
    }

    @Test func aRowIsCutAtTheTerminalsWidth() {
        var table = TextTable("", "")
        table.add("abc", "a long message that does not fit")
        let lines = table.lines(for: Terminal(isInteractive: true, hasColour: false, width: 12))
        #expect(lines == ["abc  a long…"])
    }

    /// One name of 120 characters used to leave no room for any other column.
    @Test(arguments: [80, 100, 120]) func aLongNameGivesWayAndTheWhyStays(width: Int) {
        var table = TextTable("run", "job", "due", "", "state", "why", rightAligned: [0], optional: [3])
        table.add(
            .init("17"), .init(String(repeating: "long", count: 30)), .init("2026-11-23 03:00:00 +08:00"),
            .init("2h 5m ago"), .init("failed"), .init("exit code 3; last line: disk full"))
        let lines = table.lines(for: Terminal(isInteractive: true, hasColour: false, width: width)).map(\.text)
        #expect(lines.allSatisfy { $0.count <= width })
        #expect(lines[1].contains("failed"))
        #expect(lines[1].contains("exit code 3; last line: dis"), "\(lines[1])")
        #expect(lines[1].contains(width == 80 ? "2026-11-23 03:00:00 " : "2026-11-23 03:00:00 +08:00"), "\(lines[1])")
    }

    @Test func whatCanBeDoneWithoutGoesBeforeTheWhy() {
        var table = TextTable("job", "next", "schedule", "why", optional: [2])
        table.add("report", "2026-11-23 03:00:00 UTC", "at 03:00 every day, Asia/Shanghai", "skipped 3 times in a row")
        let lines = table.lines(for: Terminal(isInteractive: true, hasColour: false, width: 60)).map(\.text)
        #expect(lines[1] == "report  2026-11-23 03:00:00 UTC  skipped 3 times in a row")
    }

    @Test func aNewlineInATextDoesNotBreakTheTable() {
        var table = TextTable("", "")
        table.add("a\nb\tc", "d")
        #expect(table.lines(for: plain) == ["a b c  d"])
    }

    @Test func colourIsLeftOutWhereNobodyLooksOn() {
        var table = TextTable("", "")
        table.add(.init("failed", .bad), "x")
        #expect(table.lines(for: plain) == ["failed  x"])
        let coloured = table.lines(for: Terminal(isInteractive: true, hasColour: true, width: nil))
        #expect(coloured == ["\u{1B}[31mfailed\u{1B}[0m  x"])
    }
}

@Suite("Text for a terminal")
struct TerminalTextTests {
    /// Each of them could do something to a terminal, or hide what is there.
    @Test(arguments: [
        ("a\u{1B}]52;c;aGk=\u{07}b", "a\u{241B}]52;c;aGk=\u{2407}b"), ("\u{1B}[2J\u{1B}[H", "\u{241B}[2J\u{241B}[H"),
        ("\u{9B}2J", "<U+9B>2J"), ("\u{9D}0;x\u{9C}", "<U+9D>0;x<U+9C>"), ("\u{90}q", "<U+90>q"),
        ("a\u{7F}\u{08}b", "a\u{2421}\u{2408}b"),
        ("a\u{202E}b\u{2066}c\u{200F}", "a<U+202E>b<U+2066>c<U+200F>"), ("a\u{E0041}", "a<U+E0041>"),
        ("a\u{0}b", "a\u{2400}b"),
        ("over\rwritten", "over\u{240D}written"), ("a\r\nb\tc\n", "a\nb\tc\n"), ("ü 备份 👩‍👩‍👧", "ü 备份 👩‍👩‍👧"),
        ("a\u{2028}b", "a<U+2028>b"),
    ])
    func whatIsInterpolatedIsMadeHarmless(raw: String, shown: String) {
        #expect(("\(raw)" as TerminalText).text == shown)
        #expect(TerminalText(raw).text == shown)
        let cell = TextTable.Cell(raw).text
        #expect(TerminalText(cell).text == cell && !cell.contains(where: \.isNewline))
        let coloured = Terminal(isInteractive: true, hasColour: true, width: nil)
        #expect(coloured.paint("\(raw)", .bad).text == "\u{1B}[31m\(shown)\u{1B}[0m")
    }

    @Test func literalsAndTextsOfTheKindStayAsTheyAre() {
        let title = Terminal(isInteractive: true, hasColour: true, width: nil).paint("x", .title)
        #expect(("\u{1B}[K\(title)" as TerminalText).text == "\u{1B}[K\u{1B}[1mx\u{1B}[0m")
        #expect(("\(Optional("\u{1B}").map { $0 } ?? "")" as TerminalText).text == "\u{241B}")
    }
}

@Suite("Nearest names")
struct NearestNamesTests {
    @Test func aSlipOfThePenIsFound() {
        #expect(NearestNames.to("bakcup", among: ["backup", "report", "load"]) == ["backup"])
    }

    @Test func aPartOfANameIsFound() {
        let names = ["report", "backup_daily", "backup_weekly"]
        #expect(NearestNames.to("back", among: names) == ["backup_daily", "backup_weekly"])
    }

    @Test func aNameFarFromAllFindsNone() {
        #expect(NearestNames.to("newsletter", among: ["backup", "report"]) == [])
    }
}
