"""Celery's chain and chord of tasks that do nothing, on Redis, worked off by two workers of one child.

A chain: from the end of one task to the start of the next. A chord: from the first start of its group to the start of what
follows all of it.

usage: celery_flow.py URL chain|chord TASKS FLOWS
"""
import os
import sys
import time

import redis

from scene import Scene, lateness, report


def main(url, kind, tasks, flows):
    # A chord counts its results.
    os.environ.update(BENCH_REDIS=url, BENCH_RESULTS="1")
    from celery import chain, chord, group
    from celery_app import await_workers, step, worker

    redis.Redis.from_url(url).flushall()
    with Scene() as scene:
        for index in range(2):
            scene.start(*worker(f"worker-{index}@bench", "work"))
        await_workers(scene, 2)
        found, seen, each = [], 0, tasks if kind == "chain" else tasks + 1
        for number in range(flows):
            if kind == "chain":
                chain(*(step.si() for _ in range(tasks))).apply_async()
            else:
                chord(group(step.si() for _ in range(tasks)), step.si()).apply_async()
            seen += each
            scene.await_notes(seen, 120)
            moments = sorted((float(start), float(end)) for start, end in scene.notes("step")[-each:])
            if number > 0:
                if kind == "chain":
                    found += [next[0] - last[1] for last, next in zip(moments, moments[1:])]
                else:
                    found.append(moments[-1][0] - moments[0][0])
            time.sleep(0.2)
    report(flows=flows - 1, **lateness(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
