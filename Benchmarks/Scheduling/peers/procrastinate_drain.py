"""How fast workers of procrastinate, concurrency 10, work off jobs that do nothing, all stored before they start.

usage: procrastinate_drain.py URL JOBS PROCESSES
"""
import asyncio
import sys
import time

import procrastinate
import psycopg

from scene import Scene, await_go, note, report


def make(url):
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name="work", queue="work")
    async def work():
        note("start", time.time())

    return app, work


async def serve(url):
    app, _ = make(url)
    async with app.open_async():
        await_go()
        await app.run_worker_async(queues=["work"], concurrency=10)


async def fill(url, jobs):
    app, work = make(url)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await work.batch_defer_async(*({} for _ in range(jobs)))


def main(url, jobs, processes):
    asyncio.run(fill(url, jobs))
    with Scene() as scene, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        for _ in range(processes):
            scene.start(__file__, "serve", url)
        scene.go(processes)
        scene.await_notes(processes + jobs, 120)
        open_jobs = "SELECT 1 FROM procrastinate_jobs WHERE status IN ('todo', 'doing') LIMIT 1"
        scene.until(lambda: not connection.execute(open_jobs).fetchone(), 30)
        settled = time.time()
        starts = sorted(float(at) for at, in scene.notes("start"))
    report(runs=len(starts), started_per_s=round(len(starts) / (starts[-1] - starts[0])),
           settled_per_s=round(len(starts) / (settled - starts[0])))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(sys.argv[2]))
    else:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
