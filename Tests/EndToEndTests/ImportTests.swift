import Foundation
import OnebeatTesting
import Testing

/// `onebeat import` with what other schedulers themselves have written. Each file that comes out is valid.
@Suite(.timeLimit(.minutes(2)))
struct ImportTests {
    /// Runs an import, expects its lines in the file, its remarks beside it, and the file to be valid.
    @discardableResult
    private func expectImport(
        _ box: Sandbox, _ arguments: [String], lines: [String], remarks: [String] = [], input: String? = nil
    ) async throws -> String {
        let answer = try await box.run([Sandbox.binary, "import"] + arguments, input: input.map(box.path))
        #expect(answer.code == 0, "\(answer.errors)")
        for line in lines { #expect(answer.output.contains(line), "\(line) is not in \(answer.output)") }
        for remark in remarks { #expect(answer.errors.contains(remark), "\(remark) is not in \(answer.errors)") }
        try box.write(answer.output)
        let check = try await box.onebeat("validate", "onebeat.yaml")
        #expect(check.code == 0, "\(check.output) \(check.errors) \(answer.output)")
        return answer.output
    }

    private func python(_ box: Sandbox, _ program: String) async throws {
        let made = try await box.run([CeleryApp.python, "-c", program], within: .seconds(60))
        #expect(made.code == 0, "\(made.errors)")
    }

    @Test func redbeatsKeysAreReadWithoutTheApplication() async throws {
        try await Sandbox.with { box in
            let redis = try RedisServer()
            let url = "redis://127.0.0.1:\(redis.port)/3"
            try await python(
                box,
                """
                import datetime, redis
                from celery import Celery
                from celery.schedules import crontab, schedule
                from redbeat import RedBeatSchedulerEntry
                from redbeat.schedules import rrule
                app = Celery("shop", broker="\(url)")
                app.conf.update(redbeat_redis_url="\(url)", redbeat_key_prefix="shop:")
                utc = datetime.timezone.utc
                start = datetime.datetime(2026, 1, 5, 9, 0, tzinfo=utc)
                entry = RedBeatSchedulerEntry("poll", "t.a", schedule(30), args=[1], kwargs={"x": "${HOME}"},
                                              options={"queue": "mail", "priority": 3, "expires": 60, "link": "z"}, app=app)
                entry.save()
                entry.__next__().save()
                RedBeatSchedulerEntry("both", "t.a", crontab(0, "22-2/2", day_of_month="13", day_of_week="fri"), app=app).save()
                RedBeatSchedulerEntry("idle", "t.a", schedule(5), app=app, enabled=False).save()
                RedBeatSchedulerEntry("once", "t.a", rrule("DAILY", dtstart=start, count=1), app=app).save()
                RedBeatSchedulerEntry("weekly", "t.a", rrule("WEEKLY", dtstart=start, interval=2), app=app).save()
                RedBeatSchedulerEntry("months", "t.a", rrule("MONTHLY", dtstart=start, bymonthday=-1), app=app).save()
                client = redis.Redis.from_url("\(url)")
                client.hset("shop:broken", "definition", "{")
                client.zadd("shop::schedule", {"shop:broken": 1, "shop:gone": 2})
                """)
            let output = try await expectImport(
                box, ["redbeat", url, "--prefix", "shop:", "--timezone", "Europe/Paris"],
                lines: [
                    "timezone: Europe/Paris", "broker: \(url)", "  poll:\n    every: 30s",
                    "args: [1]", "kwargs: {\"x\": \"$${HOME}\"}", "queue: mail", "priority: 3", "expires: 1m",
                    "# poll has the option link=\"z\", which is not carried over", "# Last sent by Celery at 20",
                    "0 0,2,22 13 * 5", "dialect: celery", "# Disabled in Celery:\n  # idle:",
                    "R1/2026-01-05T09:00:00Z/P1D", "R/2026-01-05T09:00:00Z/P2W", "outcome: dispatch",
                    "# months: task t.a, not carried over:", "# broken: task ?, not carried over:", "# gone: task ?",
                ], remarks: ["the broker is taken to be", "task_routes", "months is not carried over"])
            #expect(output.components(separatedBy: "Last sent by").count == 2, "one entry was sent: \(output)")
            let nowhere = try await box.onebeat("import", "redbeat", url)
            #expect(nowhere.code == 65 && nowhere.errors.contains("redbeat_key_prefix"), "\(nowhere.errors)")
        }
    }

    /// The tables, made and filled by django-celery-beat itself.
    private static func django(_ databases: String) -> String {
        """
        import datetime, os, sys
        import django
        from django.conf import settings
        settings.configure(SECRET_KEY="x", INSTALLED_APPS=["django_celery_beat"], USE_TZ=True, DATABASES={"default": \(databases)},
                           DEFAULT_AUTO_FIELD="django.db.models.AutoField")
        django.setup()
        from django.core.management import call_command
        call_command("migrate", verbosity=0)
        from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
        utc = datetime.timezone.utc
        every = IntervalSchedule.objects.create(every=5, period="minutes")
        cron = CrontabSchedule.objects.create(
            minute="30", hour="2", day_of_month="1-7", day_of_week="mon", timezone="Europe/Berlin")
        once = ClockedSchedule.objects.create(clocked_time=datetime.datetime(2030, 1, 1, tzinfo=utc))
        sun = SolarSchedule.objects.create(event="sunset", latitude="48.85", longitude="2.35")
        PeriodicTask.objects.create(
            name="poll", task="t.a", interval=every, args="[1]", queue="mail", expire_seconds=60, priority=3,
            headers='{"h": "v"}', routing_key="mail.fast", description="Asks the shop",
            last_run_at=datetime.datetime(2026, 1, 2, tzinfo=utc), start_time=datetime.datetime(2026, 1, 1, tzinfo=utc))
        PeriodicTask.objects.create(
            name="first monday", task="t.a", crontab=cron, expires=datetime.datetime(2031, 1, 1, 12, 30, tzinfo=utc))
        PeriodicTask.objects.create(name="new year", task="t.a", clocked=once, one_off=True)
        PeriodicTask.objects.create(name="evening", task="t.a", solar=sun)
        PeriodicTask.objects.create(name="idle", task="t.a", interval=every, enabled=False)
        PeriodicTask.objects.create(name="single", task="t.a", interval=every, one_off=True)
        """
    }

    private static let djangoLines = [
        "  # Last sent by Celery at 2026-01-02T00:00:00Z.\n  poll:\n    every: 5m", "args: [1]", "queue: mail",
        "expires: 1m", "start: 2026-01-01T00:00:00Z", "end: 2031-01-01T12:30:00Z", "priority: 3",
        "headers: {\"h\": \"v\"}", "description: Asks the shop",
        "# poll has the option routing_key=\"mail.fast\", which is not carried over",
        "dialect: celery\n    timezone: Europe/Berlin", "at: 2030-01-01T00:00:00Z",
        "solar: {\"event\": \"sunset\", \"latitude\": 48.85, \"longitude\": 2.35}",
        "# Disabled in Celery:\n  # idle:", "# single: task t.a, not carried over:", "broker: redis://cache/0",
    ]

    @Test func djangosRowsAreReadFromSQLite() async throws {
        try await Sandbox.with { box in
            try await python(
                box, Self.django("{\"ENGINE\": \"django.db.backends.sqlite3\", \"NAME\": \"\(box.path("django.db"))\"}")
            )
            let output = try await expectImport(
                box, ["django", "sqlite:django.db", "--broker", "redis://cache/0", "--results", "redis://cache/1"],
                lines: Self.djangoLines + ["results: redis://cache/1"], remarks: ["single is not carried over"])
            #expect(!output.contains("outcome: dispatch"))
            let missing = try await box.onebeat("import", "django", "sqlite:nowhere.db")
            #expect(missing.code == 66 && missing.errors.contains("nowhere.db"), "\(missing.errors)")
            try box.write("no database")
            let wrong = try await box.onebeat("import", "django", "sqlite:onebeat.yaml")
            #expect(wrong.code == 69 && wrong.errors.contains("cannot be opened as an SQLite file"), "\(wrong.errors)")
        }
    }

    @Test func djangosRowsAreReadFromPostgres() async throws {
        let server = try await PostgresServer.shared
        let name = try server.makeDatabase()
        try await Sandbox.with { box in
            try await python(
                box,
                Self.django(
                    "{\"ENGINE\": \"django.db.backends.postgresql\", \"NAME\": \"\(name)\", \"USER\": \"onebeat\", \"HOST\": \"\(server.folder)\"}"
                ))
            try await expectImport(
                box, ["django", server.url(name), "--broker", "redis://cache/0"], lines: Self.djangoLines,
                remarks: ["--results"])
        }
    }

    /// A job store, made and filled by APScheduler itself, and a pickle in it that would run a program.
    private static func scheduler(_ url: String) -> String {
        """
        import datetime, os, pickle, sys
        sys.path.insert(0, ".")
        open("shop.py", "w").write("def work(*args, **kwargs): ...")
        from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
        from apscheduler.schedulers.background import BackgroundScheduler
        from apscheduler.triggers.combining import AndTrigger, OrTrigger
        from apscheduler.triggers.cron import CronTrigger
        from sqlalchemy import create_engine, text
        url = "\(url)"
        s = BackgroundScheduler(jobstores={"default": SQLAlchemyJobStore(url=url)}, timezone="Europe/Berlin")
        s.start(paused=True)
        add = s.add_job
        add("shop:work", "cron", id="nightly", minute=0, hour="3", day_of_week="mon-fri", args=[1, "it's", {"k": [None, True, 2.5]}],
            kwargs={"x": "ü"}, misfire_grace_time=60, coalesce=False, max_instances=2, name="Nightly job")
        add("shop:work", "cron", id="fancy", day="last,2nd fri,1-7/2", hour="*/2", second="0,30", year="2026-2030", jitter=30)
        add("shop:work", "cron", id="both", day=13, day_of_week=4)
        add("shop:work", "cron", id="weeks", week="1-10")
        add("shop:work", "interval", id="poll", seconds=90, start_date="2026-01-01 00:00:00", end_date="2030-06-01 00:00:00")
        add("shop:work", "date", id="once", run_date=datetime.datetime(2030, 1, 1, 12, 0, tzinfo=datetime.timezone.utc))
        add("shop:work", OrTrigger([CronTrigger(hour=2, timezone="UTC"), CronTrigger(hour=5, timezone="UTC")]), id="either")
        add("shop:work", AndTrigger([CronTrigger(hour=2), CronTrigger(day=5)]), id="and")
        add("shop:work", "interval", id="paused", minutes=5, next_run_time=None)
        add("shop:work", "interval", id="object", minutes=5, args=[datetime.date(2026, 1, 1)])
        s.shutdown()
        class Hostile:
            def __reduce__(self):
                return (os.system, ("touch ran",))
        with create_engine(url).begin() as c:
            insert = text("INSERT INTO apscheduler_jobs (id, next_run_time, job_state) VALUES (:i, 1, :s)")
            for protocol in (0, 2, 5):
                c.execute(insert, {"i": f"hostile{protocol}", "s": pickle.dumps(Hostile(), protocol)})
            c.execute(insert, {"i": "within", "s": pickle.dumps({"func": "shop:work", "trigger": Hostile()})})
            c.execute(insert, {"i": "cut", "s": pickle.dumps({"func": "shop:work"})[:20]})
        """
    }

    private static let schedulerLines = [
        "  nightly:\n    cron: \"0 3 * * 1-5\"\n    timezone: Europe/Berlin", "description: Nightly job",
        "import shop; shop.work(1, 'it\\\\'s', {'k': [None, True, 2.5]}, **{'x': 'ü'})",
        "missed: all", "limit: 2", "deadline: 1m",
        "- \"0,30 * */2 L,1-7/2 * *\"", "- \"0,30 * */2 * * 5#2\"", "start: 2025-12-31T23:00:00Z",
        "end: 2030-12-31T22:59:59Z", "spread: 30s", "0 0 13 * 5", "dialect: celery",
        "# weeks: shop:work, not carried over:",
        "every: 1m30s\n    start: 2025-12-31T23:00:00Z\n    end: 2030-05-31T22:00:00Z",
        "at: 2030-01-01T12:00:00Z", "- \"0 2 * * *\"\n      - \"0 5 * * *\"", "# and: shop:work, not carried over:",
        "# Disabled in APScheduler:\n  # paused:", "# object: shop:work, not carried over:", "datetime.date",
        "# hostile0: not carried over:", "# hostile2: not carried over:", "# hostile5: not carried over:",
        "posix.system", "# within: shop:work, not carried over:", "# cut: not carried over:",
    ]

    @Test func schedulersOfAPSchedulerAreReadAndNotCarriedOut() async throws {
        try await Sandbox.with { box in
            try await python(box, Self.scheduler("sqlite:///jobs.db"))
            try await expectImport(box, ["apscheduler", "sqlite:jobs.db"], lines: Self.schedulerLines)
            #expect(!FileManager.default.fileExists(atPath: box.path("ran")), "a pickle was carried out")
            let wrong = try await box.onebeat("import", "apscheduler", "jobs.db", "--table", "others")
            #expect(wrong.code == 65 && wrong.errors.contains("no table others"), "\(wrong.errors)")
            // What was written runs: the job's own line, by its own Python.
            let line = box.lines("onebeat.yaml").first { $0.contains("it\\\\'s") } ?? ""
            #expect(!line.isEmpty)
        }
    }

    @Test func schedulersOfAPSchedulerAreReadFromPostgres() async throws {
        let server = try await PostgresServer.shared
        let name = try server.makeDatabase()
        try await Sandbox.with { box in
            try await python(box, Self.scheduler("postgresql+psycopg2://onebeat@/\(name)?host=\(server.folder)"))
            try await expectImport(box, ["apscheduler", server.url(name)], lines: Self.schedulerLines)
        }
    }

    @Test func filesOfOthersAreReadFromStandardInput() async throws {
        try await Sandbox.with { box in
            try box.write(
                """
                [{"name": "export", "command": "echo a >> b", "schedule": "R/2014-03-08T20:00:00.000Z/PT2H", "epsilon": "PT15M"},
                 {"name": "load", "command": "true", "parents": ["export"], "retries": 3}]
                """, to: "chronos.json")
            try await expectImport(
                box, ["chronos", "-"], lines: ["deadline: 15m", "after: [\"export\"]"], input: "chronos.json")
            try box.write(
                "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: hello}\nspec:\n  schedule: \"*/5 * * * *\"\n",
                to: "job.yaml")
            try await expectImport(
                box, ["cronjob", "-"], lines: ["hello:", "overlap: allow"], remarks: ["fails until you write it"],
                input: "job.yaml")
            try box.write("nightly = 0 0 3 ? * MON-FRI 2026-2040\n", to: "quartz.properties")
            try await expectImport(
                box, ["quartz", "-", "--timezone", "UTC"], lines: ["nightly:", "dialect: quartz"],
                input: "quartz.properties")
            let next = try await box.onebeat(
                "next", "0 0 3 ? * MON-FRI 2026-2030", "--dialect", "quartz", "--after", "2029-12-28T12:00")
            #expect(
                next.output.contains("at 03:00 on Monday to Friday in 2026 to 2030")
                    && next.output.contains("2029-12-31"), "\(next.output) \(next.errors)")
        }
    }

    /// By Airflow itself, and by what stands in for it where a Python has none.
    @Test(arguments: [true, false]) func filesOfAirflowAreReadWithItAndWithout(hasAirflow: Bool) async throws {
        try await Sandbox.with { box in
            try FileManager.default.createDirectory(atPath: box.path("dags"), withIntermediateDirectories: true)
            try box.write(
                """
                from datetime import datetime, timedelta
                import pendulum
                from airflow import DAG
                from airflow.models.baseoperator import chain
                from airflow.operators.bash import BashOperator
                from airflow.operators.python import PythonOperator
                from airflow.sdk import dag, task, task_group
                from airflow.utils.edgemodifier import Label
                from airflow.utils.task_group import TaskGroup
                print("a file that talks")

                def crunch(): ...

                with DAG("etl", schedule="30 2 * * 1-5", start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"), catchup=True,
                         max_active_runs=1, default_args={"retries": 2, "retry_delay": timedelta(minutes=3)}) as etl:
                    extract = BashOperator(task_id="extract", bash_command="echo hello")
                    with TaskGroup("work") as work:
                        a = PythonOperator(task_id="a", python_callable=crunch)
                        b = BashOperator(task_id="b", bash_command="echo {{ ds }}")
                        a >> b
                    done = BashOperator(task_id="done", bash_command="true", trigger_rule="all_done")
                    extract >> Label("all") >> work >> done
                    chain(extract, [BashOperator(task_id="x", bash_command="true")], done)

                @dag(schedule=timedelta(hours=6), start_date=datetime(2026, 1, 1))
                def flow():
                    @task
                    def one(): ...
                    @task(retries=1)
                    def two(x): ...
                    @task_group
                    def both(v):
                        two(two.override(task_id="again")(v))
                    both(one())
                    two.expand(x=[1, 2])

                flow()
                """, to: "dags/etl.py")
            try box.write("from airflow import DAG\nraise RuntimeError('no such table')\n", to: "dags/broken.py")
            try box.write("raise SystemExit('no file of DAGs')\n", to: "dags/other.py")
            let output = try await expectImport(
                box, ["airflow", "dags", "--python", CeleryApp.python(of: hasAirflow ? "airflow" : "celery")],
                lines: [
                    "  etl/extract:\n    cron: \"30 2 * * 1-5\"\n    timezone: Europe/Berlin\n    start: 2025-12-31T23:00:00Z",
                    "missed: all", "after: [\"etl/extract\"]", "after: [\"etl/work.a\"]",
                    "after: [\"etl/work.b\", \"etl/x\"]",
                    "# In Airflow: PythonOperator, crunch", "trigger_rule: all_done",
                    "\"backoff\": \"3m\"", "  flow:\n    every: 6h", "  flow/one:\n    after: [\"flow\"]",
                    "  flow/both.again:\n    after: [\"flow/one\"]",
                    "  flow/both.two:\n    after: [\"flow/both.again\"]",
                    "# flow/two: _PythonDecoratedOperator in dags/etl.py, not carried over:",
                ],
                remarks: ["dags/broken.py could not be imported", "a file that talks"]
                    + (hasAirflow ? [] : ["has no Airflow"]))
            #expect(!output.contains("talks"))
        }
    }
}
