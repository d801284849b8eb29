import OnebeatTesting
import Testing

@testable import Onebeat
@testable import OnebeatCelery

/// Results as workers wrote them.
struct TaskStateTests {
    private func state(_ text: String) -> TaskState { TaskState(Array(text.utf8)) }

    @Test func whatCeleryWritesIsUnderstood() {
        #expect(
            state(#"{"status": "SUCCESS", "result": [50, null], "traceback": null, "children": [], "task_id": "x"}"#)
                == .succeeded("[50, null]"))
        #expect(
            state(
                #"{"status": "FAILURE", "result": {"exc_type": "ValueError", "exc_message": ["bad", 2], "exc_module": "builtins"}, "traceback": "Traceback …"}"#
            ) == .failed("ValueError: bad, 2", traceback: "Traceback …"))
        #expect(
            state(#"{"status": "REVOKED", "result": {"exc_type": "TaskRevokedError", "exc_message": ["expired"]}}"#)
                == .revoked("TaskRevokedError: expired"))
        #expect(
            state(#"{"status": "STARTED", "result": {"pid": 29279, "hostname": "f@lab"}}"#)
                == .started(by: "f@lab, process 29279"))
        #expect(
            state(#"{"status": "RETRY", "result": {"exc_type": "RuntimeError", "exc_message": ["try 0"]}}"#)
                == .retrying("RuntimeError: try 0"))
        #expect(state(#"{"status": "PROGRESS", "result": {"done": 3}}"#) == .other(#"PROGRESS {"done": 3}"#))
    }

    /// What Python's json writes and the standard does not know.
    @Test func howATaskEndedIsKnownWhateverItReturned() {
        #expect(
            state(#"{"status": "SUCCESS", "result": {"mean": NaN, "most": -Infinity}, "traceback": null}"#)
                == .succeeded(#"{"mean": NaN, "most": -Infinity}"#))
        let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        #expect(state(#"{"status": "SUCCESS", "result": \#(deep), "task_id": "x"}"#) == .succeeded(deep))
        #expect(
            state(
                #"{"result": {"exc_type": "ValueError", "exc_message": ["\ud800 is bad"]}, "traceback": "T \udfff", "status": "FAILURE"}"#
            ) == .failed(#"ValueError: ["\ud800 is bad"]"#, traceback: #"T \udfff"#))
        #expect(
            state(#"{"status": "SUCCESS", "result": "a } \" , b", "children": [{}]}"#) == .succeeded(#""a } \" , b""#))
    }

    @Test(arguments: [
        #"{"status": "SUCCESS", "result": "#, #"{"status": "SUCCESS""#, #"{"status"}"#, #"{"status":}"#, "{",
        #"{"status": "SUCCESS", "result": [1}"#, #"{,}"#, #"{"a" "b"}"#, #"{"status": "SUCCESS" x: 1}"#,
    ])
    func whatIsBrokenEndsNothing(_ text: String) {
        guard case .unreadable = state(text) else {
            Issue.record("\(text) was taken for \(state(text))")
            return
        }
    }

    @Test func onlyAnEndIsAnEnd() {
        for word in ["STARTED", "RETRY", "PENDING", "RECEIVED", "PROGRESS"] {
            #expect(!state(#"{"status": "\#(word)", "result": null}"#).isTerminal, "\(word)")
        }
        for word in ["SUCCESS", "FAILURE", "REVOKED"] {
            #expect(state(#"{"status": "\#(word)", "result": null}"#).isTerminal, "\(word)")
        }
    }

    @Test(arguments: ["", "null", "[]", "{}", #"{"status": 3}"#, "not json", "\u{1b}[31m"])
    func whatIsNoResultIsSaid(_ text: String) {
        guard case .unreadable(let why) = state(text) else {
            Issue.record("\(text) was taken for \(state(text))")
            return
        }
        #expect(!why.contains("\u{1b}"))
    }

    @Test func aPickleIsNeverRead() {
        guard case .unreadable(let why) = TaskState([0x80, 0x04, 0x95]) else {
            Issue.record("a pickle was read")
            return
        }
        #expect(why.contains("result_serializer"))
    }

    @Test func aResultThatIsCutKeepsItsEnd() {
        let long = String(repeating: "x", count: TaskState.mostBytes)
        func cut(_ status: String) -> TaskState {
            TaskState(Array(#"{"status": "\#(status)", "result": "\#(long)"}"#.utf8.prefix(TaskState.mostBytes)))
        }
        guard case .succeeded(let kept) = cut("SUCCESS"), case .failed = cut("FAILURE"), case .revoked = cut("REVOKED"),
            case .unreadable = cut("STARTED")
        else {
            Issue.record("a long result was taken for something else")
            return
        }
        #expect(kept.hasSuffix("256 KiB of it are kept]"))
    }
}
