import Testing

@testable import OnebeatServer

/// Pickles that nobody well-meaning made; those of APScheduler itself are read in EndToEndTests/ImportTests.
struct PickleTests {
    private func pickle(_ opcodes: [UInt8]) throws -> Pickle { try Pickle([0x80, 4] + opcodes) }

    private func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func text(_ text: String) -> [UInt8] { [0x8c, UInt8(text.utf8.count)] + Array(text.utf8) }

    @Test func callsAreNotedAndNotMade() throws {
        // cos\nsystem\n, a text, a tuple of one, REDUCE.
        let call = try pickle(ascii("cposix\nsystem\n") + text("touch /tmp/x") + [0x85] + ascii("R."))
        let reader = PickledState(pickle: call)
        #expect(reader.object(call.root)?.name == "posix.system")
        #expect(reader.text(reader.object(call.root)?.arguments.first) == "touch /tmp/x")
    }

    @Test func aListMayHoldItself() throws {
        // EMPTY_LIST, MEMOIZE, BINGET 0, APPEND.
        let list = try pickle([0x5d, 0x94] + ascii("h") + [0] + ascii("a."))
        let reader = PickledState(pickle: list)
        #expect(reader.list(list.root) == [list.root])
        #expect(throws: Pickle.Problem.self) { try reader.python(list.root) }
    }

    @Test func depthCostsNothingAndIsNotWrittenOut() throws {
        let deep = try pickle(ascii("N") + [UInt8](repeating: 0x85, count: 500_000) + ascii("."))
        #expect(throws: Pickle.Problem.self) { try PickledState(pickle: deep).python(deep.root) }
    }

    /// Each tuple holds the one before twice: written out, 2^60 values.
    @Test func whatDoublesIsNotWrittenOut() throws {
        let doubling = [[UInt8]](repeating: [UInt8(ascii: "2"), 0x86], count: 60).flatMap(\.self)
        let wide = try pickle(ascii("N") + doubling + ascii("."))
        #expect(throws: Pickle.Problem.self) { try PickledState(pickle: wide).python(wide.root) }
    }

    @Test func plainValuesAreWrittenAsPythonDoes() throws {
        let numbers = ascii("K") + [7] + ascii("M") + [0, 1] + ascii("J") + [255, 255, 255, 255] + [0x8a, 1, 0x80]
        let value = try pickle(
            ascii("(") + numbers + ascii("N") + [0x88] + ascii("G") + [0x3f, 0xf8, 0, 0, 0, 0, 0, 0] + text("it's\n")
                + ascii("}")
                + text("k") + ascii("]s") + ascii("t."))
        #expect(
            try PickledState(pickle: value).python(value.root)
                == "[7, 256, -1, -128, None, True, 1.5, 'it\\'s\\U0000000a', {'k': []}]")
    }

    @Test(arguments: [
        [], [0x80], [0x80, 1], Array("I1\n.".utf8), [0x80, 4], [0x80, 4, 0x2e], [0x80, 4, 0x8c, 200, 1],
        [0x80, 4, 0x61, 0x2e],
        [0x80, 4, 0x28, 0x2e], [0x80, 4, 0x4e, 0x28, 0x30], [0x80, 4, 0x68, 9, 0x2e], [0x80, 4, 0x74, 0x2e],
        [0x80, 4, 0x8d, 255, 255, 255, 255, 255, 255, 255, 255], [0x80, 4, 0x4e, 0x4e, 0x52, 0x2e],
        [0x80, 4, 0x4e, 0x50, 0x2e], [0x80, 4, 0x7d, 0x28, 0x4e, 0x75, 0x2e], [0x80, 4, 0x5d, 0x5d, 0x62, 0x2e],
        [0x80, 4, 0x4e, 0x4e, 0x93, 0x2e], [0x80, 4, 0x82, 1, 0x2e], [0x80, 4, 0x51, 0x2e], [0x80, 4, 0x63, 0x61],
    ])
    func whatIsNoneIsRefusedInWords(_ bytes: [UInt8]) {
        let problem = #expect(throws: Pickle.Problem.self) { try Pickle(bytes) }
        #expect(problem?.description.isEmpty == false)
    }

    @Test func largeOnesAreRefused() {
        #expect(throws: Pickle.Problem.self) {
            try Pickle([0x80, 4] + [UInt8](repeating: 0x4e, count: Pickle.largest))
        }
    }

    @Test(arguments: ["", "\\x8", "\\xzz", "\\x80044e2e", "none"])
    func aRowThatIsNoneIsAComment(_ state: String) throws {
        let rows = [["id": "a\nb", "job_state": state, "next_run_time": "1"]]
        let file = try APSchedulerImport.file(rows, of: "t", from: "sqlite:x", python: "python3")
        #expect(file.jobCount == 0 && file.remarks.contains { $0.contains("is not carried over") })
    }
}
