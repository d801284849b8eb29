import Foundation
import OnebeatTesting
import Testing

/// `onebeat import celery` with a real application and its own Python.
@Suite(.timeLimit(.minutes(2)))
struct CeleryImportTests {
    @Test func anApplicationsScheduleBecomesAFileThatIsValid() async throws {
        try await Sandbox.with { box in
            try box.write(
                """
                from datetime import datetime, timedelta
                from celery import Celery
                from celery.beat import BeatLazyFunc
                from celery.schedules import crontab, solar

                print("an application that talks")
                app = Celery("shop", broker="redis://:hush@cache:6379/0", backend="redis://cache:6379/1")
                app.conf.timezone = "Europe/Paris"
                app.conf.task_routes = {"mail.*": {"queue": "emails", "priority": 3}}
                app.conf.beat_schedule = {
                    "number": {"task": "mail.digest", "schedule": 30.0, "args": (1, "two")},
                    "length": {"task": "t.a", "schedule": timedelta(minutes=5), "kwargs": {"k": [1, {"n": None}]},
                               "options": {"queue": "q2", "expires": 60, "priority": 6}},
                    "cron": {"task": "t.a", "schedule": crontab(minute="*/15", hour="22-2", day_of_week="fri-mon")},
                    "both": {"task": "t.a", "schedule": crontab(0, 0, day_of_month="13", day_of_week="fri")},
                    "sun": {"task": "t.a", "schedule": solar("sunset", 48.85, 2.35)},
                    "lazy": {"task": "t.a", "schedule": 60, "kwargs": {"now": BeatLazyFunc(datetime.now)}},
                    "linked": {"task": "t.a", "schedule": 60, "options": {"link": "x", "shadow": "s"}},
                }

                @app.task(name="t.a", ignore_result=True)
                def a(**k): ...

                @app.on_after_configure.connect
                def setup(sender, **k):
                    sender.add_periodic_task(10.0, a.s(x=1), name="added", expires=5)
                """, to: "shop.py")
            let answer = try await box.onebeat("import", "celery", "shop:app", "--python", CeleryApp.python)
            #expect(answer.code == 0, "\(answer.errors)")
            try box.write(answer.output)
            let environment = ["CELERY_BROKER_URL": "redis://cache:6379/0"]
            let check = try await box.onebeat("validate", "onebeat.yaml", environment: environment)
            #expect(check.code == 0, "\(check.output) \(check.errors) \(answer.output)")
            for line in [
                "timezone: Europe/Paris", "*/15 0,1,2,22,23 * * 0,1,5,6", "0 0 13 * 5",
                "dialect: celery",
                "every: 30s", "queue: emails", "priority: 3", "queue: q2", "expires: 1m", "kwargs: {\"x\": 1}",
                "solar: {\"event\": \"sunset\", \"latitude\": 48.85, \"longitude\": 2.35}",
                "# lazy: task t.a, not carried over:", "# linked has the option link='x', which is not carried over",
            ] {
                #expect(answer.output.contains(line), "\(line) is not in \(answer.output)")
            }
            #expect(!answer.output.contains("hush") && !answer.output.contains("talks"))
            #expect(answer.errors.contains("an application that talks"))

            let wrong = try await box.onebeat("import", "celery", "nowhere:app", "--python", CeleryApp.python)
            #expect(wrong.code == 65 && wrong.errors.contains("No module named 'nowhere'"), "\(wrong.errors)")
        }
    }

