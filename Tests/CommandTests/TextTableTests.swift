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

@Suite("Text out of jobs")
struct SafeTextTests {
    @Test func controlCharactersCannotReachTheTerminal() {
        #expect(SafeText.forTerminal(Array("a\u{1B}]0;title\u{07}b\r\n".utf8)) == "a\u{241B}]0;title\u{2407}b\n")
    }

    @Test func bytesThatAreNoTextAreShownAsReplaced() {
        #expect(SafeText.forTerminal([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
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
