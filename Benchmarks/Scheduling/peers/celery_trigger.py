"""From `apply_async` in another process to the start of the task, one at a time on an idle worker of Celery on Redis.

usage: celery_trigger.py URL COUNT
"""
import os
import sys
import time

import redis

from scene import Scene, lateness, report


def main(url, count):
    os.environ["BENCH_REDIS"] = url
    from celery_app import await_workers, work, worker

    redis.Redis.from_url(url).flushall()
    with Scene() as scene:
        scene.start(*worker("worker@bench", "work"))
        await_workers(scene, 1)
        for _ in range(5):
            # The first ones open connections.
            work.apply_async([0])
        scene.await_notes(5, 30)
        time.sleep(2)
        for _ in range(count):
            work.apply_async([time.time()])
            time.sleep(0.03)
        scene.await_notes(5 + count, 30)
        waits = [float(at) - float(sent) for at, sent in scene.notes("start") if sent != "0"]
    report(triggers=len(waits), **lateness(waits))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
