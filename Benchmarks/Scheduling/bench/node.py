"""One node on SQLite, beside peers that keep their schedules in memory."""
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import time

from bench.measuring import BUILD, NODE, OURS, Failed, end, figures, in_turn, launch, shell
from bench.peers import named, peer
from bench.servers import free_port


def next_fire(rounds):
    for expression in ["*/5 * * * *", "30 2 1 * *"]:
        in_turn(f"Next fire of `{expression}` in Europe/Berlin, µs each, walking", rounds, {
            "peers": lambda: peer("next_fire", expression, "Europe/Berlin"),
            "Onebeat": lambda: figures(OURS, "next", expression, "--timezone", "Europe/Berlin"),
        })


def lateness(rounds):
    in_turn("Lateness at 100 in-process fires/s, spread over the second", rounds, {
        f"{named('APScheduler')}, memory, not durable": lambda: peer("apscheduler_lateness", 100, 5, 20, "spread"),
        "Onebeat, SQLite, durable": lambda: figures(OURS, "lateness"),
    })


def throughput(rounds):
    def ours(asked):
        found = figures(OURS, "throughput", "--jobs", asked)
        return {"asked_per_s": asked, "fires_per_s": found["settled_per_s"], "p50_ms": found["late_p50_ms"],
                "p99_ms": found["late_p99_ms"]}

    in_turn("Sustained fires/s", rounds, {
        f"{named('APScheduler')}, memory, not durable":
            lambda: {"asked_per_s": 1000, **peer("apscheduler_lateness", 1000, 5, 20, "together")},
        "Onebeat, SQLite: planned, claimed, run, settled": lambda: ours(2000),
        "Onebeat, SQLite: the same": lambda: ours(4000),
    })


def burst(rounds):
    in_turn("10,000 jobs due in the same minute", rounds, {"Onebeat, SQLite": lambda: figures(OURS, "burst", seconds=180)})


def plan(rounds):
    in_turn("A turn of planning with 100 jobs due", rounds, {
        f"Onebeat, SQLite, {jobs:,} jobs": lambda jobs=jobs: figures(OURS, "plan", "--jobs", jobs, seconds=600)
        for jobs in [1000, 1_000_000]
    })


def scene(name, jobs):
    """A folder with a configuration, and the port of its dashboard."""
    folder = BUILD / "scenes" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    (folder / "onebeat.yaml").write_text(f"store: sqlite:bench.db\nlisten: 127.0.0.1:{port}\njobs:\n{jobs}")
    return folder, port


def each_second(base, more=""):
    """A hundred jobs of each second, spread over it, that note their start."""
    moments = [datetime.datetime.fromtimestamp(base + i / 100, datetime.timezone.utc).isoformat() for i in range(100)]
    return "".join(
        f'  job-{i}: {{every: 1s, start: "{moment}", {more}exec: [{BUILD}/stamp, starts]}}\n'
        for i, moment in enumerate(moments))


def starts(folder):
    """What the started children noted: when, the due instant, and the key of the run."""
    for line in (folder / "starts").read_text().splitlines():
        at, due, key = line.split()
        yield float(at), datetime.datetime.fromisoformat(due.replace("Z", "+00:00")).timestamp(), key


@contextlib.contextmanager
def node(folder):
    process = launch(NODE, "up", "onebeat.yaml", "--slots", "64", "--log-level", "error", cwd=folder,
                     stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        end(process, politely=60)


def children(rounds):
    def ours():
        base = int(time.time()) + 3
        folder, _ = scene("children", each_second(base))
        with node(folder):
            time.sleep(base + 25 - time.time())
        late = sorted((at - due) * 1000 for at, due, _ in starts(folder) if base + 5 <= due < base + 25)
        return {"fires_per_s": len(late) / 20, "p50_ms": round(late[len(late) // 2], 3),
                "p99_ms": round(late[int(len(late) * 0.99)], 3), "max_ms": round(late[-1], 3)}

    in_turn("Lateness at 100 children/s, to the first instruction of the child", rounds, {"Onebeat, SQLite": ours})


def start(rounds):
    in_turn("Start and rest of a node with its dashboard", rounds,
            {"Onebeat, SQLite": lambda: {"cold start to first fire, s": cold_start(), **rest()}})


def cold_start():
    # Due a moment after the start, whenever that is: a fire for each hundredth of the seconds to come.
    now = time.time()
    moments = [datetime.datetime.fromtimestamp(now + i / 100, datetime.timezone.utc).isoformat() for i in range(300)]
    folder, _ = scene("start", f"  first: {{exec: [{BUILD}/stamp, starts], overlap: allow, at: {json.dumps(moments)}}}\n")
    began = time.time()
    with node(folder):
        while not (folder / "starts").exists():
            if time.time() > began + 30:
                raise Failed("nothing was started in 30 s")
            time.sleep(0.001)
        time.sleep(0.05)
    return round(min(at for at, _, _ in starts(folder)) - began, 3)


def rest():
    folder, port = scene("idle", "".join(f'  job-{i}: {{cron: "{i % 60} 3 * * *", exec: [/bin/true]}}\n' for i in range(1000)))
    with node(folder) as process:
        time.sleep(15)
        shell("curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}/")
        time.sleep(1)
        used, began = cpu_seconds(process.pid), time.time()
        time.sleep(20)
        return {"resident with 1,000 daily jobs, MB": round(resident(process.pid), 1),
                "idle CPU, %": round((cpu_seconds(process.pid) - used) / (time.time() - began) * 100, 2)}


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
