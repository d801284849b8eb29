"""From `apply_async` to the end of `get`, one at a time on an idle worker of Celery on Redis, in one process.

usage: celery_results.py URL COUNT
"""
import os
import sys
import time

import redis

from scene import Scene, lateness, report


def main(url, count):
    os.environ["BENCH_REDIS"] = url
    from celery_sink import await_workers, nothing, worker

    redis.Redis.from_url(url).flushall()
    with Scene() as scene:
        scene.start(*worker("sink@bench"))
        await_workers(scene, 1)
        for _ in range(5):
            # The first ones open connections.
            nothing.apply_async().get(timeout=10)
        waits = []
        for _ in range(count):
            start = time.monotonic()
            nothing.apply_async().get(timeout=10)
            waits.append(time.monotonic() - start)
            time.sleep(0.1)
    report(results=len(waits), **lateness(waits))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
