"""How late APScheduler 3 starts jobs from memory, N due each second and spread over it. Not durable: nothing is stored."""
import datetime
import json
import sys
import time
from importlib.metadata import version

from apscheduler.events import EVENT_JOB_EXECUTED
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

jobs, warm, seconds, spread = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "spread"
utc = datetime.timezone.utc
starts = []


def work():
    pass


def note(event):
    now = time.time()
    starts.append((now, (now - event.scheduled_run_time.timestamp()) * 1000))


scheduler = BackgroundScheduler(timezone=utc)
scheduler.add_listener(note, EVENT_JOB_EXECUTED)
base = datetime.datetime.now(utc).replace(microsecond=0) + datetime.timedelta(seconds=1)
for index in range(jobs):
    begin = base + datetime.timedelta(seconds=index / jobs if spread else 0)
    scheduler.add_job(work, IntervalTrigger(seconds=1, start_date=begin, timezone=utc), id=f"job-{index}")
scheduler.start()
time.sleep(warm)
begin = time.time()
time.sleep(seconds)
late = sorted(value for at, value in starts if begin <= at < begin + seconds)
scheduler.shutdown(wait=False)
print(json.dumps({
    "version": version("apscheduler"), "fires_per_s": round(len(late) / seconds, 1),
    "p50_ms": round(late[len(late) // 2], 3), "p99_ms": round(late[int(len(late) * 0.99)], 3),
    "max_ms": round(late[-1], 3),
}))
