"""How long each page takes at the server, with 10,000 jobs and 1,000,000 runs, on either store, at rest and at work."""
import contextlib
import datetime
import http.client
import json
import pathlib
import shutil
import sqlite3
import sys
import tempfile
import time

from bench.measuring import BUILD, NODE, Failed, end, launch, shell, table
from bench.servers import Postgres, free_port

JOBS, RUNS, FLOWS, BUSY = 10_000, 1_000_000, 200, 100
# How long ago the oldest run was; none is newer than a minute.
DAYS = 14

# What is asked for, `{run}`, `{flow}` and `{old}` being runs: all pages, and what of the API speaks of many things.
PAGES = [
    "/", "/jobs", "/jobs?name=77", "/jobs?health=look", "/jobs?tag=nightly&after=job-05000", "/jobs/job-04242",
    "/jobs/flow-007-0", "/runs", "/runs?state=failed", "/runs?state=dead", "/runs?state=scheduled",
    "/runs?job=job-04242&state=failed", "/runs?after={old}", "/runs/{run}", "/graph", "/graph/flow-007-3",
    "/flows/{flow}", "/calendar", "/alerts", "/backfills", "/nodes", "/events", "/lab?expression=0+3+*+*+*", "/metrics",
    "/api/v1/status", "/api/v1/jobs", "/api/v1/jobs?limit=1000", "/api/v1/jobs/job-04242", "/api/v1/runs?limit=1000",
    "/api/v1/events", "/api/v1/nodes",
]


def configuration(busy):
    """Most jobs are due once a day or once a week; a hundred, where there is work, each second."""
    lines = []
    for n in range(JOBS - FLOWS * 5 - BUSY):
        day = "*" if n % 7 else str(n // 7 % 7)
        lines.append(f'  job-{n:05}: {{cron: "{n % 60} {n // 60 % 24} * * {day}", exec: [/bin/true], '
                     f'tags: [{"nightly" if n % 3 else "weekly"}], owner: team-{n % 12}, deadline: 2h}}')
    for flow in range(FLOWS):
        names = [f"flow-{flow:03}-{step}" for step in range(5)]
        lines.append(f'  {names[0]}: {{cron: "{flow % 60} 2 * * *", exec: [/bin/true]}}')
        for step, after in [(1, "0"), (2, "0"), (3, "12"), (4, "3")]:
            parents = ", ".join(names[int(digit)] for digit in after)
            lines.append(f"  {names[step]}: {{after: [{parents}], exec: [/bin/true]}}")
    base = int(time.time())
    for n in range(BUSY):
        at = datetime.datetime.fromtimestamp(base + n / BUSY, datetime.timezone.utc).isoformat()
        when = f'every: 1s, start: "{at}"' if busy else 'cron: "0 5 * * *"'
        lines.append(f"  busy-{n:03}: {{{when}, exec: [/bin/true]}}")
    return "jobs:\n" + "\n".join(lines) + "\n"


# Of fifty runs one failed, of a thousand one was missed. Numbers grow with the time.
OUTCOME = """CASE WHEN i % 1000 = 7 THEN 'missed' WHEN i % 50 = 0 THEN 'failed' ELSE 'succeeded' END"""

SQLITE = f"""
    INSERT INTO runs (job_name, generation, version, kind, scheduled_at, due_at, state, queue, priority, attempt, fence, node,
        boot, started_at, finished_at, exit_code, failures, message)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {RUNS}),
        names AS (SELECT name, row_number() OVER (ORDER BY name) - 1 AS place FROM jobs),
        h AS (SELECT i, :start + i * :step AS t, {OUTCOME} AS state FROM n)
    SELECT name, 1, 1, 'scheduled', t, t, state, 'default', 0, state <> 'missed', i,
        iif(state = 'missed', NULL, 'node-' || i % 4), iif(state = 'missed', NULL, 'b'), iif(state = 'missed', NULL, t + 4000),
        t + 2000000 + i % 97 * 10000, CASE state WHEN 'failed' THEN 1 WHEN 'succeeded' THEN 0 END, state = 'failed',
        iif(state = 'failed', 'ended with exit code 1', NULL)
    FROM h JOIN names ON place = i * 7919 % {JOBS} ORDER BY i;
    UPDATE counters SET value = {RUNS} WHERE name = 'fence';
    INSERT INTO attempts (run_id, number, fence, node, boot, started_at, finished_at, outcome, exit_code, message)
    SELECT id, 1, fence, node, boot, started_at, finished_at, state, exit_code, message FROM runs WHERE attempt = 1;
    INSERT INTO scheduled_job_status
    SELECT job_name, iif(state = 'succeeded', 'success', state), started_at, node, id, fence, finished_at, failures FROM runs
    WHERE id IN (SELECT max(id) FROM runs GROUP BY job_name)
"""

POSTGRES = f"""
    INSERT INTO runs (job_name, generation, version, kind, scheduled_at, due_at, state, queue, priority, attempt, fence, node,
        boot, started_at, finished_at, exit_code, failures, message)
    SELECT name, 1, 1, 'scheduled', t, t, state, 'default', 0, (state <> 'missed')::int, i,
        CASE WHEN state <> 'missed' THEN 'node-' || i % 4 END, CASE WHEN state <> 'missed' THEN 'b' END,
        CASE WHEN state <> 'missed' THEN t + interval '4 ms' END, t + interval '2 s' + i % 97 * interval '10 ms',
        CASE state WHEN 'failed' THEN 1 WHEN 'succeeded' THEN 0 END, (state = 'failed')::int,
        CASE WHEN state = 'failed' THEN 'ended with exit code 1' END
    FROM (SELECT i, now() - interval '{DAYS} days' + i * interval '1 day' * ({DAYS} - 0.001) / {RUNS} AS t, {OUTCOME} AS state
        FROM generate_series(1, {RUNS}) i) h
        JOIN (SELECT name, row_number() OVER (ORDER BY name) - 1 AS place FROM jobs) j ON place = i::bigint * 7919 % {JOBS}
    ORDER BY i;
    SELECT setval('fences', {RUNS});
    INSERT INTO attempts (run_id, number, fence, node, boot, started_at, finished_at, outcome, exit_code, message)
    SELECT id, 1, fence, node, boot, started_at, finished_at, state, exit_code, message FROM runs WHERE attempt = 1;
    INSERT INTO scheduled_job_status
    SELECT DISTINCT ON (job_name) job_name, CASE state WHEN 'succeeded' THEN 'success' ELSE state END, started_at, node, id,
        fence, finished_at, failures
    FROM runs ORDER BY job_name, id DESC
"""


def fill(folder, store):
    """A store with the jobs and their history."""
    (folder / "onebeat.yaml").write_text(configuration(busy=False))
    shell(NODE, "apply", folder / "onebeat.yaml", "--store", store, timeout=600)


def fill_sqlite(folder):
    store = f"sqlite:{folder}/onebeat.db"
    fill(folder, store)
    step = int(DAYS * 86_400_000_000 * 0.9999 / RUNS)
    with contextlib.closing(sqlite3.connect(folder / "onebeat.db")) as db:
        for statement in SQLITE.split(";\n"):
            start = int((time.time() - DAYS * 86_400) * 1_000_000)
            db.execute(statement, {"start": start, "step": step} if ":start" in statement else {})
        db.commit()
    return store


def fill_postgres(folder, postgres, name):
    store = postgres.url(name)
    fill(folder, store)
    for statement in POSTGRES.split(";\n"):
        postgres.sql(statement, name)
    postgres.sql("VACUUM ANALYZE", name)
    postgres.sql("CHECKPOINT", name)
    return store


class Reader:
    """One connection, as a browser keeps it."""

    def __init__(self, port):
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, path, method="GET", body=None):
        self._line.request(method, path, body, {"content-type": "application/json"} if body else {})
        began = time.perf_counter()
        answer = self._line.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise Failed(f"{path} answers {answer.status}: {text[:200]}")
        return (time.perf_counter() - began) * 1000, text


