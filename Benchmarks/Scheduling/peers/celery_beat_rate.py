"""How many tasks one `celery beat` sends in a second at the most: there is always an entry that is due.

usage: celery_beat_rate.py URL ENTRIES SECONDS
"""
import os
import sys
import time
from datetime import timedelta

import redis

from scene import Scene, report

if url := os.environ.get("BENCH_REDIS"):
    from celery import Celery

    app = Celery("rate", broker=url)
    app.conf.beat_schedule = {
        f"entry-{number}": {"task": "nothing", "schedule": timedelta(milliseconds=1)}
        for number in range(int(os.environ.get("BENCH_ENTRIES", "1")))
    }


def main(url, entries, seconds):
    os.environ.update(BENCH_REDIS=url, BENCH_ENTRIES=str(entries))
    line = redis.Redis.from_url(url)
    line.flushall()
    with Scene() as scene:
        scene.start(
            "-m", "celery", "-A", "celery_beat_rate", "beat", "-s", str(scene.folder / "schedule"), "--pidfile=", "-l", "ERROR")
        scene.until(lambda: line.llen("celery") > entries, 60)
        before, start = line.llen("celery"), time.monotonic()
        time.sleep(seconds)
        sent, took = line.llen("celery") - before, time.monotonic() - start
    report(sent=sent, sent_per_s=round(sent / took))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
