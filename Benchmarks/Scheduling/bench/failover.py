"""Whoever leads is killed -9, and then again: what was lost, and what was started twice."""
import collections
import json
import subprocess
import time

from bench import peers
from bench.measuring import NODE, Failed, end, in_turn, launch, shell
from bench.node import each_second, scene, starts
from bench.peers import named
from bench.servers import Postgres

KILLS = 50
PAUSE = 3


def failover(_):
    in_turn("Leader killed -9", 1, {
        f"{named('celery-redbeat')}, loop 1 s, lock 5 s, two beats: sent": lambda: peers.on_redis("redbeat_failover", 15),
        f"{named('procrastinate')}, two deferrers: stored": lambda: peers.on_postgres("procrastinate_failover", 15),
        "Onebeat, PostgreSQL, 100 children each second: started": ours,
    })


def ours():
    """One worker, three candidates for the lead; whoever leads is killed, and started again."""
    with Postgres.database() as url:
        base = int(time.time()) + 3
        folder, _ = scene("failover", each_second(base, "overlap: allow, "))
        nodes = {}

        def begin(name, role):
            nodes[name] = launch(
                NODE, "up", "onebeat.yaml", "--store", url, "--node", name, "--role", role, "--slots", "64", "--log-level",
                "error", cwd=folder, stdout=subprocess.DEVNULL)

        try:
            begin("worker", "worker")
            for number in range(3):
                begin(f"beat-{number}", "beat")
            time.sleep(base + 10 - time.time())
            killed, give_up = 0, time.monotonic() + KILLS * PAUSE * 2
            while killed < KILLS:
                if time.monotonic() > give_up:
                    raise Failed(f"only {killed} leaders were there to be killed")
                known = json.loads(shell(NODE, "nodes", "--json", "--store", url, timeout=30))
                leader = next((one["name"] for one in known if one.get("leader") or one.get("isLeader")), None)
                if leader:
                    end(nodes[leader])
                    begin(leader, "beat")
                    killed += 1
                time.sleep(PAUSE)
            until = int(time.time()) - 1
            time.sleep(5)
        finally:
            for process in nodes.values():
                end(process, politely=20)
    counted, late = collections.Counter(), []
    for at, due, key in starts(folder):
        if (base + 10) * 100 <= round(due * 100) < until * 100:
            counted[key] += 1
            late.append((at - due) * 1000)
    late.sort()
    expected = (until - base - 10) * 100
    return {"kills": killed, "lost": expected - len(counted), "doubled": sum(counted.values()) - len(counted),
            "fires due": expected, "p50_ms": round(late[len(late) // 2], 1), "p99_ms": round(late[int(len(late) * 0.99)], 1),
            "max_ms": round(late[-1], 1)}