    /// A task's own options go with each message, those of its entry before them; what a message of ours has not is told. Where
    /// ends cannot be seen, nobody waits for them.
    @Test func theOptionsOfTasksComeAlong() async throws {
        try await Sandbox.with { box in
            try box.write(
                """
                from celery import Celery
                from kombu import Exchange, Queue

                app = Celery("shop", broker="redis://cache:6379/0", backend="cache+memory://")
                app.conf.task_queues = [Queue("celery"), Queue("media", Exchange("m"), routing_key="m.x"), Queue("slow")]
                app.conf.task_create_missing_queues = False
                app.conf.task_compression = "gzip"
                app.conf.beat_schedule = {
                    "own": {"task": "t.own", "schedule": 5, "args": [1.0, -0.0, 2**70]},
                    "given": {"task": "t.own", "schedule": 5, "options": {"expires": 60, "queue": "celery"}},
                    "cleared": {"task": "t.own", "schedule": 5, "options": {"expires": None}},
                    "packed": {"task": "t.packed", "schedule": 5},
                    "bound": {"task": "t.none", "schedule": 5, "options": {"exchange": "m", "routing_key": "m.x"}},
                    "lost": {"task": "t.none", "schedule": 5, "options": {"exchange": "foo", "routing_key": "bar"}},
                    "key": {"task": "t.none", "schedule": 5, "options": {"routing_key": "bar"}},
                    "nowhere": {"task": "t.none", "schedule": 5, "options": {"queue": "unknown"}},
                }

                @app.task(name="t.own", queue="slow", expires=33, priority=6, time_limit=9, soft_time_limit=8)
                def own(*a): ...

                @app.task(name="t.packed", serializer="pickle", compression="zlib", delivery_mode=1)
                def packed(): ...

                @app.task(name="t.none")
                def none(): ...
                """, to: "shop.py")
            let answer = try await box.onebeat("import", "celery", "shop:app", "--python", CeleryApp.python)
            #expect(answer.code == 0, "\(answer.errors)")
            let own =
                "priority: 6\n      expires: 33s\n      time_limit: 9s\n      soft_time_limit: 8s\n      outcome: dispatch"
            for words in [
                "      args: [1.0, -0.0, 1180591620717411303424]\n      queue: slow\n      \(own)",
                "  given:\n    every: 5s\n    celery:\n      task: t.own\n      priority: 6\n      expires: 1m",
                "  cleared:\n    every: 5s\n    celery:\n      task: t.own\n      queue: slow\n      priority: 6\n      time_limit: 9s",
                "# packed has the option compression='zlib', which is not carried over",
                "# packed has the option serializer='pickle', which", "# packed has the option delivery_mode=1, which",
                "  bound:\n    every: 5s\n    celery:\n      task: t.none\n      queue: media\n",
                "# lost has the option exchange='foo', which", "# lost has the option routing_key='bar', which",
                "# key has the option routing_key='bar', which", "# nowhere: task t.none, not carried over:",
            ] {
                #expect(answer.output.contains(words), "\(words) is not in \(answer.output)")
            }
            for words in [
                "packed: the option compression='zlib' is not carried over", "task_compression is gzip",
                "its queue cannot be found out: QueueNotFound", "keeps results in cache+memory://, which is not Redis",
            ] {
                #expect(answer.errors.contains(words), "\(words) is not in \(answer.errors)")
            }
            #expect(!answer.errors.contains("bound:"), "\(answer.errors)")
            try box.write(answer.output)
            let check = try await box.onebeat("validate", "onebeat.yaml")
            #expect(check.code == 0, "\(check.output) \(check.errors)")
        }
    }

