"""Two Celery beats with RedBeat, tuned (loop of 1 s, lock of 5 s), ten schedules of each second; the one with the lock is
killed -9. Counted are messages sent, by schedule and due second; what was lost in as long before the kill is said beside,
since its schedules drift.

usage: redbeat_failover.py URL SECONDS
"""
import os
import sys
import time

import redis
from celery import Celery
from redbeat import RedBeatScheduler

from scene import Scene, note, report

JOBS = 10

app = Celery("bench", broker=os.environ.get("BENCH_REDIS"))
app.conf.update(
    beat_max_loop_interval=1, redbeat_lock_timeout=5, redbeat_redis_url=os.environ.get("BENCH_REDIS"),
    task_default_queue="work",
    beat_schedule={f"job-{index}": {"task": "work", "schedule": 1.0} for index in range(JOBS)})


class Noting(RedBeatScheduler):
    def apply_async(self, entry, *args, **options):
        due = entry.due_at.timestamp()
        sent = super().apply_async(entry, *args, **options)
        note("sent", time.time(), entry.name, due)
        return sent


def beat(scene):
    return scene.start(
        "-m", "celery", "-A", "redbeat_failover", "beat", "-S", "redbeat_failover:Noting", "-l", "ERROR", "--pidfile=")


def main(url, seconds):
    os.environ["BENCH_REDIS"] = url
    redis.Redis.from_url(url).flushall()
    with Scene() as scene:
        first = beat(scene)
        scene.await_notes(JOBS, 30)
        beat(scene)
        time.sleep(5)
        begin = int(time.time()) + 1
        time.sleep(begin + seconds - time.time())
        first.kill()
        killed = time.time()
        time.sleep(seconds + 2)
        sent = [(float(at), name, round(float(due))) for at, name, due in scene.notes("sent")]
    before, after = [
        [(name, due) for _, name, due in sent if start <= due < start + seconds] for start in [begin, begin + seconds]]
    next_at = min((at for at, _, _ in sent if at > killed), default=None)
    if next_at is None:
        sys.exit(f"nothing was sent in {seconds} s after the kill")
    report(kills=1, lost=JOBS * seconds - len(set(after)), doubled=len(after) - len(set(after)),
           silent_s=round(next_at - killed, 2), lost_in_as_long_before=JOBS * seconds - len(set(before)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
