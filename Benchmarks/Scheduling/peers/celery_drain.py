"""How fast Celery's workers of one child, acks_late, on Redis, work off tasks that do nothing, all sent before.

usage: celery_drain.py URL JOBS PROCESSES
"""
import os
import sys
import time

import redis

from scene import Scene, report


def main(url, jobs, processes):
    os.environ["BENCH_REDIS"] = url
    from celery_app import app, await_workers, work, worker

    broker = redis.Redis.from_url(url)
    broker.flushall()
    with Scene() as scene:
        for index in range(processes):
            scene.start(*worker(f"worker-{index}@bench", "other"))
        await_workers(scene, processes)
        with app.producer_or_acquire() as producer:
            for _ in range(jobs):
                work.apply_async([0], producer=producer)
        # All of them begin to take from the queue by one word.
        app.control.add_consumer("work", reply=True)
        scene.await_notes(jobs, 120)
        scene.until(lambda: broker.llen("work") + broker.hlen("unacked") == 0, 30)
        settled = time.time()
        starts = sorted(float(at) for at, _ in scene.notes("start"))
    report(runs=len(starts), started_per_s=round(len(starts) / (starts[-1] - starts[0])),
           settled_per_s=round(len(starts) / (settled - starts[0])))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
