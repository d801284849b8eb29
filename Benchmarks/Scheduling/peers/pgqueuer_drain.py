"""How fast workers of pgqueuer, batch 100, work off jobs that do nothing, all stored before they start.

usage: pgqueuer_drain.py URL JOBS PROCESSES
"""
import asyncio
import sys
import time

import asyncpg
import psycopg
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from scene import HERE, Scene, report


async def fill(url, jobs):
    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    for start in range(0, jobs, 1000):
        count = min(1000, jobs - start)
        await queries.enqueue(["work"] * count, [b"0"] * count, [0] * count)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def main(url, jobs, processes):
    asyncio.run(fill(url, jobs))
    with Scene() as scene, psycopg.connect(url, autocommit=True) as connection:
        for _ in range(processes):
            scene.start(HERE / "pgqueuer_worker.py", url, 100)
        scene.go(processes)
        scene.await_notes(processes + jobs, 120)
        scene.until(lambda: not connection.execute("SELECT 1 FROM pgqueuer LIMIT 1").fetchone(), 30)
        settled = time.time()
        starts = sorted(float(at) for at, _ in scene.notes("start"))
    report(runs=len(starts), started_per_s=round(len(starts) / (starts[-1] - starts[0])),
           settled_per_s=round(len(starts) / (settled - starts[0])))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
