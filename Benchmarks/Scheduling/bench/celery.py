"""Tasks for Celery's workers, sent by Onebeat and by Celery itself: how fast, how soon back, and what a killed leader costs."""
import collections
import datetime
import json
import os
import subprocess
import time

from bench import peers
from bench.measuring import HERE, NODE, Failed, end, in_turn, launch, shell
from bench.node import scene
from bench.peers import named
from bench.servers import Postgres, Redis, free_port

KILLS = 20
PAUSE = 3
ENTRIES = 1000
ASKED = 6000
RESULTS = 200


def celery(rounds):
    in_turn("Tasks sent in a second, one process, nobody takes them", rounds, {
        f"{named('celery')}, beat, always {ENTRIES} due": lambda: peers.on_redis("celery_beat_rate", ENTRIES, 10),
        f"Onebeat, PostgreSQL, {ASKED} asked": rate,
    })
    in_turn("From push to result, idle", rounds, {
        f"{named('celery')}, apply_async().get()": lambda: peers.on_redis("celery_results", RESULTS),
        "Onebeat, PostgreSQL, from the claim, before the push, to the result's note": results,
    })
    in_turn("Leader killed -9, as workers see it, a task each second", 1, {"Onebeat, PostgreSQL, three nodes": killed})


def up(folder, store, name):
    return launch(
        NODE, "up", "onebeat.yaml", "--store", store, "--node", name, "--listen", f"127.0.0.1:{free_port()}", "--log-level", "error",
        cwd=folder, env=os.environ | {"ONEBEAT_CELERY_BROKER": Redis.running().url}, stdout=subprocess.DEVNULL)


def redis(*words):
    return shell("redis-cli", "-u", Redis.running().url, *words).strip()


def work(folder):
    """A worker of Celery's, which notes into the folder."""
    environment = os.environ | {
        "BENCH_REDIS": Redis.running().url, "BENCH_NOTES": f"{folder}/notes", "PYTHONPATH": str(HERE / "peers"),
        "PYTHONWARNINGS": "ignore"}
    worker = launch(
        peers.PYTHON, "-m", "celery", "-A", "celery_sink", "worker", "-P", "prefork", "-c", "2", "-n", "sink@bench", "-l",
        "ERROR", cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while redis("PUBSUB", "NUMPAT") == "0":
        if time.monotonic() > until:
            end(worker)
            raise Failed("no worker of Celery's came up")
        time.sleep(0.1)
    return worker


def rate():
    redis("FLUSHALL")
    with Postgres.database() as url:
        jobs = "".join(
            f"  j{number}: {{every: 1s, overlap: allow, celery: {{task: nothing, outcome: dispatch}}}}\n" for number in range(ASKED))
        folder, _ = scene("celery-rate", jobs)
        node = up(folder, url, "a")
        try:
            until = time.monotonic() + 90
            while int(redis("LLEN", "celery")) < 3 * ASKED:
                if time.monotonic() > until or node.poll() is not None:
                    raise Failed("it sent too little to measure")
                time.sleep(0.2)
            before, start = int(redis("LLEN", "celery")), time.monotonic()
            time.sleep(10)
            sent, took = int(redis("LLEN", "celery")) - before, time.monotonic() - start
        finally:
            end(node, politely=20)
    return {"sent": sent, "sent_per_s": round(sent / took)}


def results():
    redis("FLUSHALL")
    with Postgres.database() as url:
        folder, _ = scene(
            "celery-results", "  nothing: {every: 250ms, overlap: allow, celery: {task: nothing}}\n")
        worker, node = work(folder), None
        try:
            node = up(folder, url, "a")
            time.sleep(5 + RESULTS / 4)
        finally:
            if node:
                end(node, politely=20)
            end(worker)
        rows = Postgres.running().sql(
            "SELECT extract(epoch FROM l.at - a.started_at) * 1000 FROM attempts a JOIN logs l ON l.run_id = a.run_id"
            f" WHERE outcome = 'succeeded' AND l.stream = 'stdout' ORDER BY started_at DESC LIMIT {RESULTS}",
            url.rsplit("/", 1)[1])
    waits = sorted(float(row) for row in rows.split())
    if len(waits) < RESULTS / 2:
        raise Failed(f"only {len(waits)} results came")
    return {"results": len(waits), "p50_ms": round(waits[len(waits) // 2], 3), "p99_ms": round(waits[int(len(waits) * 0.99)], 3),
            "max_ms": round(waits[-1], 3)}


def killed():
    redis("FLUSHALL")
    with Postgres.database() as url:
        folder, _ = scene(
            "celery-killed", "  tick: {every: 1s, overlap: allow, celery: {task: occurrence}}\n")
        worker, nodes = work(folder), {}
        try:
            for number in range(3):
                nodes[f"n{number}"] = up(folder, url, f"n{number}")
            time.sleep(8)
            first, kills, give_up = time.time(), 0, time.monotonic() + KILLS * PAUSE * 2
            while kills < KILLS:
                if time.monotonic() > give_up:
                    raise Failed(f"only {kills} leaders were there to be killed")
                known = json.loads(shell(NODE, "nodes", "--json", "--store", url, timeout=30))
                leader = next((one["name"] for one in known if one.get("leader") or one.get("isLeader")), None)
                if leader:
                    end(nodes[leader])
                    nodes[leader] = up(folder, url, leader)
                    kills += 1
                time.sleep(PAUSE)
            last = time.time() - 1
            time.sleep(5)
        finally:
            for node in nodes.values():
                end(node, politely=20)
            end(worker)
        counted, late = collections.Counter(), []
        for line in open(f"{folder}/notes"):
            _, at, due = line.split()
            due = datetime.datetime.fromisoformat(due.replace("Z", "+00:00")).timestamp()
            if first <= due < last:
                counted[due] += 1
                late.append((float(at) - due) * 1000)
    late.sort()
    expected = int(last) - int(first)
    return {"kills": kills, "occurrences": expected, "lost": expected - len(counted), "doubled": sum(counted.values()) - len(counted),
            "p50_ms": round(late[len(late) // 2], 1), "max_ms": round(late[-1], 1)}
