import Foundation
import Onebeat

/// Airflow's DAGs: each task is a job, and follows what it follows there. The first of a DAG has its schedule; where there are
/// several, a job that does nothing stands before them, since all that follow one another have one schedule.
package enum AirflowImport {
    /// - Parameters:
    ///   - export: what ``AirflowExporter/program`` printed.
    ///   - name: the folder, for the heading.
    package static func file(_ export: String, name: String) throws(ImportError) -> ImportedFile {
        let found: Export
        do {
            found = try JSONDecoder().decode(Export.self, from: Data(export.utf8))
        } catch {
            throw ImportError("what the exporter printed is no list of DAGs: \(error)")
        }
        var remarks = found.errors.map { "\($0.file) could not be imported, and its DAGs are not here: \($0.error)" }
        guard !found.dags.isEmpty else {
            throw ImportError((["there is no DAG in \(name)"] + remarks).joined(separator: "; "))
        }
        if found.is_stub {
            remarks.append(
                "this Python has no Airflow, so a stand-in read the files: what they work out from Airflow itself is not known; --python names another"
            )
        }
        remarks.append(
            "whether a DAG is paused is in Airflow's database, and not read; variables, connections, pools and XComs are not carried over"
        )
        if found.dags.contains(where: \.catchup) {
            remarks.append(
                "catchup makes up for every instant since start_date there; here for those since the job was stored, and onebeat backfill for others"
            )
        }
        var head = YAMLWriter()
        head.comment("As Airflow has it: what is due while an earlier run of the same job goes on, waits.")
        head.pair("defaults", JSONValue.object(["overlap": "queue_all"]))
        return try ImportedFile(
            heading: "From the DAGs in \(name), by onebeat import airflow.", scheduler: "Airflow", head: head,
            jobs: found.dags.flatMap(jobs), remarks: remarks)
    }

    private static func jobs(of dag: Export.DAG) -> [ImportedJob] {
        let roots = dag.tasks.filter(\.upstream.isEmpty)
        var jobs: [ImportedJob] = []
        if roots.count != 1 {
            var root = ImportedJob(dag.id, what: "the DAG in \(dag.file)")
            setSchedule(of: dag, &root)
            if dag.tasks.isEmpty { root.problems.append("it has no task") }
            root.comments.append("It stands before the \(roots.count) jobs that the DAG begins with.")
            root.set("run", "true")
            setShared(of: dag, &root)
            jobs.append(root)
        }
        for task in dag.tasks {
            var job = ImportedJob("\(dag.id)/\(task.id)", what: "\(task.operator) in \(dag.file)")
            job.after = task.upstream.map { "\(dag.id)/\($0)" }
            if task.upstream.isEmpty {
                if roots.count == 1 { setSchedule(of: dag, &job) } else { job.after = [dag.id] }
            }
            set(task, &job)
            setShared(of: dag, &job)
            jobs.append(job)
        }
        return jobs
    }

    // MARK: When

    private static func setSchedule(of dag: Export.DAG, _ job: inout ImportedJob) {
        let schedule = dag.schedule
        switch schedule.type {
        case "none": job.comments.append("It has no schedule, and starts when it is triggered.")
        case "cron":
            let texts = (schedule.crons ?? []).map(debian)
            job.set("cron", texts.count == 1 ? .text(texts[0]) : .list(texts))
            let zone = schedule.timezone ?? dag.timezone
            if zone != "UTC" { job.set("timezone", zone) }
        case "delta":
            guard let text = CelerySchedule.length(schedule.seconds ?? 0) else {
                job.problems.append("its interval is \(schedule.seconds ?? 0) s; from 1 ms to 1000 years will do")
                return
            }
            job.set("every", text)
        case "events":
            let moments = (schedule.moments ?? []).compactMap(\.self)
            if moments.isEmpty { job.problems.append("its events are no moments") }
            job.set("at", .list(moments))
        case "once": job.problems.append("it is to run once (@once); run it by hand, or write at: and a moment")
        case "continuous": job.problems.append("it starts anew whenever it has ended (@continuous); write delay:")
        default:
            job.problems.append(
                "its schedule is \(schedule.python ?? schedule.type); write on: for what it waits for, or cron:")
        }
        if schedule.type != "none", schedule.type != "events" {
            if let start = dag.start { job.set("start", start) }
            if let end = dag.end { job.set("end", end) }
        }
        if dag.catchup {
            job.set("missed", "all")
            job.set("deadline", "365d")
        }
        if let seconds = dag.timeout { job.left.append("dagrun_timeout of \(seconds) s") }
    }

    /// croniter has seconds last, and takes a step in a field of days for the days that it names.
    private static func debian(_ text: String) -> String {
        var fields = text.split(whereSeparator: \.isWhitespace).map(String.init)
        if fields.count == 6, let seconds = fields.popLast() { fields.insert(seconds, at: 0) }
        return DayFields.listed(fields.joined(separator: " "))
    }

    // MARK: What

    private static func set(_ task: Export.Task, _ job: inout ImportedJob) {
        job.left += task.left
        if task.is_mapped { job.problems.append("it is mapped (expand): how often it runs is known at the run only") }
        setRule(task.rule, &job)
        if task.retries > 0 {
            var retry: [String: JSONValue] = ["limit": .int(Int64(task.retries))]
            // Airflow waits as long each time, unless told.
            if let delay = CelerySchedule.length(task.retry_delay ?? 300) {
                retry["backoff"] = .string(delay)
                let longest =
                    task.grows ? max(task.max_retry_delay ?? 86_400, task.retry_delay ?? 300) : task.retry_delay ?? 300
                retry["max"] = .string(CelerySchedule.length(longest) ?? delay)
                retry["jitter"] = .int(0)
            }
            job.set("retry", .json(.object(retry)))
        }
        if let timeout = task.timeout.flatMap(CelerySchedule.length) { job.set("timeout", timeout) }
        if task.owner != "airflow" { job.set("owner", task.owner) }
        setWork(task, &job)
    }

    private static func setRule(_ rule: String, _ job: inout ImportedJob) {
        switch rule {
        case "all_success": break
        case "all_failed", "all_done", "one_success", "one_failed", "none_failed": job.set("trigger_rule", rule)
        case "none_failed_min_one_success", "none_failed_or_skipped":
            job.set("trigger_rule", "none_failed")
            job.notes.append("its trigger_rule is \(rule), and the nearest here is none_failed")
        case "always", "dummy":
            job.set("trigger_rule", "all_done")
            job.notes.append("its trigger_rule is \(rule), and the nearest here is all_done")
        default: job.problems.append("its trigger_rule is \(quoted(rule)); write one of those in docs/flows.md")
        }
    }

    private static func setWork(_ task: Export.Task, _ job: inout ImportedJob) {
        if ["EmptyOperator", "DummyOperator"].contains(task.operator) { return job.set("run", "true") }
        let texts = [task.bash, task.cwd].compactMap(\.self) + (task.env ?? [:]).values
        let isTemplate =
            texts.contains { $0.contains("{{") || $0.contains("{%") } || task.bash?.hasSuffix(".sh") == true
        guard let command = task.bash, !isTemplate else {
            let name = task.function.map { ", \($0)" } ?? ""
            job.comments.append("In Airflow: \(task.operator)\(name)")
            if let command = task.bash { job.comments.append("Its command is a template: \(command.brief)") }
            return job.setNothingToRun()
        }
        job.set("exec", .list(["bash", "-c", command]))
        if let folder = task.cwd { job.set("dir", folder) }
        let variables = (task.env ?? [:]).sorted { $0.key < $1.key }
        if !variables.isEmpty { job.set("env", .map(variables.map { ImportedKey($0.key, .text($0.value.literal)) })) }
    }

    private static func setShared(of dag: Export.DAG, _ job: inout ImportedJob) {
        if dag.limit > 1 { job.set("limit", .json(.int(Int64(dag.limit)))) }
        if !dag.tags.isEmpty { job.set("tags", .json(.array(dag.tags.map { .string($0) }))) }
        job.describe(dag.description)
        job.isDisabled = dag.is_paused
    }

    /// What the exporter prints.
    private struct Export: Decodable {
        struct DAG: Decodable {
            var id: String
            var file: String
            var schedule: When
            var timezone: String
            var start: String?
            var end: String?
            var catchup: Bool
            var limit: Int
            var is_paused: Bool
            var timeout: Double?
            var description: String?
            var tags: [String]
            var tasks: [Task]
        }

        struct When: Decodable {
            var type: String
            var crons: [String]?
            var timezone: String?
            var seconds: Double?
            var moments: [String?]?
            var python: String?
        }

        struct Task: Decodable {
            var id: String
            var `operator`: String
            var is_mapped: Bool
            var upstream: [String]
            var rule: String
            var retries: Int
            var retry_delay: Double?
            var grows: Bool
            var max_retry_delay: Double?
            var timeout: Double?
            var owner: String
            var bash: String?
            var env: [String: String]?
            var cwd: String?
            var function: String?
            var left: [String]
        }

        struct Failure: Decodable {
            var file: String
            var error: String
        }

        var is_stub: Bool
        var dags: [DAG]
        var errors: [Failure]
    }
}
