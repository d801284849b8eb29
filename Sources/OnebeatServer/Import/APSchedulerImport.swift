import Onebeat

/// APScheduler 3's jobs in a table of SQLAlchemy: each a row with an id, when it is next due, and a pickle. The pickle is read as
/// what it says (``Pickle``) and never carried out: of a hostile one nothing runs.
package enum APSchedulerImport {
    /// The name of the table, where a scheduler is told none.
    package static let table = "apscheduler_jobs"

    /// - Parameters:
    ///   - place: the database, for the heading; no password is in it.
    ///   - python: the interpreter that is to run the jobs.
    package static func file(
        _ rows: ForeignRows?, of table: String, from place: String, python: String
    ) throws(ImportError) -> ImportedFile {
        guard let rows else {
            throw ImportError(
                "there is no table \(table) in \(place); --table names another, as tablename of SQLAlchemyJobStore does"
            )
        }
        if let row = rows.first, row["job_state"] == nil {
            throw ImportError("the table \(table) in \(place) has no job_state; is it a job store of APScheduler 3?")
        }
        return try ImportedFile(
            heading: "From APScheduler's table \(table) in \(place), by onebeat import apscheduler.",
            scheduler: "APScheduler", jobs: rows.map { job($0, python) },
            remarks: [
                "each job is a program of its own here, \(python); give it a dir where its modules are, or name another with --python",
                "misfire_grace_time is the deadline, and 10s where it is less: a node looks once a second for what is due",
            ])
    }

    private static func job(_ row: [String: String], _ python: String) -> ImportedJob {
        var job = ImportedJob(row["id"] ?? "?", what: "")
        do throws(Pickle.Problem) {
            guard let bytes = bytes(row["job_state"] ?? "") else {
                throw .init(description: "its job_state is no bytes")
            }
            let reader = PickledState(pickle: try Pickle(bytes))
            guard let state = reader.members(reader.pickle.root) else {
                throw .init(
                    description:
                        "its job_state holds \(reader.name(of: reader.pickle.root)) where a job's state belongs; nothing of it was run"
                )
            }
            job.what = reader.text(state["func"]) ?? ""
            job.isDisabled = row["next_run_time"] == nil
            try setTrigger(state["trigger"], reader, &job)
            try setCall(state, reader, python, &job)
            setPolicies(state, reader, &job)
        } catch {
            job.problems.append(error.description)
        }
        return job
    }

    /// Hexadecimal digits behind `\x`.
    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8.dropFirst(2))
        guard text.hasPrefix("\\x"), digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func setTrigger(
        _ node: Int?, _ reader: PickledState, _ job: inout ImportedJob
    ) throws(Pickle.Problem) {
        guard let (name, _, state) = reader.object(node) else { throw .init(description: "it has no trigger") }
        let trigger = try PickledTrigger(name, state, in: reader)
        job.keys += trigger.keys
        job.notes += trigger.notes
    }

    /// The function by its reference, called with plain values.
    private static func setCall(
        _ state: [String: Int], _ reader: PickledState, _ python: String, _ job: inout ImportedJob
    ) throws(Pickle.Problem) {
        guard let reference = reader.text(state["func"]),
            let match = reference.wholeMatch(of: #/([A-Za-z_][A-Za-z0-9_.]*):([A-Za-z_][A-Za-z0-9_.]*)/#)
        else {
            throw .init(
                description: "its function is \(quoted(reader.text(state["func"]) ?? "none")); module:function will do")
        }
        var arguments: [String] = []
        for argument in reader.list(state["args"]) ?? [] { arguments.append(try reader.python(argument)) }
        if let keywords = state["kwargs"], let members = reader.members(keywords), !members.isEmpty {
            arguments.append("**\(try reader.python(keywords))")
        }
        let call = "import \(match.1); \(match.1).\(match.2)(\(arguments.joined(separator: ", ")))"
        job.set("exec", .list([python, "-c", call]))
        if let name = reader.text(state["name"]), !reference.hasSuffix(name) { job.describe(name) }
    }

    private static func setPolicies(_ state: [String: Int], _ reader: PickledState, _ job: inout ImportedJob) {
        if reader.bool(state["coalesce"]) == false { job.set("missed", "all") }
        if let count = reader.int(state["max_instances"]), count > 1 { job.set("limit", .json(.int(count))) }
        if let seconds = reader.int(state["misfire_grace_time"]) {
            job.set("deadline", Duration.seconds(min(max(seconds, 10), 1_000_000_000)).text)
        } else {
            job.notes.append("it may start however late it is there, and within the deadline of 1h here")
        }
        if let executor = reader.text(state["executor"]), executor != "default" {
            job.left.append("the executor \(executor)")
        }
    }
}
