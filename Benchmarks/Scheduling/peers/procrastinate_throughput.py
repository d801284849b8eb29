"""How many fires a second procrastinate's periodic deferrer stores, N cron lines due each second. No worker runs them.

usage: procrastinate_throughput.py URL JOBS WARM SECONDS
"""
import asyncio
import sys
import time

import procrastinate
import psycopg

from scene import lateness, report

STORED = """
    SELECT extract(epoch FROM e.at)::float8 - (j.args ->> 'timestamp')::float8
    FROM procrastinate_events e JOIN procrastinate_jobs j ON j.id = e.job_id
    WHERE e.type = 'deferred' AND e.at >= to_timestamp(%s) AND e.at < to_timestamp(%s)
    """


async def main(url, jobs, warm, seconds):
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name="tick", queue="ticks")
    async def tick(timestamp):
        pass

    for index in range(jobs):
        app.periodic(cron="* * * * * *", periodic_id=f"job-{index}")(tick)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        deferrer = asyncio.create_task(app.run_worker_async(queues=["none of them"], install_signal_handlers=False))
        await asyncio.sleep(warm)
        begin = time.time()
        await asyncio.sleep(seconds)
        end = time.time()
        deferrer.cancel()
        await asyncio.wait([deferrer], timeout=10)
    with psycopg.connect(url) as connection:
        late = [late for late, in connection.execute(STORED, [begin, end])]
    found = lateness(late)
    report(asked_per_s=jobs, fires_per_s=round(len(late) / (end - begin), 1), late_p50_ms=found["p50_ms"],
           late_p99_ms=found["p99_ms"])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
