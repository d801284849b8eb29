/// The program that reads the files of DAGs. It runs in the user's own Python, since nothing else can import them, and prints JSON;
/// what the files print meanwhile goes to standard error. Where that Python has no Airflow, ``AirflowStub`` stands in for it.
package enum AirflowExporter {
    package static let program = AirflowStub.program + "\n" + reading

    private static let reading = #"""
        import datetime, importlib.util, json, os, sys, traceback
        MOST_FILES = 5000
        PRESETS = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
                   "@monthly": "0 0 1 * *", "@quarterly": "0 0 1 */3 *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *"}

        def first(thing, *names):
            for name in names:
                value = getattr(thing, name, None)
                if value is not None:
                    return value

        def zone_name(zone):
            name = first(zone, "name", "key", "zone")
            name = name if isinstance(name, str) else str(zone) if zone is not None else "UTC"
            return "UTC" if name in ("+00:00", "UTC+00:00") else name

        def moment(value):
            if not isinstance(value, datetime.datetime):
                return None
            value = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
            return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

        def seconds(value):
            if isinstance(value, datetime.timedelta):
                return value.total_seconds()
            return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

        def described(when):
            kind = type(when).__name__
            if when is None or kind == "NullTimetable":
                return {"type": "none"}
            if isinstance(when, str):
                when = PRESETS.get(when, when)
                return {"type": when[1:] if when in ("@once", "@continuous") else "cron", "crons": [when]}
            if kind in ("OnceTimetable", "ContinuousTimetable"):
                return {"type": kind[:-9].lower()}
            if isinstance(when, datetime.timedelta):
                return {"type": "delta", "seconds": when.total_seconds()}
            parts = first(when, "timetables", "_timetables")
            if isinstance(parts, (list, tuple)):
                parts = [described(part) for part in parts]
                if parts and all(part["type"] == "cron" and part["timezone"] == parts[0]["timezone"] for part in parts):
                    return {**parts[0], "crons": [part["crons"][0] for part in parts]}
            text = first(when, "expression", "_expression")
            if isinstance(text, str):
                return {"type": "cron", "crons": [PRESETS.get(text, text)], "timezone": zone_name(first(when, "timezone", "_timezone"))}
            delta = first(when, "delta", "_delta")
            if isinstance(delta, datetime.timedelta):
                return {"type": "delta", "seconds": delta.total_seconds()}
            dates = first(when, "event_dates", "_event_dates")
            if isinstance(dates, (list, tuple)):
                return {"type": "events", "moments": [moment(date) for date in dates]}
            return {"type": "unknown", "python": repr(when)[:200]}

        def task(found):
            left = []
            for key, usual in (("pool", "default_pool"), ("queue", "default"), ("priority_weight", 1), ("depends_on_past", False),
                               ("wait_for_downstream", False), ("max_active_tis_per_dag", None), ("sla", None), ("executor", None)):
                value = getattr(found, key, None)
                if value not in (None, usual):
                    left.append(f"{key}={value!r}"[:200])
            for key in ("on_failure_callback", "on_success_callback", "on_retry_callback"):
                if getattr(found, key, None):
                    left.append(key)
            kind = first(found, "task_type", "_task_type") or type(found).__name__
            function = getattr(found, "python_callable", None)
            is_mapped = bool(getattr(found, "is_mapped", False)) or type(found).__name__ == "MappedOperator"
            command, env, cwd = (getattr(found, key, None) for key in ("bash_command", "env", "cwd"))
            plain_env = isinstance(env, dict) and all(isinstance(part, str) for pair in env.items() for part in pair)
            return {
                "id": str(found.task_id), "operator": str(kind), "is_mapped": is_mapped,
                "upstream": sorted(str(name) for name in found.upstream_task_ids),
                "rule": str(getattr(first(found, "trigger_rule"), "value", None) or first(found, "trigger_rule") or "all_success"),
                "retries": int(getattr(found, "retries", 0) or 0), "retry_delay": seconds(getattr(found, "retry_delay", None)),
                "grows": bool(getattr(found, "retry_exponential_backoff", False)),
                "max_retry_delay": seconds(getattr(found, "max_retry_delay", None)),
                "timeout": seconds(getattr(found, "execution_timeout", None)),
                "owner": str(getattr(found, "owner", None) or "airflow"),
                "bash": command if isinstance(command, str) and not is_mapped else None,
                "env": env if plain_env else None, "cwd": cwd if isinstance(cwd, str) else None,
                "function": function.__qualname__ if hasattr(function, "__qualname__") else None,
                "left": left + (["env"] if env and not plain_env else []),
            }

        def described_dag(dag, path):
            start = first(dag, "start_date") or (getattr(dag, "default_args", None) or {}).get("start_date")
            zone = getattr(dag, "timezone", None) or getattr(start, "tzinfo", None)
            when = getattr(dag, "timetable", None)
            when = described(when if when is not None else first(dag, "schedule", "schedule_interval"))
            tags = getattr(dag, "tags", None)
            return {
                "id": str(dag.dag_id), "file": path, "schedule": when, "timezone": zone_name(zone), "start": moment(start),
                "end": moment(getattr(dag, "end_date", None)), "catchup": bool(getattr(dag, "catchup", False)),
                "limit": int(getattr(dag, "max_active_runs", None) or 16),
                "is_paused": getattr(dag, "is_paused_upon_creation", None) is True,
                "timeout": seconds(getattr(dag, "dagrun_timeout", None)), "description": getattr(dag, "description", None),
                "tags": sorted(str(tag) for tag in tags) if isinstance(tags, (list, tuple, set, frozenset)) else [],
                "tasks": [task(found) for found in dag.tasks]}

        def files(path):
            if os.path.isfile(path):
                return [path]
            found = []
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
                for name in sorted(names):
                    if name.endswith(".py") and len(found) < MOST_FILES:
                        with open(os.path.join(folder, name), "rb") as file:
                            text = file.read(1 << 20).lower()
                        if b"airflow" in text and b"dag" in text:
                            found.append(os.path.join(folder, name))
            return found

        def read(path, is_stub):
            root = path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))
            sys.path.insert(0, root)
            dags, errors, seen = [], [], set()
            for number, file in enumerate(files(path)):
                name = f"onebeat_dag_file_{number}"
                module = importlib.util.module_from_spec(importlib.util.spec_from_file_location(name, file))
                sys.modules[name] = module
                AutoDAGs.begin(name)
                try:
                    module.__spec__.loader.exec_module(module)
                except BaseException as error:
                    traceback.print_exc()
                    errors.append({"file": file, "error": f"{type(error).__name__}: {error}"[:500]})
                    continue
                for dag in list(vars(module).values()) + AutoDAGs.found(name):
                    if type(dag).__name__ == "DAG" and hasattr(dag, "dag_id") and id(dag) not in seen:
                        seen.add(id(dag))
                        dags.append(described_dag(dag, file))
            return {"is_stub": is_stub, "dags": sorted(dags, key=lambda dag: (dag["id"], dag["file"])), "errors": errors}

        if __name__ == "__main__":
            out, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
            json.dump(read(sys.argv[1], stand_in()), out)
            out.close()
        """#
}
