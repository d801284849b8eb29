"""How late procrastinate starts N cron lines of each second, deferred and run by one process.

Its tick is a whole second, so that they are all due together and cannot be spread over it.

usage: procrastinate_lateness.py URL JOBS WARM SECONDS
"""
import asyncio
import sys
import time

import procrastinate

from scene import lateness, report


async def main(url, jobs, warm, seconds):
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    starts = []

    @app.task(name="tick", queue="ticks")
    async def tick(timestamp):
        now = time.time()
        starts.append((now, now - timestamp))

    for index in range(jobs):
        app.periodic(cron="* * * * * *", periodic_id=f"job-{index}")(tick)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        worker = asyncio.create_task(
            app.run_worker_async(queues=["ticks"], concurrency=10, install_signal_handlers=False))
        await asyncio.sleep(warm)
        begin = time.time()
        await asyncio.sleep(seconds)
        late = [value for at, value in starts if begin <= at < begin + seconds]
        worker.cancel()
        await asyncio.wait([worker], timeout=10)
    report(fires_per_s=round(len(late) / seconds, 1), **lateness(late))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
