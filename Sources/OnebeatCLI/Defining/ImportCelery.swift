import ArgumentParser
import Onebeat
import OnebeatPostgres
import OnebeatRedis
import OnebeatSQLite
import OnebeatServer

struct ImportCelery: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "celery",
        abstract: "Make a configuration file from a Celery application's beat_schedule.",
        discussion: """
            The application is imported by its own Python, as `celery -A` would, in the current folder; what it registers by \
            add_periodic_task is there too. The YAML goes to standard output, and what could not be carried over is in it as \
            comments and on standard error. Nothing is stored, and beat is left as it is: stop it before `onebeat up`, or both \
            will send.
            """)
    @Argument(help: "The application, as in shop.celery:app.")
    var app: String
    @Option(help: "The Python that has the application's packages, such as .venv/bin/python.")
    var python = "python3"
    @OptionGroup var output: ImportOutput

    func validate() throws {
        if app.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_.]*(:[A-Za-z_][A-Za-z0-9_.]*)?/) == nil {
            throw ValidationError("the application is \"\(app)\"; write MODULE:APP, as in shop.celery:app.")
        }
    }

    func run() async throws {
        try await output.write(app) {
            let export = try PythonProgram.output(
                of: CeleryExporter.program, [app], python: python,
                advice:
                    "\(app) could not be read by \(python) (its own words are above); run this where `celery -A \(app)`"
                    + " works, and name that Python with --python")
            return try CeleryImport.file(export, name: app)
        }
    }
}

/// What is not where beat keeps its entries.
struct CeleryGuessOptions: ParsableArguments {
    @Option(help: "The application's broker_url.")
    var broker: String?
    @Option(help: "The application's result_backend; without it jobs end as soon as they are sent.")
    var results: String?
    @Option(help: "The application's timezone.")
    var timezone = "UTC"

    func validate() throws {
        if (try? Schedule(ScheduleDefinition(.manual, timezone: timezone), jobName: "")) == nil {
            throw ValidationError("--timezone is \"\(timezone)\", which is no zone; write it like Europe/Berlin.")
        }
    }

    func guess(broker standard: String) -> CeleryGuess {
        CeleryGuess(broker: broker ?? standard, results: results, timezone: timezone)
    }
}

struct ImportRedBeat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redbeat",
        abstract: "Make a configuration file from RedBeat's keys in Redis.",
        discussion: """
            Reads what RedBeat keeps, without the application: entries, whether they are enabled, when they ran last. Nothing is \
            written to Redis, and RedBeat is left as it is: stop it before `onebeat up`, or both will send.
            """)
    @Argument(help: "Where RedBeat keeps its keys (redbeat_redis_url): redis://HOST/DATABASE.")
    var redis: String
    @Option(help: "The application's redbeat_key_prefix.")
    var prefix = "redbeat:"
    @OptionGroup var celery: CeleryGuessOptions
    @OptionGroup var output: ImportOutput

    func run() async throws {
        let address: RedisAddress
        do {
            address = try RedisAddress(redis)
        } catch {
            throw CommandFailure("the address of Redis \(error)", .badSetting)
        }
        let client = RedisClient(address, name: "onebeat:import", patience: .seconds(10))
        if celery.broker == nil {
            Output.note("onebeat: the broker is taken to be where RedBeat's keys are; --broker names another")
        }
        try await output.write("\(address)") {
            do {
                return try await RedBeatImport.file(from: client, prefix: prefix, guess: celery.guess(broker: redis))
            } catch let error as RedisError {
                throw CommandFailure(error.description, .unavailable)
            }
        }
        await client.close()
    }
}

struct ImportDjango: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "django",
        abstract: "Make a configuration file from the tables of django-celery-beat.",
        discussion: """
            Reads the tables without the application: crontabs, intervals, the sun, moments; whether an entry is enabled, when it \
            ran last, when it starts and expires. Nothing is written, and beat is left as it is: stop it before `onebeat up`, \
            or both will send.
            """)
    @Argument(help: "Django's database: sqlite:PATH or postgres://USER@HOST/DATABASE.")
    var database: String
    @OptionGroup var celery: CeleryGuessOptions
    @OptionGroup var output: ImportOutput

    func run() async throws {
        let tables = try ForeignTables(database)
        if celery.broker == nil {
            Output.note(
                "onebeat: the broker is not in the tables and is taken to be redis://localhost:6379/0; --broker names it"
            )
        }
        try await output.write(tables.name) {
            try await DjangoImport.file(
                from: tables.name, guess: celery.guess(broker: "redis://localhost:6379/0")
            ) { table in try tables.rows(of: table) }
        }
    }
}

/// A database of another scheduler.
enum ForeignTables {
    case sqlite(SQLiteTables, path: String)
    case postgres(PostgresTables)

    /// - Parameter text: `sqlite:PATH` or `postgres://…`, as for a store; a path alone is SQLite.
    init(_ text: String) throws {
        let location: StoreLocation
        do {
            location = try StoreLocation.read(text.contains(":") ? text : "sqlite:\(text)")
        } catch {
            throw CommandFailure("the database \(error.message)", .badSetting)
        }
        switch location {
        case .sqlite(let path):
            do throws(StoreError) {
                self = .sqlite(try SQLiteTables(path: path), path: path)
            } catch .notFound(let words) {
                throw CommandFailure(words, .noInput)
            }
        case .postgres(let url): self = .postgres(try PostgresTables(url.text))
        }
    }

    /// The database, without a password.
    var name: String {
        switch self {
        case .sqlite(_, let path): "sqlite:\(path)"
        case .postgres(let tables): "postgres://\(tables.name)"
        }
    }

    /// The rows of a table; `nil` where there is none of that name.
    func rows(of table: String) throws -> ForeignRows? {
        let most = ImportedFile.mostRows
        return switch self {
        case .sqlite(let tables, _): try tables.rows(of: table, most: most)
        case .postgres(let tables): try tables.rows(of: table, most: most)
        }
    }
}
