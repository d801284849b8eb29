import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

struct ImportChronos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chronos",
        abstract: "Make a configuration file from Chronos' jobs.",
        discussion: """
            Reads what `curl CHRONOS/v1/scheduler/jobs` prints: a list of jobs, or one. Schedules, parents, retries, epsilon, \
            owners and variables come along. Nothing is stored, and Chronos is left as it is: disable its jobs before `onebeat up`.
            """)
    @Argument(help: "The JSON; - for standard input.")
    var file: String
    @OptionGroup var output: ImportOutput

    func run() async throws {
        let text = try ImportInput.text(file)
        try await output.write(file) { try ChronosImport.file(text, name: file) }
    }
}

struct ImportCronJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cronjob",
        abstract: "Make a configuration file from Kubernetes CronJobs.",
        discussion: """
            Reads YAML, also of several documents and of lists, such as `kubectl get cronjobs -o yaml` prints. When a job is due, \
            and what becomes of runs that overlap, are late or fail, comes along; what its containers run is a comment, since a \
            node has no containers. Nothing is stored, and the cluster is left as it is: suspend its CronJobs before `onebeat up`.
            """)
    @Argument(help: "The YAML; - for standard input.")
    var file: String
    @OptionGroup var output: ImportOutput

    func run() async throws {
        let text = try ImportInput.text(file)
        try await output.write(file) { try CronJobImport.file(text, name: file) }
    }
}

struct ImportQuartz: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quartz",
        abstract: "Make a configuration file from Quartz' cron expressions.",
        discussion: """
            Reads lines, each an expression or NAME = EXPRESSION, or the XML of Quartz' job scheduling data. Its tables, and what a \
            program schedules by itself, are not read; what a job runs is known to that program alone, and is left for you to write.
            """)
    @Argument(help: "The lines or the XML; - for standard input.")
    var file: String
    @Option(help: "The zone of triggers that name none; otherwise this machine's.")
    var timezone: String?
    @OptionGroup var output: ImportOutput

    func run() async throws {
        let text = try ImportInput.text(file)
        let zone = timezone ?? MachineZone.name() ?? "UTC"
        try await output.write(file) { try QuartzImport.file(text, name: file, timezone: zone) }
    }
}

struct ImportAPScheduler: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apscheduler",
        abstract: "Make a configuration file from a job store of APScheduler 3.",
        discussion: """
            Reads the table of SQLAlchemyJobStore: schedules, ids, references to functions and plain arguments. The pickles in it \
            are read and never carried out, so that nothing in them runs. Nothing is written, and the scheduler is left as it is: \
            stop it before `onebeat up`, or both will run.
            """)
    @Argument(help: "The database: sqlite:PATH or postgres://USER@HOST/DATABASE.")
    var database: String
    @Option(help: "The table.")
    var table = APSchedulerImport.table
    @Option(help: "The Python that is to run the jobs, such as /srv/app/.venv/bin/python.")
    var python = "python3"
    @OptionGroup var output: ImportOutput

    func run() async throws {
        let tables = try ForeignTables(database)
        try await output.write(tables.name) {
            try APSchedulerImport.file(try tables.rows(of: table), of: table, from: tables.name, python: python)
        }
    }
}

struct ImportAirflow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "airflow",
        abstract: "Make a configuration file from Airflow's DAGs.",
        discussion: """
            The files are imported by a Python of yours, as Airflow would: they run. With Airflow in that Python they are read as they \
            are; without, a stand-in takes its place. Each task becomes a job that follows what it follows there. What \
            BashOperator runs comes along; what else a task does is known to Airflow alone, and is left for you to write. Nothing is \
            stored, and Airflow is left as it is: pause its DAGs before `onebeat up`.
            """)
    @Argument(help: "A file of DAGs, or a folder of them.")
    var path: String
    @Option(help: "The Python to import them with, such as that of Airflow.")
    var python = "python3"
    @OptionGroup var output: ImportOutput

    func run() async throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure("there is no \(path); name a file of DAGs, or a folder of them", .noInput)
        }
        try await output.write(path) {
            let export = try PythonProgram.output(
                of: AirflowExporter.program, [path], python: python,
                advice:
                    "\(path) could not be read by \(python) (its own words are above); name Airflow's Python with --python"
            )
            return try AirflowImport.file(export, name: path)
        }
    }
}
