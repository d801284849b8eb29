import Testing

@testable import Onebeat

@Suite("The last line of output") struct LastLineTests {
    private func line(_ pieces: String...) -> String? {
        LastLine.of(pieces.reduce([]) { LastLine.end(of: $0, followedBy: Array($1.utf8)) })
    }

    @Test func itIsTheLastWithSomethingInIt() {
        #expect(line("a\nb\n\n  \n") == "b")
        #expect(line("No space ", "left on device\n") == "No space left on device")
        #expect(line("50%\rdone\r\n") == "done")
        #expect(line("", "\n \n") == nil)
    }

    @Test func itHoldsNoCommandsToATerminal() {
        #expect(line("\u{1b}[31mred\u{1b}[0m\u{7}") == "red")
        #expect(line("\tx\u{0}y") == "xy")
    }

    @Test func itIsBounded() {
        let long = line(String(repeating: "x", count: 100_000))
        #expect(long?.count == 200)
        #expect(LastLine.end(of: Array(repeating: 1, count: 1024), followedBy: [2]).count == 1024)
    }
}
