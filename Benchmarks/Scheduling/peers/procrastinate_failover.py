"""Two periodic deferrers of procrastinate, ten cron lines of each second; the one started first is killed -9. Counted are
stored jobs, by line and due second. No worker runs them.

usage: procrastinate_failover.py URL SECONDS
"""
import asyncio
import sys
import time

import procrastinate
import psycopg

from scene import Scene, await_go, report

JOBS = 10
STORED = """
    SELECT extract(epoch FROM e.at)::float8, j.args ->> 'name', (j.args ->> 'timestamp')::bigint
    FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
    """


def make(url):
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name="tick", queue="ticks")
    async def tick(timestamp, name):
        pass

    for index in range(JOBS):
        name = f"job-{index}"
        app.periodic(cron="* * * * * *", periodic_id=name, task_kwargs={"name": name})(tick)
    return app


async def defer(url):
    app = make(url)
    async with app.open_async():
        await_go()
        await app.run_worker_async(queues=["none of them"])


async def prepare(url):
    app = make(url)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


def main(url, seconds):
    asyncio.run(prepare(url))
    with Scene() as scene:
        first, _ = [scene.start(__file__, "defer", url) for _ in range(2)]
        scene.go(2)
        time.sleep(5)
        begin = int(time.time()) + 1
        time.sleep(begin + seconds - time.time())
        first.kill()
        killed = time.time()
        time.sleep(seconds + 2)
    with psycopg.connect(url) as connection:
        stored = connection.execute(STORED).fetchall()
    before, after = [
        [(name, due) for _, name, due in stored if start <= due < start + seconds] for start in [begin, begin + seconds]]
    next_at = min((at for at, _, _ in stored if at > killed), default=None)
    if next_at is None:
        sys.exit(f"nothing was stored in {seconds} s after the kill")
    report(kills=1, lost=JOBS * seconds - len(set(after)), doubled=len(after) - len(set(after)),
           silent_s=round(next_at - killed, 2), lost_in_as_long_before=JOBS * seconds - len(set(before)))


if __name__ == "__main__":
    if sys.argv[1] == "defer":
        asyncio.run(defer(sys.argv[2]))
    else:
        main(sys.argv[1], int(sys.argv[2]))
