"""Microseconds per next fire of a cron line, walking from each to the one after: cronsim, croniter, APScheduler 3."""
import datetime
import json
import sys
import time
from importlib.metadata import version
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter
from cronsim import CronSim

expression, zone = sys.argv[1], ZoneInfo(sys.argv[2])
start = datetime.datetime(2026, 3, 28, 12, 0, 7, tzinfo=zone)


def cost(make, count=300):
    """The best of five walks."""
    best = float("inf")
    for _ in range(5):
        step = make()
        begin = time.perf_counter()
        for _ in range(count):
            step()
        best = min(best, (time.perf_counter() - begin) / count)
    return round(best * 1e6, 3)


def walk_cronsim():
    fires = CronSim(expression, start)
    return lambda: next(fires)


def walk_croniter():
    fires = croniter(expression, start)
    return lambda: fires.get_next(datetime.datetime)


def walk_apscheduler():
    trigger = CronTrigger.from_crontab(expression, timezone=zone)
    last = start

    def step():
        nonlocal last
        last = trigger.get_next_fire_time(last, last + datetime.timedelta(seconds=1))

    return step


walks = {"cronsim": walk_cronsim, "croniter": walk_croniter, "APScheduler": walk_apscheduler}
print(json.dumps({f"{name} {version(name)}": cost(walk) for name, walk in walks.items()}))