@contextlib.contextmanager
def node(folder, store, busy):
    """A node over the store, and where its pages are."""
    port = free_port()
    (folder / "onebeat.yaml").write_text(f"listen: 127.0.0.1:{port}\n" + configuration(busy))
    process = launch(NODE, "up", "onebeat.yaml", "--store", store, "--slots", "16", "--log-level", "error", cwd=folder,
                     stdout=sys.stderr)
    try:
        until = time.monotonic() + 180
        while True:
            try:
                Reader(port).ask("/readyz")
                break
            except (OSError, Failed, http.client.HTTPException) as error:
                if time.monotonic() > until:
                    raise Failed("the node does not get ready") from error
                time.sleep(0.2)
        yield port
    finally:
        end(process, politely=60)


def measured(folder, store, busy, rounds):
    """Of each page how long it took, one page after the other, again and again, as nobody reads one page alone."""
    with node(folder, store, busy) as port:
        reader = Reader(port)
        triggered = json.loads(reader.ask("/api/v1/jobs/flow-007-0/trigger", "POST", "{}")[1])["run"]["id"]
        names = {"run": triggered, "flow": triggered, "old": RUNS // 2}
        time.sleep(15)
        took = {page: [] for page in PAGES}
        for turn in range(rounds * 40):
            for page in PAGES:
                took[page].append(reader.ask(page.format(**names))[0])
            # Readers come and go; what is shared between them gets older meanwhile.
            time.sleep(0.2 if turn % 10 else 4)
        return took


def quantile(values, part):
    return round(sorted(values)[min(len(values) - 1, int(len(values) * part))], 1)


def pages(rounds):
    kept = {}
    with tempfile.TemporaryDirectory(prefix="onebeat-pages-", dir=BUILD) as name:
        folder = pathlib.Path(name)
        postgres = Postgres.running()
        database = postgres.create()
        try:
            stores = {"SQLite": fill_sqlite(folder), "PostgreSQL": fill_postgres(folder, postgres, database)}
            for busy in [False, True]:
                for who, store in stores.items():
                    column = f"{who}, {BUSY} runs a second" if busy else who
                    try:
                        kept[column] = measured(folder, store, busy, rounds)
                    except Failed as failure:
                        print(f"{column} failed: {failure}", flush=True)
                    print(f"{time.strftime('%H:%M:%S')} {column} is done", file=sys.stderr, flush=True)
        finally:
            postgres.drop(database)
            shutil.rmtree(folder, ignore_errors=True)
    rows = []
    for page in PAGES:
        row = {"page": f"`{page}`"}
        for column, took in kept.items():
            row[f"{column}: p50, ms"], row[f"p99 ({column})"] = quantile(took[page], 0.5), quantile(took[page], 0.99)
        rows.append(row)
    table(f"Pages at the server with {JOBS:,} jobs and {RUNS:,} runs, ms", rows)
    for column, took in kept.items():
        slow = [page for page in PAGES if quantile(took[page], 0.99) > 60]
        print(f"\n{column}: over 60 ms at p99: {', '.join(slow) or 'none'}")
