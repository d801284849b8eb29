/// The program that reads an application's schedule. It runs in the application's own Python, since nothing else can import
/// it, and prints JSON; what the application prints meanwhile goes to standard error.
package enum CeleryExporter {
    package static let program = #"""
        import datetime, importlib, json, os, sys
        out, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
        sys.path.insert(0, os.getcwd())
        from celery.beat import BeatLazyFunc
        from celery.schedules import crontab, schedule, solar

        def described(when):
            if isinstance(when, crontab):
                sets = {name: sorted(getattr(when, name)) for name in ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")}
                zone = getattr(when, "tz", None)  # of django-celery-beat, which needs a clock for it
                return {"type": "crontab", "sets": sets, "nowfun": when.nowfun is not None and zone is None,
                        "timezone": None if zone is None else str(zone)}
            if isinstance(when, solar):
                return {"type": "solar", "event": when.event, "latitude": float(when.lat), "longitude": float(when.lon)}
            if type(when) is schedule:
                return {"type": "interval", "seconds": when.run_every.total_seconds(), "nowfun": False}
            if hasattr(when, "clocked_time"):
                return {"type": "clocked", "at": moment(when.clocked_time)}
            if isinstance(when, datetime.timedelta):
                return {"type": "interval", "seconds": when.total_seconds()}
            if isinstance(when, (int, float)) and not isinstance(when, bool):
                return {"type": "interval", "seconds": float(when)}
            return {"type": "unknown", "python": f"{type(when).__module__}.{type(when).__qualname__} {when!r}"}

        def plain(value, path, problems, depth=0):
            if value is None or isinstance(value, (bool, int, str)):
                return value
            if isinstance(value, float) and value == value and abs(value) != float("inf"):
                return value
            if depth < 20 and isinstance(value, (list, tuple)):
                return [plain(item, path, problems, depth + 1) for item in value]
            if depth < 20 and isinstance(value, dict) and all(isinstance(key, str) for key in value):
                return {key: plain(item, f"{path}.{key}", problems, depth + 1) for key, item in value.items()}
            if isinstance(value, BeatLazyFunc):
                problems.append(f"{path} is worked out by Python each time it is sent")
            else:
                problems.append(f"{path} is {type(value).__name__} {value!r}, which JSON has not")
            return None

        def length(value):
            if isinstance(value, datetime.timedelta):
                return value.total_seconds()
            return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

        def moment(value):
            if not isinstance(value, datetime.datetime):
                return None
            value = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
            return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

        def of_redbeat(app):
            from redbeat.schedulers import RedBeatSchedulerEntry, ensure_conf, get_redis
            ensure_conf(app)
            for key in get_redis(app).zrange(app.redbeat_conf.schedule_key, 0, -1):
                found = RedBeatSchedulerEntry.from_key(key, app=app)
                last = found.last_run_at if found.total_run_count else None
                yield {"name": found.name, "task": found.task, "schedule": found.schedule, "args": found.args,
                       "kwargs": found.kwargs, "options": found.options, "enabled": found.enabled, "last_run": moment(last)}

        def of_django():
            import django
            django.setup()
            from django_celery_beat.models import PeriodicTask
            for row in PeriodicTask.objects.order_by("name"):
                options = {"queue": row.queue, "priority": row.priority, "exchange": row.exchange,
                           "routing_key": row.routing_key, "expires": row.expire_seconds,
                           "headers": json.loads(row.headers or "{}") or None}
                yield {"name": row.name, "task": row.task, "schedule": row.schedule, "args": json.loads(row.args or "[]"),
                       "kwargs": json.loads(row.kwargs or "{}"), "enabled": row.enabled, "last_run": moment(row.last_run_at),
                       "options": {key: value for key, value in options.items() if value is not None},
                       "one_off": row.one_off, "start": moment(row.start_time), "end": moment(row.expires)}

        def all_entries(app):
            entries = {str(name): {**entry, "name": str(name)} for name, entry in app.conf.beat_schedule.items()}
            scheduler = str(app.conf.beat_scheduler)
            stored = of_redbeat(app) if "redbeat" in scheduler.lower() else of_django() if "django" in scheduler else ()
            for entry in stored:  # where both have one, the stored one is what is sent
                entries[str(entry["name"])] = entry
            return [entries[name] for name in sorted(entries)]

        def destination(app, sent, problems):
            """The queue of a message, and what of its way is lost: over Redis a list is pushed to, and no exchange asked."""
            queue, exchange, key = (sent.pop(name, None) for name in ("queue", "exchange", "routing_key"))
            exchange = getattr(exchange, "name", exchange)
            if exchange and key:  # both together go before the queue
                bound = [known for known in app.amqp.queues.values()
                         if known.exchange is not None and known.exchange.name == exchange and known.routing_key == key]
                queue = bound[0] if bound else queue
            name = getattr(queue, "name", queue) or app.conf.task_default_queue
            own = getattr(queue, "exchange", None)
            if getattr(own, "type", None) == "fanout":
                problems.append(f"its queue {name} is a broadcast to many, and a task of a job goes to one worker")
            left = {}
            if exchange and exchange not in (getattr(own, "name", None), name):
                left["exchange"] = exchange
            if key and key not in (getattr(queue, "routing_key", None), name):
                left["routing_key"] = key
            return name, left

        def url(value):
            return value[0] if isinstance(value, (list, tuple)) and value else value

        def exported(app):
            app.loader.import_default_modules()
            app.finalize()
            app.set_current()
            conf, entries = app.conf, []
            for entry in all_entries(app):
                name, problems = entry["name"], []
                args, kwargs = entry.get("args") or (), entry.get("kwargs") or {}
                if callable(getattr(args, "__call__", None)) or callable(getattr(kwargs, "__call__", None)):
                    problems.append("its arguments are worked out by Python each time it is sent")
                    args, kwargs = (), {}
                task = app.tasks.get(entry["task"])
                # As Task.apply_async has it: the task's own options, those of the entry before them, then the routes.
                options = {**(task._get_exec_options() if task is not None else {}), **(entry.get("options") or {})}
                try:
                    merged = dict(app.amqp.router.route(dict(options), entry["task"], tuple(args), dict(kwargs), task))
                except Exception as error:
                    problems.append(f"its queue cannot be found out: {error!r}")
                    merged = options
                queue, lost = destination(app, merged, problems)
                taken = {}
                for key in ("expires", "countdown", "time_limit", "soft_time_limit"):
                    if merged.get(key) is not None:
                        seconds = length(merged[key])
                        if seconds is None:
                            problems.append(f"option {key} is {merged[key]!r}, a moment and no length")
                        taken[key] = seconds
                    merged.pop(key, None)
                for key in ("priority", "headers"):
                    if merged.get(key) is not None:
                        taken[key] = plain(merged[key], key, problems)
                    merged.pop(key, None)
                merged.pop("ignore_result", None)
                if merged.get("serializer") in ("json", conf.task_serializer):  # the latter is told once
                    merged.pop("serializer")
                merged.update(lost)
                entries.append({
                    "name": str(name), "task": entry["task"], "schedule": described(entry["schedule"]),
                    "args": plain(list(args), "args", problems), "kwargs": plain(dict(kwargs), "kwargs", problems),
                    "queue": queue, "options": taken,
                    "left": sorted(f"{key}={value!r}" for key, value in merged.items() if value is not None),
                    "registered": task is not None, "problems": problems,
                    **{key: entry.get(key) for key in ("enabled", "last_run", "one_off", "start", "end")}})
            broker, backend = conf.broker_transport_options or {}, conf.result_backend_transport_options or {}
            return {
                "timezone": str(conf.timezone or "UTC"), "broker": url(conf.broker_write_url or conf.broker_url),
                "results": conf.result_backend, "queue": conf.task_default_queue, "serializer": conf.task_serializer,
                "compression": conf.task_compression,
                "prefix": broker.get("global_keyprefix"), "results_prefix": backend.get("global_keyprefix"),
                "priority_steps": list(broker.get("priority_steps") or [0, 3, 6, 9]),
                "separator": broker.get("sep", "\x06\x16"), "scheduler": str(conf.beat_scheduler), "entries": entries}

        module, _, name = sys.argv[1].partition(":")
        app = importlib.import_module(module)
        for part in (name or "app").split("."):
            app = getattr(app, part)
        json.dump(exported(app), out)
        out.close()
        """#
}
