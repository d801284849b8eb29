"""How fast `onebeat audit` holds 1,000,000 runs against what was due, and in how much memory."""
import json
import pathlib
import resource
import sqlite3
import subprocess
import tempfile
import time

from bench.measuring import NODE, Failed, in_turn, shell
from bench.servers import Postgres

RUNS = 1_000_000


def history(folder):
    """A store in which twenty jobs were due each second, and each run has succeeded at its first attempt."""
    jobs, each = 20, RUNS // 20
    config = folder / "onebeat.yaml"
    config.write_text("jobs:\n" + "".join(f"  job{n}: {{every: 1s, run: 'true'}}\n" for n in range(jobs)))
    store = f"sqlite:{folder}/onebeat.db"
    shell(NODE, "apply", config, "--store", store)
    end = (int(time.time()) - 3600) * 1_000_000
    start = end - each * 1_000_000
    with sqlite3.connect(folder / "onebeat.db") as db:
        db.execute("UPDATE definitions SET created_at = ?", [start])
        db.execute("UPDATE jobs SET created_at = ?, watermark = ?, is_paused = 0", [start, end])
        db.execute("""
            INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue, priority,
                attempt, fence, node, boot, started_at, finished_at, exit_code)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            SELECT name, generation, version, 'scheduled', ? + i * 1000000, '', ? + i * 1000000, 'succeeded', 'default', 0, 1,
                (i - 1) * ? + row_number() OVER (PARTITION BY i ORDER BY name), 'n', 'n1', ? + i * 1000000 + 1000,
                ? + i * 1000000 + 2000, 0
            FROM n, jobs""", [each, start, start, jobs, start, start])
        db.execute("""
            INSERT INTO attempts (run_id, number, fence, node, boot, started_at, finished_at, outcome, exit_code)
            SELECT id, 1, fence, node, boot, started_at, finished_at, 'succeeded', 0 FROM runs""")
    return store, end


def history_in(postgres, name, folder):
    """The same in a PostgreSQL database."""
    jobs, each = 20, RUNS // 20
    shell(NODE, "apply", folder / "onebeat.yaml", "--store", postgres.url(name))
    end = int(time.time()) - 3600
    start = end - each
    postgres.sql(f"""
        UPDATE definitions SET created_at = to_timestamp({start});
        UPDATE jobs SET created_at = to_timestamp({start}), watermark = to_timestamp({end}), is_paused = false;
        INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue, priority,
            attempt, fence, node, boot, started_at, finished_at, exit_code)
        SELECT name, generation, version, 'scheduled', to_timestamp({start} + i), '', to_timestamp({start} + i), 'succeeded',
            'default', 0, 1, (i - 1) * {jobs} + row_number() OVER (PARTITION BY i ORDER BY name), 'n', 'n1',
            to_timestamp({start} + i + 0.001), to_timestamp({start} + i + 0.002), 0
        FROM generate_series(1, {each}) AS i, jobs;
        INSERT INTO attempts (run_id, number, fence, node, boot, started_at, finished_at, outcome, exit_code)
        SELECT id, 1, fence, node, boot, started_at, finished_at, 'succeeded', 0 FROM runs""", name)
    postgres.sql("VACUUM ANALYZE", name)
    return postgres.url(name), end * 1_000_000


def judged(store, end):
    to = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end // 1_000_000))
    begin = time.monotonic()
    done = subprocess.run([str(NODE), "audit", "--store", store, "--to", to, "--json"], capture_output=True, text=True)
    took = time.monotonic() - begin
    if done.returncode != 0:
        raise Failed((done.stdout + done.stderr).strip()[:300])
    # Of all children so far: the audits are the largest.
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    found = json.loads(done.stdout)
    return {"runs": found["runs"], "runs_per_s": round(found["runs"] / took), "seconds": round(took, 2), "max_mb": most}


def audit(rounds):
    with tempfile.TemporaryDirectory(prefix="onebeat-audit-") as folder:
        folder = pathlib.Path(folder)
        file = history(folder)
        postgres = Postgres.running()
        name = postgres.create()
        try:
            database = history_in(postgres, name, folder)
            in_turn("Audit of a million runs", rounds, {
                "Onebeat, SQLite": lambda: judged(*file), "Onebeat, PostgreSQL": lambda: judged(*database)})
        finally:
            postgres.drop(name)
