"""Onebeat on PostgreSQL, beside peers on the same server and on Redis."""
import statistics
import time

from bench import peers
from bench.measuring import OURS, Failed, Measurement, figures, in_turn
from bench.peers import named
from bench.servers import Postgres, Redis


def ours(*words, seconds=120):
    with Postgres.database() as url:
        return figures(OURS, *words, "--store", url, seconds=seconds)


def lateness(rounds):
    def apscheduler():
        with Postgres.database() as url:
            return peers.peer("apscheduler_lateness", 100, 5, 12, "spread", url)

    in_turn("Lateness at 100 in-process fires/s, PostgreSQL", rounds, {
        f"{named('APScheduler')}, SQLAlchemyJobStore, spread over the second": apscheduler,
        f"{named('procrastinate')}, whole seconds only, so that all are due together":
            lambda: peers.on_postgres("procrastinate_lateness", 100, 5, 12),
        "Onebeat, spread over the second": lambda: ours("lateness", "--warm", 5, "--seconds", 12),
    })


def throughput(rounds):
    def asked(jobs):
        found = ours("throughput", "--jobs", jobs, "--warm", 6, "--seconds", 12)
        return {"asked_per_s": jobs, "fires_per_s": found.pop("settled_per_s"), **found}

    in_turn("Sustained fires/s, PostgreSQL", rounds, {
        f"{named('procrastinate')}, periodic deferrer: stored, none run":
            lambda: peers.on_postgres("procrastinate_throughput", 1000, 6, 12),
        "Onebeat: planned, claimed, run, settled": lambda: asked(2000),
        "Onebeat: the same": lambda: asked(5000),
    })


def burst(rounds):
    # Each waits for a minute to begin.
    in_turn("10,000 jobs due in the same minute", min(rounds, 2), {
        f"{named('periodiq')}, {named('dramatiq')}, Redis: sent, none run":
            lambda: peers.on_redis("periodiq_burst", 10_000, seconds=180),
        "Onebeat, PostgreSQL: started": lambda: ours("burst", seconds=180),
    })


def trigger(rounds):
    in_turn("From a trigger in another process to its start, idle node", rounds, {
        f"{named('pgqueuer')}, PostgreSQL": lambda: peers.on_postgres("pgqueuer_trigger", 300),
        "Onebeat, PostgreSQL": lambda: ours("trigger"),
        f"{named('celery')}, Redis": lambda: peers.on_redis("celery_trigger", 300),
        "Onebeat, PostgreSQL and Redis": lambda: ours("trigger", "--redis", Redis.running().url),
    })


def drained(url, nodes, runs, jobs, ahead=10):
    """Drains with several nodes: all have joined when the runs become due, `ahead` seconds from now."""
    words = [OURS, "drain", "--store", url, "--at", int(time.time()) + ahead, "--nodes", nodes, "--jobs", jobs]
    working = []
    try:
        for number in range(nodes):
            fill = ["--fill", runs] if number == 0 else []
            working.append(Measurement(*words, "--name", f"node-{number}", *fill))
        analyze(url.rsplit("/")[-1], runs, ahead - 3)
        found = [one.figures(ahead + 60) for one in working]
    finally:
        for one in working:
            one.end()
    shares = [int(one["runs"]) for one in found]
    if sum(shares) != runs or not all(shares):
        raise Failed(f"the nodes started {' + '.join(map(str, shares))} of {runs} runs")
    first, last = min(one["first"] for one in found), max(one["last"] for one in found)
    settled = float(Postgres.running().sql("SELECT extract(epoch FROM max(finished_at)) FROM runs", url.rsplit("/")[-1]))
    return {"runs": runs, "started_per_s": round(runs / (last - first)), "settled_per_s": round(runs / (settled - first)),
            "shares": " + ".join(map(str, shares))}


def analyze(database, runs, seconds):
    """Once the runs are there, has the server count them, as it does by itself within a minute, and as for the peers."""
    def sql(text):
        return Postgres.running().sql(text, database)

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        has_tables = sql("SELECT to_regclass('runs')").strip()
        if has_tables and int(sql("SELECT count(*) FROM runs WHERE state = 'scheduled'")) >= runs:
            return sql("VACUUM ANALYZE")
        time.sleep(0.1)
    raise Failed(f"the runs were not there in {seconds} s")