    /// What RedBeat keeps in Redis goes before what the application names.
    @Test func entriesOfRedBeatComeAlong() async throws {
        let redis = try RedisServer()
        try await Sandbox.with { box in
            try box.write(
                """
                from celery import Celery
                from celery.schedules import crontab

                app = Celery("shop", broker="redis://127.0.0.1:\(redis.port)/0", backend="redis://127.0.0.1:\(redis.port)/0")
                app.conf.beat_scheduler = "redbeat.RedBeatScheduler"
                app.conf.beat_schedule = {"both": {"task": "t.a", "schedule": 60}}

                @app.task(name="t.a")
                def a(**k): ...
                """, to: "shop.py")
            let made = try await box.run([
                CeleryApp.python, "-c",
                """
                from shop import app
                from celery.schedules import crontab, schedule
                from redbeat import RedBeatSchedulerEntry
                RedBeatSchedulerEntry("both", "t.a", schedule(30), app=app).save()
                RedBeatSchedulerEntry("night", "t.a", crontab(minute=0, hour="1-3"), kwargs={"x": 1}, app=app).save()
                RedBeatSchedulerEntry("idle", "t.a", schedule(5), app=app, enabled=False).save()
                """,
            ])
            #expect(made.code == 0, "\(made.errors)")
            let answer = try await box.onebeat("import", "celery", "shop:app", "--python", CeleryApp.python)
            #expect(answer.code == 0, "\(answer.errors)")
            for line in [
                "  both:\n    every: 30s", "0 1-3 * * *", "kwargs: {\"x\": 1}", "  # Disabled in Celery:\n  # idle:",
            ] {
                #expect(answer.output.contains(line), "\(line) is not in \(answer.output)")
            }
            try box.write(answer.output)
            let check = try await box.onebeat("validate", "onebeat.yaml")
            #expect(check.code == 0, "\(check.output) \(check.errors)")
        }
    }

    @Test func rowsOfDjangoComeAlong() async throws {
        try await Sandbox.with { box in
            try box.write(
                """
                SECRET_KEY = "x"
                INSTALLED_APPS = ["django_celery_beat"]
                DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "\(box.path("django.db"))"}}
                USE_TZ = True
                DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
                """, to: "site_settings.py")
            try box.write(
                """
                import os
                os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
                from celery import Celery

                app = Celery("shop", broker="redis://cache/0", backend="redis://cache/0")
                app.conf.beat_scheduler = "django_celery_beat.schedulers:DatabaseScheduler"

                @app.task(name="t.a")
                def a(*args, **k): ...
                """, to: "shop.py")
            let made = try await box.run([
                CeleryApp.python, "-c",
                """
                import datetime, os, sys
                sys.path.insert(0, ".")
                os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
                import django
                from django.core.management import call_command
                django.setup()
                call_command("migrate", verbosity=0)
                from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask
                utc = datetime.timezone.utc
                every = IntervalSchedule.objects.create(every=5, period="minutes")
                cron = CrontabSchedule.objects.create(
                    minute="30", hour="2", day_of_month="1-7", day_of_week="mon", timezone="Europe/Berlin")
                once = ClockedSchedule.objects.create(clocked_time=datetime.datetime(2030, 1, 1, tzinfo=utc))
                PeriodicTask.objects.create(
                    name="poll", task="t.a", interval=every, args="[1]", queue="mail", expire_seconds=60,
                    last_run_at=datetime.datetime(2026, 1, 2, tzinfo=utc), start_time=datetime.datetime(2026, 1, 1, tzinfo=utc))
                PeriodicTask.objects.create(name="first monday", task="t.a", crontab=cron)
                PeriodicTask.objects.create(name="new year", task="t.a", clocked=once, one_off=True)
                PeriodicTask.objects.create(name="idle", task="t.a", interval=every, enabled=False)
                PeriodicTask.objects.create(name="single", task="t.a", interval=every, one_off=True)
                """,
            ])
            #expect(made.code == 0, "\(made.errors)")
            let answer = try await box.onebeat("import", "celery", "shop:app", "--python", CeleryApp.python)
            #expect(answer.code == 0, "\(answer.errors)")
            for line in [
                "  # Last sent by Celery at 2026-01-02T00:00:00Z.\n  poll:\n    every: 5m", "args: [1]", "queue: mail",
                "expires: 1m", "start: 2026-01-01T00:00:00Z", "dialect: celery\n    timezone: Europe/Berlin",
                "at: 2030-01-01T00:00:00Z", "# idle:", "# single: task t.a, not carried over:",
            ] {
                #expect(answer.output.contains(line), "\(line) is not in \(answer.output)")
            }
            try box.write(answer.output)
            let check = try await box.onebeat("validate", "onebeat.yaml")
            #expect(check.code == 0, "\(check.output) \(check.errors)")
        }
    }
}
