import CLibpq
import Onebeat

/// What went wrong below a move: an answer of the server, or a connection that is lost.
struct PostgresFailure: Error {
    /// The five characters of the SQL standard and of PostgreSQL's manual, appendix A; empty where the failure is ours.
    var state = ""
    var message: String
    /// Whether the connection is of no use any more, so that the end of what was sent is unknown.
    var isLost = false

    /// Whether the server ended the connection instead of carrying out anything of what was sent last.
    var cameFirst = false
    /// Whether no further try will fare better until a person has done something.
    var isRefusal = false
    /// Whether a commit that went before it may hold, or not.
    var leavesDoubt = false

    static func lost(_ message: String) -> PostgresFailure { PostgresFailure(message: message, isLost: true) }

    static func refusal(_ message: String) -> PostgresFailure {
        var failure = lost(message)
        failure.isRefusal = true
        return failure
    }

    /// A commit that is on this server alone. Should a standby take its place, it is gone.
    static let unconfirmed = {
        var failure = PostgresFailure(message: "a commit was not confirmed by the synchronous standby")
        failure.leavesDoubt = true
        return failure
    }()

    init(state: String = "", message: String, isLost: Bool = false) {
        self.state = state
        self.message = message
        self.isLost = isLost
    }

    init(_ result: OpaquePointer) {
        // 'C' and 'M': PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY.
        state = pq_resultErrorField(result, 67).map { String(cString: $0) } ?? ""
        message = PostgresFailure.line(
            pq_resultErrorField(result, 77) ?? pq_resultErrorMessage(result), or: "the server failed without a word")
        // 08: connection exceptions; 57P01 to 57P03: the server ends connections or is not up; 25P03 and 57P05: it ended
        // this one for having idled.
        let ends = ["25P03", "57P01", "57P02", "57P03", "57P05"]
        isLost = state.isEmpty || state.hasPrefix("08") || ends.contains(state)
    }

    /// Whether these are the server's own words when it ends a connection, said between statements and never within a
    /// commit, so that answers to statements before them have come.
    var isFarewell: Bool { ["25P03", "57P01", "57P05"].contains(state) }

    /// Whether the whole transaction may be tried again: it lost against another one and left nothing behind.
    var isConflict: Bool { state == "40001" || state == "40P01" }

    /// Whether somebody else had a row for too long.
    var isLockTimeout: Bool { state == "55P03" }

    /// Whether the server takes no writes: a standby, or a primary that became one.
    var isReadOnly: Bool { state == "25006" }

    /// Whether the pooler leads to another server than before, or to the same after a restart. Of all our statements only the
    /// one that looks for it divides.
    var isOtherServer: Bool { state == "22012" }

    /// Whether another connection may fare better.
    var spoilsConnection: Bool {
        // 26000 and 42P05: prepared statements are not as this connection left them; a pooler that hid itself.
        isLost || isReadOnly || isOtherServer || state == "26000" || state == "42P05"
    }

    /// libpq's words without its line breaks.
    static func line(_ text: UnsafePointer<CChar>?, or otherwise: String) -> String {
        let words = text.map { String(cString: $0) } ?? ""
        let line = words.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(
            separator: "; ")
        return line.isEmpty ? otherwise : line
    }
}

extension StoreError {
    static let readOnlyAdvice =
        "it is a standby or was made read-only, and a store needs the primary: name all hosts of the cluster"

    /// What a failure means to the engine.
    /// - Parameters:
    ///   - server: the server's name, without a password.
    ///   - wasCommitting: whether the end of the transaction had been sent.
    init(_ failure: PostgresFailure, of server: String, wasCommitting: Bool) {
        let words = "PostgreSQL at \(server): \(failure.message)"
        if wasCommitting, failure.isLost || failure.leavesDoubt || failure.state == "40003" {
            self = .unknownOutcome(words)
            return
        }
        if failure.isRefusal {
            self = .refused(words)
            return
        }
        switch failure.state {
        case "25006": self = .unavailable("\(words); \(Self.readOnlyAdvice)")
        case "53100": self = .unavailable("\(words); free some space on the server, it goes on by itself")
        case "55P03", "57014": self = .unavailable("\(words); something else holds the store's rows for too long")
        case "42P01", "42703", "3F000":
            self = .refused("\(words); the tables of Onebeat are not there or were changed by hand")
        case "42501": self = .refused("\(words); grant the store's role what it needs, or make it the tables' owner")
        default: self = .unavailable(words)
        }
    }
}