def drain(rounds):
    def us(nodes, jobs):
        with Postgres.database() as url:
            return drained(url, nodes, 40_000, jobs)

    asks = {}
    for count in [1, 2]:
        many = f"{count} process{'es' if count > 1 else ''}"
        asks |= {
            f"{named('pgqueuer')}, batch 100, {many}":
                lambda count=count: peers.on_postgres("pgqueuer_drain", 40_000, count),
            f"Onebeat, runs of one job, {many}": lambda count=count: us(count, 1),
            f"{named('procrastinate')}, concurrency 10, {many}":
                lambda count=count: peers.on_postgres("procrastinate_drain", 1500, count),
            f"Onebeat, runs of 100 jobs, {many}": lambda count=count: us(count, 100),
            f"{named('celery')}, acks_late, Redis, {many}":
                lambda count=count: peers.on_redis("celery_drain", 4000, count),
        }
    in_turn("Drain of no-op jobs, all there before: PostgreSQL unless said otherwise", rounds, asks)


def flows(rounds):
    in_turn("A chain of 100, two nodes or workers, idle: from the end of one to the start of the next", rounds, {
        f"{named('celery')} chain, Redis": lambda: peers.on_redis("celery_flow", "chain", 100, 6),
        "Onebeat, PostgreSQL": lambda: ours("flow", "--flows", 6),
    })
    in_turn("Fan-out 1,000 and fan-in: from the first start to the start of what follows all", rounds, {
        f"{named('celery')} chord, Redis": lambda: peers.on_redis("celery_flow", "chord", 1000, 4, seconds=180),
        "Onebeat, 1,000 jobs, PostgreSQL": lambda: ours("flow", "--fan", 1000, "--flows", 4, seconds=180),
        "Onebeat, each of 1,000 elements, PostgreSQL":
            lambda: ours("flow", "--fan", 1000, "--each", "--flows", 4, seconds=180),
    })


# What a year of closures leaves behind: a run, its attempt, and the state of each job. Runs are inserted due and ended by
# updates, so that pages and indexes are those of rows that were moved, as in life.
HISTORY = """
    INSERT INTO runs (job_name, generation, version, kind, scheduled_at, due_at, state, queue, priority)
        SELECT 'empty-' || g % 20, 1, 1, 'scheduled', t, t, 'scheduled', 'default', 0
        FROM (SELECT g, now() - interval '1 day' - g * interval '1 second' AS t FROM generate_series(1, {runs}) g) x;
    INSERT INTO attempts (run_id, number, fence, node, boot, started_at)
        SELECT id, 1, nextval('fences'), 'node-0', 'earlier', due_at FROM runs ORDER BY id;
    UPDATE runs SET state = CASE WHEN id % 50 = 0 THEN 'failed' ELSE 'succeeded' END, attempt = 1, fence = a.fence,
        node = a.node, boot = a.boot, started_at = a.started_at, finished_at = a.started_at + interval '1 second',
        failures = CASE WHEN id % 50 = 0 THEN 1 ELSE 0 END, exit_code = CASE WHEN id % 50 = 0 THEN 1 ELSE 0 END,
        message = CASE WHEN id % 50 = 0 THEN 'ended with exit code 1' END
        FROM attempts a WHERE a.run_id = runs.id;
    UPDATE attempts SET finished_at = r.finished_at, exit_code = r.exit_code, message = r.message,
        outcome = r.state FROM runs r WHERE r.id = run_id;
    INSERT INTO scheduled_job_status (job_name, status, last_run_at, node_id, run_id, fence, last_success_at)
        SELECT DISTINCT ON (job_name) job_name, 'success', started_at, node, id, fence, finished_at
        FROM runs ORDER BY job_name, fence DESC
    """


def history(rounds):
    runs = 1_000_000
    postgres = Postgres.running()
    kept = {}
    try:
        for count in [0, runs]:
            name = kept[count] = postgres.create()
            # A node that ends soon brings the tables.
            figures(OURS, "trigger", "--count", 1, "--store", postgres.url(name))
            postgres.sql("TRUNCATE runs, attempts, scheduled_job_status", name)
            if count:
                for statement in HISTORY.format(runs=count).split(";\n"):
                    postgres.sql(statement, name)
            postgres.sql("VACUUM ANALYZE", name)

        def beside(count):
            with Postgres.database(kept[count]) as url:
                # What copying left to write is not written while we measure.
                postgres.sql("CHECKPOINT")
                return {"finished runs kept": count, **drained(url, 1, 40_000, 20)}

        rows = in_turn("Claims beside a long history, PostgreSQL: 40,000 runs of 20 jobs drained by one node", rounds, {
            "Onebeat, no history": lambda: beside(0), "Onebeat, a long one": lambda: beside(runs)})
    finally:
        for name in kept.values():
            postgres.drop(name)
    rates = {count: [row["started_per_s"] for row in rows if row.get("finished runs kept") == count] for count in kept}
    if all(rates.values()):
        ratio = statistics.median(rates[runs]) / statistics.median(rates[0])
        print(f"\nWith {runs:,} runs kept: {ratio:.0%} of the rate without, by medians.")
